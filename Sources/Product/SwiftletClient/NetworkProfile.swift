// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a client does to its own packets, to stand for a network: each way apart, before the socket and behind it.
public struct NetworkProfile: Hashable, Sendable {
    /// One way of a path.
    public struct Path: Hashable, Sendable {
        /// Share of packets that is lost, 0 to 1.
        public var loss: Double
        /// How long each packet takes.
        public var delay: Duration
        /// Added to the delay, evenly spread from nothing to this, packet by packet: they overtake each other.
        public var jitter: Duration

        /// A path that loses nothing and takes no time, unless said otherwise.
        public init(loss: Double = 0, delay: Duration = .zero, jitter: Duration = .zero) {
            (self.loss, self.delay, self.jitter) = (min(max(loss, 0), 1), max(delay, .zero), max(jitter, .zero))
        }

        /// Whether it does nothing.
        public var isClear: Bool { loss == 0 && delay == .zero && jitter == .zero }
    }

    /// From the client to the server.
    public var up: Path
    /// From the server to the client.
    public var down: Path

    /// A network by its two ways.
    public init(up: Path = Path(), down: Path = Path()) { (self.up, self.down) = (up, down) }

    /// The network as it is.
    public static let clear = NetworkProfile()
}
