// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// A network in virtual time: every datagram may be lost, doubled and delayed, as the seed wants it.
struct VirtualNetwork {
    /// What the network does to datagrams.
    struct Weather {
        var loss = 0.0
        var duplication = 0.0
        var delay = Duration.milliseconds(20)
        /// Added to the delay, evenly spread, datagram by datagram: they overtake each other.
        var jitter = Duration.zero

        static let fair = Weather()
        static let storm = Weather(loss: 0.2, duplication: 0.02, jitter: .milliseconds(100))
    }

    struct Datagram {
        var due: Instant
        var order: UInt64
        var from: SocketAddress
        var to: SocketAddress
        var bytes: [UInt8]
    }

    var weather: Weather
    private var random: SeededRandom
    private var heap: [Datagram] = []
    private var order: UInt64 = 0
    private(set) var sent = 0
    private(set) var lost = 0

    init(_ weather: Weather, seed: UInt64) {
        (self.weather, random) = (weather, SeededRandom(seed: seed))
    }

    /// When the next datagram arrives.
    var nextArrival: Instant? { heap.first?.due }

    mutating func send(_ bytes: [UInt8], from: SocketAddress, to: SocketAddress, now: Instant) {
        sent += 1
        guard Double.random(in: 0..<1, using: &random) >= weather.loss else {
            lost += 1
            return
        }
        let copies = Double.random(in: 0..<1, using: &random) < weather.duplication ? 2 : 1
        for _ in 0..<copies {
            let jitter = Int64.random(in: 0...max(0, weather.jitter.wholeNanoseconds), using: &random)
            order += 1
            push(
                Datagram(
                    due: now + weather.delay + .nanoseconds(jitter),
                    order: order,
                    from: from,
                    to: to,
                    bytes: bytes
                )
            )
        }
    }

    /// Takes the next datagram that has arrived by `now`.
    mutating func receive(now: Instant) -> Datagram? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return first
    }

    private static func precedes(_ a: Datagram, _ b: Datagram) -> Bool { (a.due, a.order) < (b.due, b.order) }

    private mutating func push(_ datagram: Datagram) {
        heap.append(datagram)
        var child = heap.count - 1
        while child > 0, Self.precedes(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && Self.precedes(heap[child], heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
