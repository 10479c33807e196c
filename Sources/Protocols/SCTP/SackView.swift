// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// TSNs that arrived beyond the cumulative one: offsets from it, both ends included, RFC 9260 §3.3.4.
package struct GapBlock: Hashable, BitwiseCopyable, Sendable {
    package var start: UInt16
    package var end: UInt16

    package init(start: UInt16, end: UInt16) { (self.start, self.end) = (start, end) }
}

/// A SACK, read in place, RFC 9260 §3.3.4.
package struct SackView: ~Escapable {
    /// Bytes of the chunk before gap blocks and duplicates.
    package static let fixedLength = 16

    private let bytes: Span<UInt8>
    package let cumulativeTSN: UInt32
    package let advertisedWindow: UInt32
    package let gapBlockCount: Int
    package let duplicateCount: Int

    /// Reads the chunk and holds its gap blocks to the rules: none empty, each behind the one before.
    ///
    /// - Throws: ``WireError/truncated`` when counts and length disagree, ``WireError/malformed`` when a block breaks
    ///   a rule.
    @_lifetime(copy chunk)
    package init(_ chunk: borrowing ChunkView) throws(WireError) {
        let bytes = chunk.bytes
        guard bytes.count >= Self.fixedLength else { throw .truncated }
        cumulativeTSN = bytes.uint32(at: 4)
        advertisedWindow = bytes.uint32(at: 8)
        gapBlockCount = Int(bytes.uint16(at: 12))
        duplicateCount = Int(bytes.uint16(at: 14))
        guard bytes.count >= Self.fixedLength + 4 * (gapBlockCount + duplicateCount) else { throw .truncated }
        self.bytes = bytes
        var last: UInt16 = 0
        for index in 0..<gapBlockCount {
            let block = gapBlock(at: index)
            guard block.start > last, block.end >= block.start else { throw .malformed }
            last = block.end
        }
    }

    /// The block at `index`, which is below ``gapBlockCount``.
    package func gapBlock(at index: Int) -> GapBlock {
        let offset = Self.fixedLength + 4 * index
        return GapBlock(start: bytes.uint16(at: offset), end: bytes.uint16(at: offset + 2))
    }

    /// The TSN received twice at `index`, which is below ``duplicateCount``.
    package func duplicate(at index: Int) -> UInt32 {
        bytes.uint32(at: Self.fixedLength + 4 * (gapBlockCount + index))
    }
}
