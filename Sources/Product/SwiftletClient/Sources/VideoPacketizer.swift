// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Cuts frames of a file into RTP payloads.
package struct VideoPacketizer: Sendable {
    /// Payload bytes of a packet at most.
    package static let packetSize = 1150

    package let codec: VideoCodec
    private var pictureID: UInt16

    package init(_ codec: VideoCodec, using random: inout SeededRandom) {
        self.codec = codec
        pictureID = UInt16.random(in: 0...0x7FFF, using: &random)
    }

    /// Whether a decoder can begin with a frame; `false` where that cannot be read.
    package static func isKeyFrame(_ frame: Span<UInt8>, _ codec: VideoCodec) -> Bool {
        guard !frame.isEmpty else { return false }
        switch codec {
        // RFC 6386 §9.1.
        case .vp8: return frame[0] & 1 == 0
        // VP9 bitstream specification §6.2: frame_marker, profile, show_existing_frame, frame_type.
        case .vp9:
            guard frame[0] >> 6 == 2 else { return false }
            let isThird = frame[0] >> 4 & 3 == 3
            let bits = frame[0] >> (isThird ? 1 : 2)
            return bits & 3 == 0
        case .h264: return H264Stream.units(frame).contains { frame[$0.lowerBound] & 0x1F == 5 }
        case .av1: return AV1Units.units(frame).contains { $0.type == AV1Units.sequenceHeader }
        }
    }

    /// The packets of one frame, the last with the marker.
    package mutating func packets(of frame: Span<UInt8>) -> [SourcePacket] {
        pictureID = (pictureID + 1) & 0x7FFF
        var payloads: [[UInt8]]
        switch codec {
        case .vp8: payloads = cut(frame) { isFirst, _ in [isFirst ? 0x90 : 0x80, 0x80] }
        case .vp9:
            let inter: UInt8 = Self.isKeyFrame(frame, .vp9) ? 0 : 0x40
            // RFC 9628 §4.2: I, P, B and E; one layer, no structure.
            payloads = cut(frame) { isFirst, isLast in [0x80 | inter | (isFirst ? 8 : 0) | (isLast ? 4 : 0)] }
        case .h264: payloads = H264Stream.units(frame).flatMap { fragments(of: frame.extracting($0)) }
        case .av1: payloads = AV1Units.packets(of: frame, size: Self.packetSize)
        }
        guard !payloads.isEmpty else { return [] }
        let last = payloads.count - 1
        return payloads.enumerated().map { SourcePacket(payload: $1, marker: $0 == last) }
    }

    /// Equal pieces, each behind a descriptor that ends in the picture id.
    private func cut(_ frame: Span<UInt8>, _ descriptor: (Bool, Bool) -> [UInt8]) -> [[UInt8]] {
        guard !frame.isEmpty else { return [] }
        let count = (frame.count + Self.packetSize - 1) / Self.packetSize
        return (0..<count).map { index in
            let start = frame.count * index / count
            let end = frame.count * (index + 1) / count
            var writer = ByteWriter(reservingCapacity: end - start + 4)
            writer.write(descriptor(index == 0, index == count - 1))
            writer.write(pictureID | 0x8000)
            writer.write(frame.extracting(start..<end))
            return writer.bytes
        }
    }

    /// RFC 6184 §5.6 and §5.8: a unit alone, or in FU-A.
    private func fragments(of unit: Span<UInt8>) -> [[UInt8]] {
        guard unit.count > Self.packetSize else { return [unit.copied()] }
        let rest = unit.count - 1
        let count = (rest + Self.packetSize - 1) / Self.packetSize
        return (0..<count).map { index in
            let start = 1 + rest * index / count
            let end = 1 + rest * (index + 1) / count
            var writer = ByteWriter(reservingCapacity: end - start + 2)
            writer.write(unit[0] & 0xE0 | 28)
            writer.write((index == 0 ? 0x80 : 0) | (index == count - 1 ? 0x40 : 0) | unit[0] & 0x1F)
            writer.write(unit.extracting(start..<end))
            return writer.bytes
        }
    }
}

