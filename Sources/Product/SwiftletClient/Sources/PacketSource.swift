// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
package import SwiftletSyntheticMedia
package import SwiftletWire

/// One packet of a source, to be given a header by its stream.
package struct SourcePacket: Sendable {
    package var payload: [UInt8]
    package var marker: Bool
    /// The dependency descriptor, empty for none.
    package var descriptor: [UInt8]

    package init(payload: [UInt8], marker: Bool, descriptor: [UInt8] = []) {
        (self.payload, self.marker, self.descriptor) = (payload, marker, descriptor)
    }
}

/// What a source sends at one moment.
package struct SourceFrame: Sendable {
    package var packets: [SourcePacket]
    package var isKeyFrame = false
    /// Until the next frame.
    package var duration: Duration
    /// The media time since the source began, in ticks, where the source knows it better than the clock.
    package var timestamp: UInt32?

    package init(
        packets: [SourcePacket],
        isKeyFrame: Bool = false,
        duration: Duration,
        timestamp: UInt32? = nil
    ) {
        (self.packets, self.isKeyFrame, self.duration) = (packets, isKeyFrame, duration)
        self.timestamp = timestamp
    }
}

/// Where one RTP stream gets its packets from.
package protocol PacketSource: Sendable {
    /// The next frame.
    ///
    /// - Parameters:
    ///   - capture: Wall time in nanoseconds since 1970 at which the frame counts as taken.
    ///   - wantsKeyFrame: Whether somebody needs a key frame; a source that cannot make one goes on.
    /// - Returns: `nil` when there is nothing more.
    mutating func next(capture: Int64, wantsKeyFrame: Bool) -> SourceFrame?

    /// Makes only the lowest `count` spatial layers, where the source makes any.
    mutating func setActiveSpatialLayers(_ count: Int)
}

extension PacketSource {
    package mutating func setActiveSpatialLayers(_ count: Int) {}
}

/// Synthetic video of one stream.
package struct SyntheticVideoSource: PacketSource {
    /// Payload bytes that a packet has at most.
    package static let packetSize = 1100

    private var video: SyntheticVideo
    private let interval: Duration
    private let keyFrameInterval: Int
    private var sinceKeyFrame = 0

    /// - Parameters:
    ///   - codec: Its codec.
    ///   - structure: Its layers.
    ///   - source: Which encoding it is, for the tags.
    ///   - bitrates: Payload bits per second by spatial layer.
    ///   - frameRate: Pictures per second.
    ///   - keyFrameInterval: Key frames come at least so often.
    ///   - hasDescriptor: Whether to bring dependency descriptors.
    ///   - random: Where first numbers come from.
    package init(
        _ codec: SyntheticCodec,
        _ structure: LayerStructure,
        source: UInt8,
        bitrates: [Int],
        frameRate: Double,
        keyFrameInterval: Duration,
        hasDescriptor: Bool,
        using random: inout SeededRandom
    ) {
        // Of each packet the tag and the longest descriptor are not filling.
        let least = FrameTag.length + 12
        let sizes = bitrates.map { max(Int(Double($0) / 8 / frameRate), least + 1) }
        let packets = sizes.map { min(($0 + Self.packetSize - 1) / Self.packetSize, 250) }
        var configuration = SyntheticVideo.Configuration(
            codec,
            structure,
            packets: packets,
            hasDescriptor: hasDescriptor,
            source: source
        )
        configuration.filling = zip(sizes, packets).map { max(1, min($0 / $1, Self.packetSize) - least) }
        video = SyntheticVideo(configuration, using: &random)
        interval = .nanoseconds(Int64(1e9 / frameRate))
        self.keyFrameInterval = max(1, Int(keyFrameInterval.inSeconds * frameRate))
    }

    package mutating func next(capture: Int64, wantsKeyFrame: Bool) -> SourceFrame? {
        sinceKeyFrame += 1
        let wantsKeyFrame = wantsKeyFrame || sinceKeyFrame >= keyFrameInterval
        let packets = video.picture(capture: Instant(nanoseconds: capture), key: wantsKeyFrame)
        let isKeyFrame = packets.first?.tag.isKey ?? false
        if isKeyFrame { sinceKeyFrame = 0 }
        return SourceFrame(
            packets: packets.map { SourcePacket(payload: $0.payload, marker: $0.marker, descriptor: $0.descriptor) },
            isKeyFrame: isKeyFrame,
            duration: interval
        )
    }

    package mutating func setActiveSpatialLayers(_ count: Int) { video.setActiveSpatialLayers(count) }
}

/// Synthetic sound: Opus packets of 20 ms with nothing but a tag in them.
package struct SyntheticAudioSource: PacketSource {
    /// Between two packets.
    package static let interval = Duration.milliseconds(20)
    /// Where the tag lies: behind the table-of-contents byte, RFC 6716 §3.1.
    package static let tagOffset = 1

    private let filling: Int
    private var number: UInt32 = 0

    /// - Parameter bitrate: Payload bits per second.
    package init(bitrate: Int) { filling = max(0, bitrate / 8 / 50 - FrameTag.length - Self.tagOffset) }

    package mutating func next(capture: Int64, wantsKeyFrame: Bool) -> SourceFrame? {
        var tag = FrameTag()
        (tag.frame, tag.capture) = (number, capture)
        number &+= 1
        var writer = ByteWriter(reservingCapacity: Self.tagOffset + FrameTag.length + filling)
        // A frame of 20 ms and one channel.
        writer.write(UInt8(0x78))
        tag.write(to: &writer)
        writer.write([UInt8](repeating: 0, count: filling))
        return SourceFrame(packets: [SourcePacket(payload: writer.bytes, marker: false)], duration: Self.interval)
    }
}
