// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Frames that lie in memory, sent over and over; a key frame that is asked for is the last one before.
struct FrameLoop: Sendable {
    struct Frame: Sendable {
        var range: Range<Int>
        var duration: Duration
        var isKeyFrame: Bool
    }

    let bytes: [UInt8]
    let frames: [Frame]
    private var packetizer: VideoPacketizer
    private var next = 0

    init(bytes: [UInt8], frames: [Frame], packetizer: VideoPacketizer) {
        (self.bytes, self.frames, self.packetizer) = (bytes, frames, packetizer)
    }

    mutating func next(wantsKeyFrame: Bool) -> SourceFrame? {
        guard !frames.isEmpty else { return nil }
        if wantsKeyFrame, !frames[next].isKeyFrame { next = frames[..<next].lastIndex(where: \.isKeyFrame) ?? 0 }
        let (frame, bytes) = (frames[next], bytes)
        next = (next + 1) % frames.count
        return SourceFrame(
            packets: packetizer.packets(of: bytes.span.extracting(frame.range)),
            isKeyFrame: frame.isKeyFrame,
            duration: frame.duration
        )
    }
}

/// The frames of an IVF file.
package struct IVFSource: PacketSource {
    private static let headerLength = 32
    private static let frameHeaderLength = 12

    package let codec: VideoCodec
    private var loop: FrameLoop

    /// - Throws: ``SwiftletClientError/Code/invalidSource`` for what is none, or has another codec or no frame.
    package init(_ bytes: [UInt8], using random: inout SeededRandom) throws(SwiftletClientError) {
        let span = bytes.span
        guard bytes.count >= Self.headerLength, Array(bytes[0..<4]) == Array("DKIF".utf8) else {
            throw SwiftletClientError(.invalidSource, "no IVF file")
        }
        let fourCC = String(decoding: bytes[8..<12], as: UTF8.self)
        guard let codec = ["VP80": VideoCodec.vp8, "VP90": .vp9, "AV01": .av1][fourCC] else {
            throw SwiftletClientError(
                .invalidSource,
                "an IVF file with \(fourCC), which is none of VP80, VP90 and AV01"
            )
        }
        let (rate, scale) = (span.littleEndian(at: 16, count: 4), span.littleEndian(at: 20, count: 4))
        let header = Int(span.littleEndian(at: 6, count: 2))
        var offset = max(header, Self.headerLength)
        var found: [(time: UInt64, range: Range<Int>)] = []
        while offset + Self.frameHeaderLength <= bytes.count {
            let size = Int(span.littleEndian(at: offset, count: 4))
            let time = span.littleEndian(at: offset + 4, count: 8)
            offset += Self.frameHeaderLength
            guard size <= bytes.count - offset else { break }
            if size > 0 { found.append((time, offset..<offset + size)) }
            offset += size
        }
        guard !found.isEmpty, rate > 0 else { throw SwiftletClientError(.invalidSource, "an IVF file without frames") }
        let tick = Double(max(scale, 1)) / Double(rate)
        let frames = found.indices.map { index in
            let step = index + 1 < found.count ? found[index + 1].time &- found[index].time : 1
            // What leaps or goes back is sent at a rate of its own.
            let seconds = step > 0 && step < 1 << 32 ? min(Double(step) * tick, 10) : 1.0 / 30
            return FrameLoop.Frame(
                range: found[index].range,
                duration: .seconds(seconds),
                isKeyFrame: VideoPacketizer.isKeyFrame(span.extracting(found[index].range), codec)
            )
        }
        self.codec = codec
        loop = FrameLoop(bytes: bytes, frames: frames, packetizer: VideoPacketizer(codec, using: &random))
    }

    package mutating func next(capture: Int64, wantsKeyFrame: Bool) -> SourceFrame? {
        loop.next(wantsKeyFrame: wantsKeyFrame)
    }
}

