// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// The paths between an engine and its peers in virtual milliseconds: a wheel of them, so that millions of datagrams
/// cost little.
struct NetworkWheel {
    /// What one direction of a peer's path does to datagrams.
    struct Path {
        var loss = 0.0
        var duplication = 0.0
        /// Milliseconds on the way.
        var delay = 20
        /// Added to the delay, evenly spread, datagram by datagram: they overtake each other.
        var jitter = 0
        /// The share of datagrams that it concerns.
        var reordering = 1.0
    }

    /// On its way to the engine (`peer` sends) or from it (`peer` receives).
    struct Datagram {
        var peer: Int
        var isForEngine: Bool
        var bytes: [UInt8]
    }

    private static let span = 1024
    private var buckets: [[Datagram]] = Array(repeating: [], count: span)
    private var random: SeededRandom
    private(set) var lost = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func send(_ bytes: [UInt8], peer: Int, isForEngine: Bool, by path: Path, at tick: Int) {
        var copies = 1
        if path.loss > 0, Double.random(in: 0..<1, using: &random) < path.loss {
            lost += 1
            return
        }
        if path.duplication > 0, Double.random(in: 0..<1, using: &random) < path.duplication { copies = 2 }
        for _ in 0..<copies {
            var jitter = path.jitter > 0 ? Int.random(in: 0...path.jitter, using: &random) : 0
            if path.reordering < 1, Double.random(in: 0..<1, using: &random) >= path.reordering { jitter = 0 }
            let due = tick + max(1, min(path.delay + jitter, Self.span - 1))
            buckets[due % Self.span].append(Datagram(peer: peer, isForEngine: isForEngine, bytes: bytes))
        }
    }

    /// Takes what arrives in this millisecond.
    mutating func take(at tick: Int) -> [Datagram] {
        guard !buckets[tick % Self.span].isEmpty else { return [] }
        var taken: [Datagram] = []
        swap(&taken, &buckets[tick % Self.span])
        return taken
    }
}
