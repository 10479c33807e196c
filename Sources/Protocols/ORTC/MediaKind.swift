// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Whether a stream is sound or picture.
public enum MediaKind: String, Codable, Hashable, Sendable, CaseIterable {
    case audio
    case video

    /// The kind that a MIME type such as "video/VP8" names, in any case; `nil` when it names neither or no subtype.
    public init?(mimeType: String) {
        guard let slash = mimeType.firstIndex(of: "/"), mimeType.index(after: slash) < mimeType.endIndex else {
            return nil
        }
        self.init(rawValue: mimeType[..<slash].lowercased())
    }
}

/// How the streams of a producer relate to each other.
public enum ProducerType: String, Codable, Hashable, Sendable, CaseIterable {
    /// One stream without layers.
    case simple
    /// Several streams of the same picture, or one stream of temporal layers of a codec without SVC.
    case simulcast
    /// One stream with spatial or temporal layers inside.
    case svc
}

/// How a consumer chooses among its producer's streams.
public enum ConsumerType: String, Codable, Hashable, Sendable, CaseIterable {
    case simple
    case simulcast
    case svc
    /// Every stream is forwarded.
    case pipe

    /// The type of an ordinary consumer of a producer of `type`.
    public init(_ type: ProducerType) {
        switch type {
        case .simple: self = .simple
        case .simulcast: self = .simulcast
        case .svc: self = .svc
        }
    }
}