/// The access units of an H264 byte stream.
package struct AnnexBSource: PacketSource {
    private var loop: FrameLoop

    /// - Throws: ``SwiftletClientError/Code/invalidSource`` for what has no picture.
    package init(_ bytes: [UInt8], frameRate: Double) throws(SwiftletClientError) {
        let span = bytes.span
        let frames = H264Stream.accessUnits(span).map { range in
            FrameLoop.Frame(
                range: range,
                duration: .nanoseconds(Int64(1e9 / frameRate)),
                isKeyFrame: VideoPacketizer.isKeyFrame(span.extracting(range), .h264)
            )
        }
        guard !frames.isEmpty else { throw SwiftletClientError(.invalidSource, "no H264 byte stream") }
        var random = SeededRandom(seed: 0)
        loop = FrameLoop(bytes: bytes, frames: frames, packetizer: VideoPacketizer(.h264, using: &random))
    }

    package mutating func next(capture: Int64, wantsKeyFrame: Bool) -> SourceFrame? {
        loop.next(wantsKeyFrame: wantsKeyFrame)
    }
}

/// The packets of an Ogg Opus file, RFC 7845.
package struct OggOpusSource: PacketSource {
    /// Bytes of a packet at most; longer ones are left out.
    private static let packetLimit = 1275

    private let packets: [[UInt8]]
    private var next = 0

    /// - Throws: ``SwiftletClientError/Code/invalidSource`` for what is none or has no packet.
    package init(_ bytes: [UInt8]) throws(SwiftletClientError) {
        var packets: [[UInt8]] = []
        var partial: [UInt8] = []
        var offset = 0
        // RFC 3533 §6: pages of segments, of which one shorter than 255 bytes ends a packet.
        while offset + 27 <= bytes.count, Array(bytes[offset..<offset + 4]) == Array("OggS".utf8) {
            let count = Int(bytes[offset + 26])
            var body = offset + 27 + count
            guard body <= bytes.count else { break }
            if bytes[offset + 5] & 1 == 0 { partial = [] }
            for segment in 0..<count {
                let length = Int(bytes[offset + 27 + segment])
                guard body + length <= bytes.count else { break }
                partial += bytes[body..<body + length]
                body += length
                guard length < 255 else { continue }
                packets.append(partial)
                partial = []
            }
            offset = body
        }
        guard packets.count > 2, packets[0].starts(with: Array("OpusHead".utf8)) else {
            throw SwiftletClientError(.invalidSource, "no Ogg Opus file, or one without packets")
        }
        // Behind the two headers.
        self.packets = packets.dropFirst(2).filter { !$0.isEmpty && $0.count <= Self.packetLimit }
        if self.packets.isEmpty { throw SwiftletClientError(.invalidSource, "an Ogg Opus file without packets") }
    }

    package mutating func next(capture: Int64, wantsKeyFrame: Bool) -> SourceFrame? {
        let packet = packets[next]
        next = (next + 1) % packets.count
        return SourceFrame(
            packets: [SourcePacket(payload: packet, marker: false)],
            duration: .microseconds(Self.microseconds(packet))
        )
    }

    /// How long a packet sounds, RFC 6716 §3.1 and §3.2.
    static func microseconds(_ packet: [UInt8]) -> Int64 {
        guard let head = packet.first else { return 20_000 }
        let configuration = Int(head >> 3)
        let frame: Int64 =
            switch configuration {
            case ..<12: [10_000, 20_000, 40_000, 60_000][configuration & 3]
            case ..<16: [10_000, 20_000][configuration & 1]
            default: [2_500, 5_000, 10_000, 20_000][configuration & 3]
            }
        let count: Int64 =
            switch head & 3 {
            case 0: 1
            case 1, 2: 2
            default: packet.count > 1 ? Int64(packet[1] & 0x3F) : 1
            }
        // No packet is longer than 120 ms.
        return min(max(frame * count, 2_500), 120_000)
    }
}

extension Span<UInt8> {
    /// A little-endian number of up to eight bytes, which the caller has seen to be there.
    fileprivate func littleEndian(at offset: Int, count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(self[offset + index]) << UInt64(8 * index) }
        return value
    }
}
