// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Datagrams held back until their time, the earliest first.
struct DelayLine {
    struct Held {
        var due: Instant
        var order: UInt64
        var bytes: [UInt8]
        /// Which transport it came by.
        var side: TransportSide
        var tuple: Tuple
    }

    /// Datagrams held at once; more are dropped.
    static let limit = 65_536

    private var heap: [Held] = []
    private var order: UInt64 = 0

    var nextDeadline: Instant? { heap.first?.due }

    mutating func push(_ bytes: [UInt8], _ side: TransportSide, _ tuple: Tuple, due: Instant) {
        guard heap.count < Self.limit else { return }
        order += 1
        heap.append(Held(due: due, order: order, bytes: bytes, side: side, tuple: tuple))
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The next datagram whose time has come.
    mutating func pop(now: Instant) -> Held? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && precedes(child, least) {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(least, parent)
            parent = least
        }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool { (heap[a].due, heap[a].order) < (heap[b].due, heap[b].order) }
}
