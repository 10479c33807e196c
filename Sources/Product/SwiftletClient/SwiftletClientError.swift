// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Why something a client was asked for did not happen, or why it ended.
public struct SwiftletClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, for programs to branch on.
    @nonexhaustive public enum Code: String, Hashable, Sendable {
        /// The URL is none of a server.
        case invalidURL
        /// There is no connection to be had.
        case unreachable
        /// The server answered over HTTP that the client is not welcome; the message has the status.
        case refused
        /// The server refused a request.
        case rejected
        /// No answer in time.
        case timeout
        /// The room does not carry the codec.
        case unsupported
        /// The file cannot be read, or is not what it should be.
        case invalidSource
        /// The client has left.
        case closed
        /// The signalling connection ended.
        case connectionLost
        /// The media connection broke and did not come back.
        case mediaLost
        /// A newer connection of the same peer took over, or the server ended this one for good.
        case ended
        /// The room's media worker is gone; come back.
        case roomLost
        /// Too much waits to be sent by data channels.
        case bufferFull
        /// The server takes no message of that length.
        case messageTooLong
        /// The machine has no sockets or threads left.
        case resources
    }

    /// What to branch on.
    public let code: Code
    /// What happened, for people; may change in any release.
    public let message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}
