// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// What travels with ``SCTPPayloadProtocol/dataChannelControl``, RFC 8832 §5.
package enum DataChannelControl: Hashable, Sendable {
    case open(DataChannelOpen)
    /// The channel is open at the other end too, §5.2.
    case acknowledgement

    /// Reads a message.
    ///
    /// - Throws: ``WireError/truncated`` when it ends early, ``WireError/unsupported`` when the type of message or
    ///   channel is unknown, ``WireError/malformed`` when lengths disagree or a name is not UTF-8.
    package init(parsing bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= 1 else { throw .truncated }
        switch bytes[0] {
        case 2: self = .acknowledgement
        case 3: self = .open(try DataChannelOpen(reading: bytes))
        default: throw .unsupported
        }
    }

    /// The message as it travels.
    package var bytes: [UInt8] {
        switch self {
        case .open(let open): open.bytes
        case .acknowledgement: [2]
        }
    }
}

/// Opens a channel on the stream that it travels on, RFC 8832 §5.1.
package struct DataChannelOpen: Hashable, Sendable {
    /// Bytes before the names.
    package static let fixedLength = 12
    /// Bytes of either name at most, as its length field says.
    package static let maximumNameLength = 65_535

    /// Whether messages may overtake each other.
    package var isUnordered: Bool
    package var reliability: SCTPReliability
    /// What RFC 8831 §6.4 suggests; 256 is normal.
    package var priority: UInt16
    package var label: String
    /// A subprotocol, empty where there is none.
    package var `protocol`: String

    /// An OPEN, whose names are cut to ``maximumNameLength`` bytes as it is written.
    package init(
        label: String,
        protocol: String = "",
        isUnordered: Bool = false,
        reliability: SCTPReliability = .reliable,
        priority: UInt16 = 256
    ) {
        (self.label, self.protocol, self.priority) = (label, `protocol`, priority)
        (self.isUnordered, self.reliability) = (isUnordered, reliability)
    }

    /// Reads a message whose first byte has been found to say that it is one.
    fileprivate init(reading bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.fixedLength else { throw .truncated }
        isUnordered = bytes[1] & 0x80 != 0
        let parameter = bytes.uint32(at: 4)
        switch bytes[1] & 0x7F {
        case 0: reliability = .reliable
        case 1: reliability = .retransmissions(Int(parameter))
        case 2: reliability = .lifetime(.milliseconds(Int64(parameter)))
        default: throw .unsupported
        }
        priority = bytes.uint16(at: 2)
        let (labelLength, protocolLength) = (Int(bytes.uint16(at: 8)), Int(bytes.uint16(at: 10)))
        guard bytes.count >= Self.fixedLength + labelLength + protocolLength else { throw .truncated }
        guard bytes.count == Self.fixedLength + labelLength + protocolLength else { throw .malformed }
        let split = Self.fixedLength + labelLength
        guard
            let label = String(validating: bytes.extracting(Self.fixedLength..<split).copied(), as: UTF8.self),
            let name = String(validating: bytes.extracting(split..<bytes.count).copied(), as: UTF8.self)
        else { throw .malformed }
        (self.label, self.protocol) = (label, name)
    }

    /// The message as it travels.
    package var bytes: [UInt8] {
        let (label, name) = (Self.cut(label), Self.cut(`protocol`))
        var writer = ByteWriter(reservingCapacity: Self.fixedLength + label.count + name.count)
        writer.write(3 as UInt8)
        let parameter: UInt32
        switch reliability {
        case .reliable:
            writer.write(isUnordered ? 0x80 : 0 as UInt8)
            parameter = 0
        case .retransmissions(let count):
            writer.write(isUnordered ? 0x81 : 0x01 as UInt8)
            parameter = UInt32(clamping: count)
        case .lifetime(let duration):
            writer.write(isUnordered ? 0x82 : 0x02 as UInt8)
            parameter = UInt32(clamping: duration.wholeNanoseconds / 1_000_000)
        }
        writer.write(priority)
        writer.write(parameter)
        writer.write(UInt16(label.count))
        writer.write(UInt16(name.count))
        writer.write(label)
        writer.write(name)
        return writer.bytes
    }

    /// The name in as many whole characters as its length field can count.
    private static func cut(_ name: String) -> [UInt8] {
        var utf8 = Array(name.utf8.prefix(maximumNameLength))
        guard utf8.count < name.utf8.count else { return utf8 }
        while !utf8.isEmpty, String(validating: utf8, as: UTF8.self) == nil { utf8.removeLast() }
        return utf8
    }
}
