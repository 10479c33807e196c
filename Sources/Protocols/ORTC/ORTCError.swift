// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Parameters or capabilities that were refused.
public struct ORTCError: Error, Hashable, Sendable {
    /// The kind of refusal, for programs to branch on.
    @nonexhaustive public enum Code: String, Codable, Sendable {
        /// A field is missing, of the wrong type, out of range, or contradicts another.
        case invalidArgument
        /// The parameters are well formed, but ask for what the other side cannot do.
        case unsupported
        /// The call does not fit the object's state.
        case invalidState
    }

    /// What to branch on.
    public let code: Code
    /// Which field was refused and why, for people; may change in any release.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    static func invalid(_ message: String) -> ORTCError { ORTCError(.invalidArgument, message) }
    static func unsupported(_ message: String) -> ORTCError { ORTCError(.unsupported, message) }
}

extension ORTCError: CustomStringConvertible {
    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}
