// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Which layers a sender produces at present over all its streams, and at what rates.
///
/// - Note: <http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00>
package struct VideoLayersAllocation: BitwiseCopyable, Sendable {
    /// The most streams, as two bits can count.
    package static let maximumStreams = 4
    /// The most spatial layers of one stream.
    package static let maximumSpatialLayers = 4
    /// The most temporal layers of one spatial layer, as two bits can count.
    package static let maximumTemporalLayers = 4

    /// One spatial layer that is produced.
    package struct Layer: BitwiseCopyable, Equatable, Sendable {
        /// How many temporal layers it has, 1 to 4.
        package fileprivate(set) var temporalLayerCount: UInt8 = 0
        /// In kbit/s, for each temporal layer with all below it; zeros past the last.
        package fileprivate(set) var targetBitrates = SIMD4<UInt32>.zero
        /// `nil` where the sender left resolutions out.
        package fileprivate(set) var resolution: VideoResolution?
        /// Frames per second; 0 where the sender left resolutions out.
        package fileprivate(set) var frameRate: UInt8 = 0
    }

    /// Which of the streams carried this value, from 0.
    package let streamIndex: UInt8
    /// How many streams there are, 1 to 4.
    package let streamCount: UInt8
    /// For each stream which spatial layers it produces, a bit each and layer 0 lowest.
    private var masks = SIMD4<UInt8>.zero
    private var layers = InlineArray<16, Layer>(repeating: Layer())

    /// Reads the value of the extension; `nil` when it is cut short or its lengths do not add up.
    package init?(_ value: Span<UInt8>) {
        guard !value.isEmpty else { return nil }
        let head = value[0]
        (streamIndex, streamCount) = (head >> 6, head >> 4 & 3 &+ 1)
        // A lone zero says that nothing is produced.
        if value.count == 1, head & 0x3F == 0 { return }
        var offset = 1
        if head & 0x0F != 0 {
            for stream in 0..<Int(streamCount) { masks[stream] = head & 0x0F }
        } else {
            guard value.count > Int(streamCount &+ 1) / 2 else { return nil }
            for stream in 0..<Int(streamCount) {
                masks[stream] = value[1 &+ stream / 2] >> (stream % 2 == 0 ? 4 : 0) & 0x0F
            }
            offset &+= Int(streamCount &+ 1) / 2
        }
        guard readLayers(value, from: offset) else { return nil }
    }

    /// The layer, or `nil` when it is not produced.
    package func layer(stream: Int, spatial: Int) -> Layer? {
        guard isActive(stream, spatial) else { return nil }
        return layers[stream &* 4 &+ spatial]
    }

    /// Which spatial layers `stream` produces, a bit each and layer 0 lowest.
    package func spatialLayers(of stream: Int) -> UInt8 {
        stream >= 0 && stream < Int(streamCount) ? masks[stream] : 0
    }

    private func isActive(_ stream: Int, _ spatial: Int) -> Bool {
        0..<4 ~= spatial && spatialLayers(of: stream) >> UInt8(spatial) & 1 != 0
    }

    /// Reads counts of temporal layers, rates and resolutions, each for all layers in order; whether they were there.
    private mutating func readLayers(_ value: Span<UInt8>, from start: Int) -> Bool {
        var count = 0
        for slot in layers.indices where isActive(slot >> 2, slot & 3) {
            guard value.count > start &+ count / 4 else { return false }
            layers[slot].temporalLayerCount = value[start &+ count / 4] >> UInt8(6 &- count % 4 &* 2) & 3 &+ 1
            count &+= 1
        }
        var offset = start &+ (count &+ 3) / 4
        for slot in layers.indices where isActive(slot >> 2, slot & 3) {
            for temporal in 0..<Int(layers[slot].temporalLayerCount) {
                guard let (rate, length) = value.leb128(at: offset) else { return false }
                layers[slot].targetBitrates[temporal] = UInt32(clamping: rate)
                offset &+= length
            }
        }
        guard offset < value.count else { return true }
        guard value.count &- offset == count &* 5 else { return false }
        for slot in layers.indices where isActive(slot >> 2, slot & 3) {
            layers[slot].resolution = VideoResolution(
                width: UInt32(value.uint16(at: offset)) &+ 1,
                height: UInt32(value.uint16(at: offset &+ 2)) &+ 1
            )
            layers[slot].frameRate = value[offset &+ 4]
            offset &+= 5
        }
        return true
    }
}
