// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A request that a worker refused.
package struct ControlError: Error, Hashable, Sendable {
    /// The kind of refusal, for programs to branch on.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// An argument contradicts itself, another object or the state.
        case invalidArgument
        /// No object has the id.
        case notFound
        /// The id, SSRC, MID or RID is in use.
        case alreadyExists
        /// The object is in a state that does not allow it, such as a second connect.
        case invalidState
        /// The worker cannot do it: codec, protocol or option unknown to it.
        case unsupported
        /// A socket could not be bound or set up; the message carries the system's words.
        case socket
        /// A table or limit is full.
        case limitReached
        /// What waits to be sent fills the buffer of a data consumer, or of its transport.
        case sendBufferFull
        /// The worker met a bug of its own.
        case `internal`
    }

    package var code: Code
    /// Which argument and why, for people.
    package var message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }
}