/// An H264 byte stream, H.264 annex B.
enum H264Stream {
    /// Where the units lie, without start codes.
    static func units(_ bytes: Span<UInt8>) -> [Range<Int>] {
        var units: [Range<Int>] = []
        var start: Int?
        var zeros = 0
        for index in 0..<bytes.count {
            if bytes[index] == 1, zeros >= 2 {
                if let start { append(start..<index - zeros, to: &units) }
                start = index + 1
            }
            zeros = bytes[index] == 0 ? zeros + 1 : 0
        }
        if let start { append(start..<bytes.count - zeros, to: &units) }
        return units
    }

    private static func append(_ unit: Range<Int>, to units: inout [Range<Int>]) {
        if !unit.isEmpty { units.append(unit) }
    }

    /// Where the access units lie, start codes included.
    static func accessUnits(_ bytes: Span<UInt8>) -> [Range<Int>] {
        var pictures: [Range<Int>] = []
        var start: Int?
        var hasSlice = false
        var end = 0
        for unit in units(bytes) {
            let type = bytes[unit.lowerBound] & 0x1F
            let isSlice = type == 1 || type == 5
            // H.264 §7.4.1.2.3: what may stand before a picture's first slice begins a new one after a slice.
            let begins = isSlice ? unit.count > 1 && bytes[unit.lowerBound + 1] & 0x80 != 0 : (6...9).contains(type)
            if hasSlice, begins, let first = start {
                pictures.append(first..<end)
                (start, hasSlice) = (nil, false)
            }
            if start == nil { start = max(0, unit.lowerBound - 3) }
            if isSlice { hasSlice = true }
            end = unit.upperBound
        }
        if hasSlice, let start { pictures.append(start..<end) }
        return pictures
    }
}

/// The units of an AV1 temporal unit, AV1 bitstream specification §5.3.
enum AV1Units {
    static let sequenceHeader: UInt8 = 1
    private static let temporalDelimiter: UInt8 = 2
    private static let tileList: UInt8 = 8
    private static let padding: UInt8 = 15

    struct Unit {
        var type: UInt8
        var header: [UInt8]
        var payload: Range<Int>
    }

    /// The units, their headers without the size flag.
    static func units(_ bytes: Span<UInt8>) -> [Unit] {
        var units: [Unit] = []
        var offset = 0
        while offset < bytes.count {
            let head = bytes[offset]
            var header = [head & ~2]
            offset += 1
            if head & 4 != 0 {
                guard offset < bytes.count else { return units }
                header.append(bytes[offset])
                offset += 1
            }
            var size = bytes.count - offset
            if head & 2 != 0 {
                guard let (value, length) = readLEB128(bytes, at: offset), value <= bytes.count - offset - length else {
                    return units
                }
                size = value
                offset += length
            }
            units.append(Unit(type: head >> 3 & 15, header: header, payload: offset..<offset + size))
            offset += size
        }
        return units
    }

    /// RTP payloads, AV1 RTP specification §4.4: every element with its length, cut where a packet is full.
    static func packets(of bytes: Span<UInt8>, size: Int) -> [[UInt8]] {
        let kept = units(bytes).filter { ![temporalDelimiter, tileList, padding].contains($0.type) }
        var packets: [[UInt8]] = []
        var packet: [UInt8] = [0]
        for unit in kept {
            var element = unit.header
            for index in unit.payload { element.append(bytes[index]) }
            var start = 0
            while start < element.count {
                // Two bytes hold any length that fits.
                let room = size - packet.count - 2
                guard room > 16 || packet.count == 1 else {
                    packets.append(packet)
                    packet = [start > 0 ? 0x80 : 0]
                    continue
                }
                let end = min(element.count, start + room)
                packet += leb128(end - start)
                packet += element[start..<end]
                start = end
                guard start < element.count else { continue }
                packet[0] |= 0x40
                packets.append(packet)
                packet = [0x80]
            }
        }
        if packet.count > 1 { packets.append(packet) }
        if !packets.isEmpty, kept.contains(where: { $0.type == sequenceHeader }) { packets[0][0] |= 8 }
        return packets
    }

    private static func leb128(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80, UInt8(value >> 7 & 0x7F)]
    }

    private static func readLEB128(_ bytes: Span<UInt8>, at offset: Int) -> (value: Int, length: Int)? {
        var value = 0
        for index in 0..<8 {
            guard offset + index < bytes.count else { return nil }
            value |= Int(bytes[offset + index] & 0x7F) << (7 * index)
            if bytes[offset + index] & 0x80 == 0 { return (value, index + 1) }
        }
        return nil
    }
}
