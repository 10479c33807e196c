// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// A stream's message up to which nothing that is missing will come.
package struct SkippedStream: Hashable, BitwiseCopyable, Sendable {
    package var stream: UInt16
    /// Whether unordered messages are meant; only I-FORWARD-TSN tells of them.
    package var isUnordered: Bool
    /// The stream sequence number, in the lower half, or message identifier that is skipped to.
    package var messageIdentifier: UInt32

    package init(stream: UInt16, isUnordered: Bool = false, messageIdentifier: UInt32) {
        (self.stream, self.isUnordered, self.messageIdentifier) = (stream, isUnordered, messageIdentifier)
    }
}

/// A FORWARD-TSN or I-FORWARD-TSN, read in place, RFC 3758 §3.2 and RFC 8260 §2.3.1.
package struct ForwardTSNView: ~Escapable {
    /// Bytes of the chunk before its streams.
    package static let fixedLength = 8

    private let bytes: Span<UInt8>
    /// Whether it is I-FORWARD-TSN.
    package let isInterleaved: Bool
    package let cumulativeTSN: UInt32
    package let streamCount: Int

    /// - Throws: ``WireError/truncated`` when the fixed fields do not fit; an odd rest at the end is ignored.
    @_lifetime(copy chunk)
    package init(_ chunk: borrowing ChunkView) throws(WireError) {
        let bytes = chunk.bytes
        guard bytes.count >= Self.fixedLength else { throw .truncated }
        isInterleaved = chunk.type == .interleavedForwardTSN
        cumulativeTSN = bytes.uint32(at: 4)
        streamCount = (bytes.count - Self.fixedLength) / (isInterleaved ? 8 : 4)
        self.bytes = bytes
    }

    /// The stream at `index`, which is below ``streamCount``.
    package func stream(at index: Int) -> SkippedStream {
        let offset = Self.fixedLength + (isInterleaved ? 8 : 4) * index
        guard isInterleaved else {
            return SkippedStream(
                stream: bytes.uint16(at: offset),
                messageIdentifier: UInt32(bytes.uint16(at: offset + 2))
            )
        }
        return SkippedStream(
            stream: bytes.uint16(at: offset),
            isUnordered: bytes.uint16(at: offset + 2) & 1 != 0,
            messageIdentifier: bytes.uint32(at: offset + 4)
        )
    }
}
