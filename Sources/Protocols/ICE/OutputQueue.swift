// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a machine has to say, until its owner asks.
///
/// Bounded: machines take in no more packets while ``isFull``, so an owner that forgets to poll loses packets, not memory.
struct OutputQueue<Element: Sendable>: Sendable {
    /// How many outputs may wait before packets are refused.
    static var limit: Int { 64 }

    private var elements: [Element] = []
    private var head = 0

    var isFull: Bool { elements.count - head >= Self.limit }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else {
            elements.removeAll(keepingCapacity: true)
            head = 0
            return nil
        }
        head += 1
        return elements[head - 1]
    }
}
