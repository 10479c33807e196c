// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Which of the peer's TSNs have arrived: all up to one, and runs beyond it, RFC 9260 §6.2.
package struct ReceivedTSNs: Sendable {
    /// Gap blocks that a SACK lists, at most; those nearest to the cumulative TSN, which the peer needs first.
    package static let maximumGapBlocks = 20
    /// Duplicates that a SACK lists, at most.
    package static let maximumDuplicates = 20
    /// Runs beyond the cumulative TSN that are told apart; a chunk that would need another is not taken.
    package static let maximumRuns = 1024
    /// How far beyond the cumulative TSN a chunk may lie: what a gap block can say.
    package static let maximumOffset: UInt32 = 65_535

    /// Where a TSN stands.
    package enum Place: Hashable, Sendable {
        /// Right behind the cumulative one.
        case next
        /// Beyond a gap, and missing so far.
        case ahead
        /// Here already.
        case duplicate
        /// Too far ahead to be remembered.
        case outside
    }

    private struct Run: BitwiseCopyable {
        var start: UInt32
        var end: UInt32
    }

    /// The newest TSN before which nothing is missing.
    package private(set) var cumulative: UInt32
    /// Beyond the cumulative TSN and apart from it and from each other, in order.
    private var runs: [Run] = []
    /// TSNs that came again since the last SACK.
    package private(set) var duplicates: [UInt32] = []

    /// - Parameter initialTSN: The peer's first.
    package init(initialTSN: UInt32) { cumulative = initialTSN &- 1 }

    /// Whether something is missing before what has arrived.
    package var hasGaps: Bool { !runs.isEmpty }

    /// Where `tsn` stands.
    package func place(of tsn: UInt32) -> Place {
        let offset = tsn &- cumulative
        if offset == 1 { return .next }
        if offset == 0 || offset >= 1 << 31 { return .duplicate }
        guard offset <= Self.maximumOffset else { return .outside }
        let index = firstRun(endingAtOrBeyond: offset)
        if index < runs.count, runs[index].start &- cumulative <= offset { return .duplicate }
        return runs.count < Self.maximumRuns ? .ahead : .outside
    }

    /// Notes the arrival of a TSN, whose place is next or ahead.
    package mutating func insert(_ tsn: UInt32) {
        let offset = tsn &- cumulative
        if offset == 1 {
            cumulative = tsn
            joinFirstRun()
            return
        }
        guard offset > 1, offset <= Self.maximumOffset else { return }
        let index = firstRun(endingAtOrBeyond: offset &- 1)
        if index < runs.count, runs[index].end == tsn &- 1 {
            runs[index].end = tsn
            if index + 1 < runs.count, runs[index + 1].start == tsn &+ 1 {
                runs[index].end = runs[index + 1].end
                runs.remove(at: index + 1)
            }
        } else if index < runs.count, runs[index].start == tsn &+ 1 {
            runs[index].start = tsn
        } else if index == runs.count || runs[index].start &- cumulative > offset {
            runs.insert(Run(start: tsn, end: tsn), at: index)
        }
    }

    /// Remembers that a TSN came again, for the next SACK to tell.
    package mutating func noteDuplicate(_ tsn: UInt32) {
        if duplicates.count < Self.maximumDuplicates { duplicates.append(tsn) }
    }

    /// Takes everything up to `tsn` as arrived, RFC 3758 §3.6.
    ///
    /// - Returns: Whether that was new.
    package mutating func forward(to tsn: UInt32) -> Bool {
        let distance = tsn &- cumulative
        guard distance != 0, distance < 1 << 31 else { return false }
        let passed = runs.firstIndex { $0.end &- cumulative > distance } ?? runs.count
        cumulative = tsn
        runs.removeFirst(passed)
        // What stands may have begun before it.
        if let first = runs.first, first.start &- cumulative >= 1 << 31 || first.start == cumulative {
            cumulative = first.end
            runs.removeFirst()
        }
        joinFirstRun()
        return true
    }

    /// The gap blocks of a SACK, at most ``maximumGapBlocks``.
    package var gapBlocks: [GapBlock] {
        runs.prefix(Self.maximumGapBlocks).map {
            GapBlock(
                start: UInt16(truncatingIfNeeded: $0.start &- cumulative),
                end: UInt16(truncatingIfNeeded: $0.end &- cumulative)
            )
        }
    }

    /// Forgets the duplicates, which a SACK has told.
    package mutating func clearDuplicates() { duplicates.removeAll(keepingCapacity: true) }

    private mutating func joinFirstRun() {
        if let first = runs.first, first.start == cumulative &+ 1 {
            cumulative = first.end
            runs.removeFirst()
        }
    }

    /// The first run whose end is `offset` or more beyond the cumulative TSN.
    private func firstRun(endingAtOrBeyond offset: UInt32) -> Int {
        if let last = runs.last, last.end &- cumulative < offset { return runs.count }
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].end &- cumulative < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
