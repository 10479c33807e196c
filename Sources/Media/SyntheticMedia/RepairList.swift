// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Asks for missing packets as browsers do: soon after the gap shows, once a round trip, ten times.
package struct RepairList: Sendable {
    private struct Entry {
        var sequence: Int64
        var due: Int64
        var requests: Int
    }

    /// From the gap to the first request, in case the packet is merely late.
    package static let firstDelay = Duration.milliseconds(10)
    /// Requests for one packet.
    package static let requestLimit = 10
    /// Time between two requests for one packet.
    package var retry = Duration.milliseconds(100)
    private var entries: [Entry] = []
    package private(set) var requestCount = 0
    package private(set) var abandonedCount = 0

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// When to call ``collect(now:into:)``.
    package private(set) var nextDeadline: Instant?

    package mutating func add(_ sequences: Range<Int64>, now: Instant) {
        let due = (now + Self.firstDelay).nanoseconds
        for sequence in sequences.suffix(500) { entries.append(Entry(sequence: sequence, due: due, requests: 0)) }
        updateDeadline()
    }

    package mutating func remove(_ sequence: Int64) {
        guard let index = entries.firstIndex(where: { $0.sequence == sequence }) else { return }
        entries.remove(at: index)
        updateDeadline()
    }

    /// Whether the packet is still expected.
    package func contains(_ sequence: Int64) -> Bool { entries.contains { $0.sequence == sequence } }

    /// Gives up everything before `sequence`, and returns what that was.
    package mutating func removeAll(before sequence: Int64) -> [Int64] {
        let dropped = entries.filter { $0.sequence < sequence }.map(\.sequence)
        entries.removeAll { $0.sequence < sequence }
        updateDeadline()
        return dropped
    }

    /// Appends the numbers to ask for now; gives up those asked for often enough.
    package mutating func collect(now: Instant, into sequences: inout [UInt16]) {
        guard let nextDeadline, nextDeadline <= now else { return }
        let before = entries.count
        entries.removeAll { $0.due <= now.nanoseconds && $0.requests >= Self.requestLimit }
        abandonedCount += before - entries.count
        for index in entries.indices where entries[index].due <= now.nanoseconds && sequences.count < 200 {
            entries[index].due = (now + retry).nanoseconds
            entries[index].requests += 1
            requestCount += 1
            sequences.append(UInt16(truncatingIfNeeded: entries[index].sequence))
        }
        updateDeadline()
    }

    private mutating func updateDeadline() {
        nextDeadline = entries.lazy.map(\.due).min().map(Instant.init(nanoseconds:))
    }
}
