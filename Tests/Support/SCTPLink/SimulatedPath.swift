// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// What a path does to packets on their way.
package struct PathConditions: Sendable {
    /// How long every packet takes.
    package var delay: Duration = .zero
    /// What a packet may take longer, drawn for each, so that packets overtake each other.
    package var jitter: Duration = .zero
    /// The share of packets that are lost, each by itself.
    package var loss = 0.0
    /// How often a run of losses begins, and how often it goes on.
    package var burstStart = 0.0
    package var burstStay = 0.0
    /// The share of packets that arrive twice.
    package var duplication = 0.0
    /// Bits that pass in a second; `nil` for any number.
    package var bitsPerSecond: Int?
    /// Bytes that wait before the path at most; more are lost.
    package var queueLimit = 256_000

    package init() {}

    package init(delay: Duration, loss: Double = 0) { (self.delay, self.loss) = (delay, loss) }
}

/// One direction of a simulated path: takes packets, and gives them back when they are due.
package struct SimulatedPath {
    private struct Entry {
        var arrival: Instant
        var order: UInt64
        var packet: [UInt8]
    }

    package var conditions: PathConditions
    /// Packets handed over and packets lost so far.
    package private(set) var sent = 0
    package private(set) var lost = 0
    private var random: SeededRandom
    private var isInBurst = false
    private var freeAt = Instant(nanoseconds: .min)
    private var order: UInt64 = 0
    /// A binary heap, the earliest first.
    private var heap: [Entry] = []

    package init(_ conditions: PathConditions, seed: UInt64) {
        self.conditions = conditions
        random = SeededRandom(seed: seed)
    }

    /// Packets under way.
    package var count: Int { heap.count }

    /// When the next packet is due.
    package var nextArrival: Instant? { heap.first?.arrival }

    /// Takes a packet, which may come to nothing.
    package mutating func send(_ packet: [UInt8], now: Instant) {
        sent += 1
        let isLost = draw() < conditions.loss
        isInBurst = draw() < (isInBurst ? conditions.burstStay : conditions.burstStart)
        guard !isLost, !isInBurst, let leaving = pass(packet.count, now: now) else {
            lost += 1
            return
        }
        push(packet, at: leaving)
        if draw() < conditions.duplication { push(packet, at: leaving) }
    }

    /// The next packet that is due.
    package mutating func receive(now: Instant) -> [UInt8]? {
        guard let first = heap.first, first.arrival <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        return first.packet
    }

    /// Loses all that is under way.
    package mutating func clear() { heap.removeAll() }

    /// When a packet has left the queue before the path, or `nil` when it does not fit.
    private mutating func pass(_ count: Int, now: Instant) -> Instant? {
        guard let rate = conditions.bitsPerSecond else { return now }
        let start = max(now, freeAt)
        let waiting = (start - now).inSeconds * Double(rate) / 8
        guard waiting + Double(count) <= Double(conditions.queueLimit) else { return nil }
        freeAt = start + .nanoseconds(Int64(Double(count * 8) / Double(rate) * 1e9))
        return freeAt
    }

    private mutating func draw() -> Double { Double(random.next() >> 11) * 0x1p-53 }

    private mutating func push(_ packet: [UInt8], at leaving: Instant) {
        let extra = conditions.jitter == .zero ? Duration.zero : conditions.jitter * draw()
        heap.append(Entry(arrival: leaving + conditions.delay + extra, order: order, packet: packet))
        order += 1
        var index = heap.count - 1
        while index > 0, isBefore(index, (index - 1) / 2) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        (heap[a].arrival.nanoseconds, heap[a].order) < (heap[b].arrival.nanoseconds, heap[b].order)
    }
}
