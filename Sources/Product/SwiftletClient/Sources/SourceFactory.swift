// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletSyntheticMedia
package import SwiftletWire

/// Makes the sources of what is to be published.
package enum SourceFactory {
    /// Most bytes of a file: 512 MiB.
    static let maximumFileSize = 512 << 20

    private static func read(_ path: String) throws(SwiftletClientError) -> [UInt8] {
        do {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= maximumFileSize else {
                throw SwiftletClientError(.invalidSource, "\(path) has more than \(maximumFileSize) bytes")
            }
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch let error as SwiftletClientError {
            throw error
        } catch {
            throw SwiftletClientError(.invalidSource, "\(path): \(error.localizedDescription)")
        }
    }

    /// The sources, the smallest first, and what video's payloads are.
    ///
    /// - Throws: ``SwiftletClientError/Code/invalidSource`` or ``SwiftletClientError/Code/unsupported``.
    package static func sources(
        for media: OutgoingMedia,
        using random: inout SeededRandom
    ) throws(SwiftletClientError) -> (sources: [any PacketSource], codec: VideoCodec?) {
        switch media.content {
        case .audio(let source):
            switch source.kind {
            case .synthetic(let bitrate): return ([SyntheticAudioSource(bitrate: bitrate)], nil)
            case .ogg(let path): return ([try OggOpusSource(try read(path))], nil)
            case .trace(let path, let type):
                return ([try TraceSource(try read(path), clockRate: 48_000, payloadType: type)], nil)
            }
        case .video(let source, let codec, let layers):
            let made = try video(source, codec, layers, using: &random)
            if let codec, codec != made.codec {
                throw SwiftletClientError(.invalidSource, "the source is \(made.codec.rawValue), not \(codec.rawValue)")
            }
            return (made.sources, made.codec)
        }
    }

    private static func video(
        _ source: VideoSource,
        _ codec: VideoCodec?,
        _ layers: VideoLayers,
        using random: inout SeededRandom
    ) throws(SwiftletClientError) -> (sources: [any PacketSource], codec: VideoCodec) {
        if case .synthetic(let bitrate, let frameRate, let keyFrameInterval) = source.kind {
            let codec = codec ?? .vp8
            return (
                try synthetic(codec, layers, bitrate, frameRate, keyFrameInterval, using: &random), codec
            )
        }
        guard layers == .single else {
            throw SwiftletClientError(.unsupported, "files and traces are sent as they are, without layers of ours")
        }
        switch source.kind {
        case .ivf(let path):
            let file = try IVFSource(try read(path), using: &random)
            return ([file], file.codec)
        case .h264(let path, let frameRate):
            return ([try AnnexBSource(try read(path), frameRate: frameRate)], .h264)
        case .trace(let path, let codec, let type):
            return ([try TraceSource(try read(path), clockRate: 90_000, payloadType: type)], codec)
        case .synthetic: return ([], codec ?? .vp8)
        }
    }

    private static func synthetic(
        _ codec: VideoCodec,
        _ layers: VideoLayers,
        _ bitrate: Int,
        _ frameRate: Double,
        _ keyFrameInterval: Duration,
        using random: inout SeededRandom
    ) throws(SwiftletClientError) -> [any PacketSource] {
        guard let synthetic = SyntheticCodec(rawValue: codec.rawValue) else {
            throw SwiftletClientError(.unsupported, codec.rawValue)
        }
        guard layers.spatial == 1 || codec == .vp9 || codec == .av1, layers.spatial == 1 || layers.encodings == 1 else {
            throw SwiftletClientError(.unsupported, "\(codec.rawValue) cannot have \(layers.structure.mode) so often")
        }
        // Each size has three times the bits of the one below.
        let count = max(layers.encodings, layers.spatial)
        let weights = [1, 3, 9].prefix(count)
        let rates = weights.map { bitrate * $0 / weights.reduce(0, +) }
        return (0..<layers.encodings).map { index in
            SyntheticVideoSource(
                synthetic,
                layers.structure,
                source: UInt8(index),
                bitrates: layers.encodings > 1 ? [rates[index]] : rates,
                frameRate: frameRate,
                keyFrameInterval: keyFrameInterval,
                hasDescriptor: codec == .av1 || codec == .h264 && layers.temporal > 1,
                using: &random
            )
        }
    }
}
