// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC

/// An operation that was refused or could not be finished.
public struct SwiftletError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, for programs to branch on.
    @nonexhaustive public enum Code: String, Hashable, Sendable {
        /// The object, or one it lives in, is already closed.
        case closed
        /// An argument contradicts itself, another argument or the router's capabilities.
        case invalidArgument
        /// The object is in a state that does not allow it, such as a second connect.
        case invalidState
        /// No object has the id.
        case notFound
        /// The id, SSRC, MID or RID is in use.
        case alreadyExists
        /// A codec, protocol or option that is not known here, or an operation that this kind of object does not have.
        case unsupported
        /// A socket could not be bound or set up.
        case socket
        /// A table or limit is full.
        case limitReached
        /// Too much waits to be sent already; the message was dropped, and may be sent again when less waits.
        case sendBufferFull
        /// The worker could not be started.
        case workerStart
        /// The worker ended; everything in it is gone.
        case workerLost
        /// A bug on our side.
        case `internal`
    }

    /// What to branch on.
    public let code: Code
    /// Which argument and why, for people; may change in any release.
    public let message: String

    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    init(_ refusal: ControlError) {
        let code: Code =
            switch refusal.code {
            case .invalidArgument: .invalidArgument
            case .notFound: .notFound
            case .alreadyExists: .alreadyExists
            case .invalidState: .invalidState
            case .unsupported: .unsupported
            case .socket: .socket
            case .limitReached: .limitReached
            case .sendBufferFull: .sendBufferFull
            case .internal: .internal
            }
        self.init(code, refusal.message)
    }

    init(_ refusal: ORTCError) {
        let code: Code =
            switch refusal.code {
            case .invalidArgument: .invalidArgument
            case .unsupported: .unsupported
            case .invalidState: .invalidState
            }
        self.init(code, refusal.message)
    }
}
