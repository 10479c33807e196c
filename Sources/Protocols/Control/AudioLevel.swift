// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// How loud a producer was over one interval of an observer.
public struct AudioLevel: Codable, Hashable, Sendable {
    /// Whose audio.
    public var producerId: String
    /// The mean, from −127 to 0 dBov.
    public var volume: Int

    /// How loud a producer was.
    public init(producerId: String, volume: Int) { (self.producerId, self.volume) = (producerId, volume) }
}

/// The state of an observer, for people who debug.
public struct RtpObserverDump: Codable, Hashable, Sendable {
    /// The observer.
    public var id: String
    /// The router it is in.
    public var routerId: String
    /// `audiolevel` or `activespeaker`.
    public var type: String
    /// Whether it is paused.
    public var paused: Bool
    /// The producers it listens to.
    public var producerIds: [String]

    /// A value made of its parts.
    public init(id: String, routerId: String, type: String, paused: Bool, producerIds: [String]) {
        (self.id, self.routerId, self.type) = (id, routerId, type)
        (self.paused, self.producerIds) = (paused, producerIds)
    }
}
