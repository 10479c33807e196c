// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// What stands in front of a fragment's bytes, in DATA and I-DATA alike.
package struct DataChunkHeader: Hashable, BitwiseCopyable, Sendable {
    /// The transmission sequence number.
    package var tsn: UInt32
    package var stream: UInt16
    /// The stream sequence number of DATA, in the lower half, or the message identifier of I-DATA.
    package var messageIdentifier: UInt32
    /// What the message is; of I-DATA only the first fragment tells, others say 0.
    package var payloadProtocol: UInt32
    /// The fragment sequence number of I-DATA: 0 in the first; DATA has none and says 0.
    package var fragmentNumber: UInt32 = 0
    package var flags: DataChunkFlags

    package init(
        tsn: UInt32,
        stream: UInt16,
        messageIdentifier: UInt32,
        payloadProtocol: UInt32,
        fragmentNumber: UInt32 = 0,
        flags: DataChunkFlags
    ) {
        (self.tsn, self.stream, self.messageIdentifier) = (tsn, stream, messageIdentifier)
        (self.payloadProtocol, self.fragmentNumber, self.flags) = (payloadProtocol, fragmentNumber, flags)
    }

    /// Bytes of a DATA chunk before its payload, RFC 9260 §3.3.1.
    package static let length = 16
    /// Bytes of an I-DATA chunk before its payload, RFC 8260 §2.1.
    package static let interleavedLength = 20
}

/// The flags of DATA and I-DATA, RFC 9260 §3.3.1.
package struct DataChunkFlags: OptionSet, Hashable, BitwiseCopyable, Sendable {
    package let rawValue: UInt8

    @inlinable @inline(__always)
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The message's last fragment.
    package static let end = DataChunkFlags(rawValue: 1)
    /// The message's first fragment.
    package static let beginning = DataChunkFlags(rawValue: 2)
    package static let unordered = DataChunkFlags(rawValue: 4)
    /// Asks for a SACK at once.
    package static let immediate = DataChunkFlags(rawValue: 8)
}

/// A DATA or I-DATA chunk, read in place, RFC 9260 §3.3.1 and RFC 8260 §2.1.
package struct DataChunkView: ~Escapable {
    package let header: DataChunkHeader
    /// Whether it is I-DATA.
    package let isInterleaved: Bool
    /// The fragment; empty where the peer breaks the rule that it must not be.
    package let payload: Span<UInt8>

    /// - Throws: ``WireError/truncated`` when the fixed fields do not fit.
    @_lifetime(copy chunk)
    package init(_ chunk: borrowing ChunkView) throws(WireError) {
        let bytes = chunk.bytes
        let isInterleaved = chunk.type == .interleavedData
        let length = isInterleaved ? DataChunkHeader.interleavedLength : DataChunkHeader.length
        guard bytes.count >= length else { throw .truncated }
        let flags = DataChunkFlags(rawValue: bytes[1] & 0x0F)
        if isInterleaved {
            // The last field is the payload protocol in the first fragment, its number in all others.
            let (isFirst, last) = (flags.contains(.beginning), bytes.uint32(at: 16))
            header = DataChunkHeader(
                tsn: bytes.uint32(at: 4),
                stream: bytes.uint16(at: 8),
                messageIdentifier: bytes.uint32(at: 12),
                payloadProtocol: isFirst ? last : 0,
                fragmentNumber: isFirst ? 0 : last,
                flags: flags
            )
        } else {
            header = DataChunkHeader(
                tsn: bytes.uint32(at: 4),
                stream: bytes.uint16(at: 8),
                messageIdentifier: UInt32(bytes.uint16(at: 10)),
                payloadProtocol: bytes.uint32(at: 12),
                flags: flags
            )
        }
        self.isInterleaved = isInterleaved
        payload = bytes.extracting(length..<bytes.count)
    }
}
