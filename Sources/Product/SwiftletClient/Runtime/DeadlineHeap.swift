// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Which session is due when, the earliest first; entries that no longer hold are told apart by their owner.
struct DeadlineHeap {
    struct Entry {
        var due: Instant
        var session: Int
    }

    private var heap: [Entry] = []

    var next: Instant? { heap.first?.due }

    mutating func push(_ due: Instant, _ session: Int) {
        heap.append(Entry(due: due, session: session))
        var child = heap.count - 1
        while child > 0, heap[child].due < heap[(child - 1) / 2].due {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The next entry that is due.
    mutating func pop(now: Instant) -> Entry? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].due < heap[least].due
            {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
