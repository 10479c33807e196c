// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// The video codecs that a client speaks.
public enum VideoCodec: String, CaseIterable, Hashable, Sendable {
    case vp8, vp9, h264, av1

    /// As in `mimeType`.
    public var mimeType: String { self == .h264 ? "video/H264" : "video/" + rawValue.uppercased() }
}

/// The layers in which video is sent.
public struct VideoLayers: Hashable, Sendable {
    /// How spatial layers of one stream use each other.
    public enum Prediction: Hashable, Sendable {
        /// Each uses the next lower one: `L3T3`.
        case full
        /// Only in key pictures: `L3T3_KEY`.
        case keyPictures
        /// None does: `S3T3`.
        case none
    }

    /// How many streams, each of another size: 1 to 3.
    public var encodings: Int
    /// Spatial layers of each stream: 1 to 3.
    public var spatial: Int
    /// Temporal layers of each stream: 1 to 3.
    public var temporal: Int
    /// How spatial layers use each other.
    public var prediction: Prediction

    /// Layers by their numbers, each cut to 1...3.
    public init(encodings: Int = 1, spatial: Int = 1, temporal: Int = 1, prediction: Prediction = .full) {
        func cut(_ count: Int) -> Int { min(max(count, 1), 3) }
        (self.encodings, self.spatial, self.temporal) = (cut(encodings), cut(spatial), cut(temporal))
        self.prediction = prediction
    }

    /// One stream without layers.
    public static let single = VideoLayers()

    /// Several sizes in streams of their own, as browsers send them.
    public static func simulcast(_ encodings: Int = 3, temporal: Int = 3) -> VideoLayers {
        VideoLayers(encodings: encodings, temporal: temporal)
    }

    /// Several sizes in one stream; for VP9 and AV1.
    public static func svc(
        spatial: Int = 3,
        temporal: Int = 3,
        prediction: Prediction = .keyPictures
    ) -> VideoLayers {
        VideoLayers(spatial: spatial, temporal: temporal, prediction: prediction)
    }
}

/// Where the packets of a video come from.
public struct VideoSource: Sendable {
    enum Kind: Sendable {
        case synthetic(bitrate: Int, frameRate: Double, keyFrameInterval: Duration)
        case ivf(path: String)
        case h264(path: String, frameRate: Double)
        case trace(path: String, codec: VideoCodec, payloadType: UInt8?)
    }

    let kind: Kind

    /// Frames without pictures in them, with valid descriptors.
    ///
    /// Each packet brings what a receiver needs to check it: references, layers, and the time. The only source that makes layers, and key frames when they are asked for.
    ///
    /// - Parameters:
    ///   - bitrate: Payload bits per second of all layers together; of it the sizes get 1, 3 and 9 parts.
    ///   - frameRate: Pictures per second, 1 to 240.
    ///   - keyFrameInterval: Key frames come at least so often.
    /// - Returns: The source.
    public static func synthetic(
        bitrate: Int = 1_500_000,
        frameRate: Double = 30,
        keyFrameInterval: Duration = .seconds(10)
    ) -> VideoSource {
        VideoSource(
            kind: .synthetic(
                bitrate: max(bitrate, 1000),
                frameRate: min(max(frameRate, 1), 240),
                keyFrameInterval: keyFrameInterval
            )
        )
    }

    /// The frames of an IVF file with VP8, VP9 or AV1, over and over.
    public static func ivf(_ path: String) -> VideoSource { VideoSource(kind: .ivf(path: path)) }

    /// The access units of an H264 byte stream (Annex B), over and over.
    public static func h264(_ path: String, frameRate: Double = 30) -> VideoSource {
        VideoSource(kind: .h264(path: path, frameRate: min(max(frameRate, 1), 240)))
    }

    /// The RTP packets of a recording in `rtpdump` format, at the times at which they came, over and over.
    ///
    /// - Parameters:
    ///   - path: The recording.
    ///   - codec: What its payloads are.
    ///   - payloadType: Which packets count; `nil` for the first payload type that appears.
    /// - Returns: The source.
    public static func trace(_ path: String, codec: VideoCodec, payloadType: UInt8? = nil) -> VideoSource {
        VideoSource(kind: .trace(path: path, codec: codec, payloadType: payloadType))
    }
}

/// Where the packets of a sound come from; always Opus, 48 kHz.
public struct AudioSource: Sendable {
    enum Kind: Sendable {
        case synthetic(bitrate: Int)
        case ogg(path: String)
        case trace(path: String, payloadType: UInt8?)
    }

    let kind: Kind

    /// Packets every 20 ms without any sound in them, with number and time for the receiver to check.
    public static func synthetic(bitrate: Int = 32_000) -> AudioSource {
        AudioSource(kind: .synthetic(bitrate: min(max(bitrate, 16_000), 400_000)))
    }

    /// The packets of an Ogg Opus file, over and over.
    public static func ogg(_ path: String) -> AudioSource { AudioSource(kind: .ogg(path: path)) }

    /// The RTP packets of a recording in `rtpdump` format, at the times at which they came, over and over.
    public static func trace(_ path: String, payloadType: UInt8? = nil) -> AudioSource {
        AudioSource(kind: .trace(path: path, payloadType: payloadType))
    }
}

/// Something to publish.
public struct OutgoingMedia: Sendable {
    enum Content: Sendable {
        case audio(AudioSource)
        case video(VideoSource, codec: VideoCodec?, layers: VideoLayers)
    }

    let content: Content

    /// Whether it is sound or video.
    public var kind: MediaKind {
        switch content {
        case .audio: .audio
        case .video: .video
        }
    }

    /// Sound.
    public static func audio(_ source: AudioSource = .synthetic()) -> OutgoingMedia {
        OutgoingMedia(content: .audio(source))
    }

    /// Video.
    ///
    /// - Parameters:
    ///   - source: Where its packets come from.
    ///   - codec: The codec of a synthetic source, VP8 unless said; files and traces know theirs.
    ///   - layers: The layers of a synthetic source; files and traces are sent as they are.
    /// - Returns: What to publish.
    public static func video(
        _ source: VideoSource = .synthetic(),
        codec: VideoCodec? = nil,
        layers: VideoLayers = .single
    ) -> OutgoingMedia {
        OutgoingMedia(content: .video(source, codec: codec, layers: layers))
    }
}
