// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A message of a data channel.
public enum DataMessage: Hashable, Sendable {
    /// Text, as UTF-8 on the wire.
    case string(String)
    /// Any bytes.
    case binary([UInt8])

    /// The longest message that any transport can be set to carry, in bytes: 16 MiB.
    public static let maximumSize = 16 << 20

    /// Whether there is nothing in it.
    public var isEmpty: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .binary(let bytes): bytes.isEmpty
        }
    }

    /// How long it is, in bytes.
    public var count: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }

    /// The message in bytes, whichever kind it is of.
    public var bytes: [UInt8] {
        switch self {
        case .string(let text): Array(text.utf8)
        case .binary(let bytes): bytes
        }
    }
}

extension DataMessage: ExpressibleByStringLiteral {
    /// A message of text.
    public init(stringLiteral value: String) { self = .string(value) }
}

extension DataMessage {
    /// The payload protocol identifiers of WebRTC, RFC 8831 §8.
    private enum PayloadProtocol {
        static let string: UInt32 = 51
        static let binary: UInt32 = 53
        /// Part of a text, of deprecated senders.
        static let partialString: UInt32 = 54
        static let emptyString: UInt32 = 56
        static let emptyBinary: UInt32 = 57
    }

    /// The payload protocol identifier, which says of a message what kind it is of.
    package var ppid: UInt32 {
        switch self {
        case .string(let text): text.isEmpty ? PayloadProtocol.emptyString : PayloadProtocol.string
        case .binary(let bytes): bytes.isEmpty ? PayloadProtocol.emptyBinary : PayloadProtocol.binary
        }
    }

    /// The message that a payload and its identifier stand for; bytes of an unknown identifier are binary.
    ///
    /// What SCTP carries for an empty message, one byte of zero (RFC 8831 §6.6), is the worker's matter.
    package init(ppid: UInt32, payload: [UInt8]) {
        self =
            switch ppid {
            case PayloadProtocol.emptyString: .string("")
            case PayloadProtocol.emptyBinary: .binary([])
            case PayloadProtocol.string, PayloadProtocol.partialString:
                .string(String(decoding: payload, as: UTF8.self))
            default: .binary(payload)
            }
    }

    /// Refuses what is longer than a transport takes.
    func check(atMost limit: Int, _ name: String) throws(SwiftletError) {
        guard count > limit else { return }
        throw SwiftletError(
            .invalidArgument,
            "message has \(count) bytes, more than the transport's \(name) of \(limit)"
        )
    }
}
