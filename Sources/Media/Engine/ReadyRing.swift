// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Transports that have something to send, in the order of their turns; each is in it at most once.
struct ReadyRing {
    private var slots: [Int32]
    private var head = 0
    private var tail = 0

    /// - Parameter capacity: How many transports there are at most.
    init(capacity: Int) {
        var size = 16
        while size < capacity { size *= 2 }
        slots = Array(repeating: 0, count: size)
    }

    var isEmpty: Bool { head == tail }
    var count: Int { tail &- head }

    /// The first, which stays.
    @inline(__always)
    var first: Int32? { head == tail ? nil : slots[head & (slots.count &- 1)] }

    /// Adds a transport behind the others; the caller keeps it from being in twice.
    @inline(__always)
    mutating func append(_ slot: Int32) {
        slots[tail & (slots.count &- 1)] = slot
        tail &+= 1
    }

    /// Takes the first.
    @inline(__always)
    mutating func popFirst() -> Int32? {
        guard head != tail else { return nil }
        defer { head &+= 1 }
        return slots[head & (slots.count &- 1)]
    }
}
