// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// The truth about a packet, written into its payload by the source and read there by the checker.
///
/// It stands behind whatever the codec puts first, so it survives every rewriting of descriptors and headers.
package struct FrameTag: BitwiseCopyable, Equatable, Sendable {
    /// Bytes of a tag.
    package static let length = 36
    /// The most frames that one frame refers to.
    package static let maximumReferences = 6
    private static let magic: UInt8 = 0x5A

    /// Which stream of the sender it is: the encoding, and how often it began anew.
    package var source: UInt8 = 0
    /// Whether the picture depends on none before it.
    package var isKey = false
    package var spatial: UInt8 = 0
    package var temporal: UInt8 = 0
    /// Which packet of its frame, and of how many.
    package var index: UInt8 = 0
    package var count: UInt8 = 1
    /// The frame's number in its stream, one for each spatial layer of a picture.
    package var frame: UInt32 = 0
    /// The picture's number in its stream.
    package var picture: UInt32 = 0
    /// When the picture was taken, in nanoseconds of virtual time.
    package var capture: Int64 = 0
    /// How far back each frame is that this one refers to; 0 for none.
    package var references: SIMD8<UInt16> = .zero

    /// Whether a decoder can begin with the frame.
    package var beginsAnew: Bool { isKey && references == .zero }

    package init() {}

    /// Reads the tag at `offset`, or gives `nil` where none is.
    package init?(_ bytes: Span<UInt8>, at offset: Int) {
        guard offset >= 0, bytes.count - offset >= Self.length, bytes[offset] == Self.magic else { return nil }
        source = bytes[offset + 1]
        isKey = bytes[offset + 2] != 0
        (spatial, temporal) = (bytes[offset + 3] >> 4, bytes[offset + 3] & 0x0F)
        (index, count) = (bytes[offset + 4], bytes[offset + 5])
        frame = bytes.uint32(at: offset + 8)
        picture = bytes.uint32(at: offset + 12)
        capture = Int64(bitPattern: bytes.uint64(at: offset + 16))
        for place in 0..<Self.maximumReferences { references[place] = bytes.uint16(at: offset + 24 + 2 * place) }
    }

    /// Appends the tag to a payload.
    package func write(to writer: inout ByteWriter) {
        writer.write(Self.magic)
        writer.write(source)
        writer.write(UInt8(isKey ? 1 : 0))
        writer.write(spatial << 4 | temporal)
        writer.write(index)
        writer.write(count)
        writer.write(UInt16(0))
        writer.write(frame)
        writer.write(picture)
        writer.write(UInt64(bitPattern: capture))
        for place in 0..<Self.maximumReferences { writer.write(references[place]) }
    }
}
