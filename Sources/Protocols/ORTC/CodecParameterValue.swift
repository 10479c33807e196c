// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A codec parameter's value as it stands in SDP or JSON: text or a whole number.
///
/// Clients differ in which of the two they send for the same parameter ("0" or 0, and even 640032 for the hexadecimal
/// "640032"), so compare through ``integer`` or ``text``, not with `==`.
public enum CodecParameterValue: Hashable, Sendable {
    case string(String)
    case integer(Int)

    /// The value as a whole number, also when it is written as text.
    public var integer: Int? {
        switch self {
        case .string(let text): Int(text)
        case .integer(let number): number
        }
    }

    /// The value as text.
    public var text: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        }
    }
}

extension CodecParameterValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// Makes a text value.
    public init(stringLiteral value: String) { self = .string(value) }
    /// Makes a number.
    public init(integerLiteral value: Int) { self = .integer(value) }
}

extension CodecParameterValue: Codable {
    /// Reads text or a number; a flag becomes 1 or 0, null empty text, a fraction its text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .string("")
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let number = try? container.decode(Int.self) {
            self = .integer(number)
        } else if let flag = try? container.decode(Bool.self) {
            self = .integer(flag ? 1 : 0)
        } else if let number = try? container.decode(Double.self) {
            self = Int(exactly: number).map { .integer($0) } ?? .string(String(number))
        } else {
            throw ORTCError.invalid("invalid codec parameter")
        }
    }

    /// Writes the text or the number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        }
    }
}
