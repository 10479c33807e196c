// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Gives a stream's packets gapless output numbers while some inputs are left out and sources change.
///
/// Numbers are extended to 64 bits on both sides, so that nothing here wraps. `output = input + offset − inputs
/// dropped before it`. What was dropped is kept as sorted ranges, at most ``rangeLimit`` of them; inputs older than
/// a range that had to be forgotten map to nothing rather than to a wrong number.
package struct SequenceRewriter: Sendable {
    /// Most ranges remembered.
    package static let rangeLimit = 64

    /// A run of dropped inputs.
    private struct Gap: Sendable {
        var start: Int64
        var end: Int64
        /// How many inputs were dropped before this run, since the last synchronisation.
        var before: Int64
    }

    private var gaps: [Gap] = []
    private var offset: Int64 = 0
    private var dropped: Int64 = 0
    /// Inputs below this belong to an earlier source or are forgotten.
    private var floor: Int64 = .max
    private var newestInput: Int64 = .min
    /// The largest output given or reserved so far; one less than the first output before there was any.
    package private(set) var newestOutput: Int64
    /// Whether a source has been synchronised to.
    package private(set) var isSynchronized = false

    /// - Parameter first: The first output number, see ``randomFirst(using:)``.
    package init(first: Int64) { newestOutput = first &- 1 }

    /// A random first number from 1000 to 32767, so that the rollover count at a receiver which misses the first
    /// packets is still zero beyond doubt, RFC 3711 §3.3.1.
    package static func randomFirst(using random: inout some RandomNumberGenerator) -> Int64 {
        Int64.random(in: 1000...32767, using: &random)
    }

    /// Makes `input` the next output, skipping `gap` numbers first; every earlier input maps to nothing from now on.
    ///
    /// - Parameters:
    ///   - input: The first packet of the new source, or the packet from which an old one goes on.
    ///   - gap: 1 when the last frame sent was cut off, so that a decoder sees it as incomplete; else 0.
    package mutating func synchronize(to input: Int64, gap: Int64 = 0) {
        offset = newestOutput &+ 1 &+ gap &- input
        (floor, newestInput, dropped) = (input, input &- 1, 0)
        gaps.removeAll(keepingCapacity: true)
        isSynchronized = true
    }

    /// Leaves `input` out, closing the hole it would make.
    ///
    /// Only an input newer than all before can be left out so; a late one keeps its number, and the gap stays.
    ///
    /// - Returns: Whether it was left out.
    @discardableResult
    package mutating func drop(_ input: Int64) -> Bool {
        guard isSynchronized, input > newestInput else { return false }
        newestInput = input
        // Inputs passed over on the way keep their numbers, which a new source must not repeat.
        newestOutput = input &+ offset &- dropped &- 1
        if let last = gaps.indices.last, gaps[last].end == input {
            gaps[last].end = input &+ 1
        } else {
            if gaps.count == Self.rangeLimit { floor = gaps.removeFirst().end }
            gaps.append(Gap(start: input, end: input &+ 1, before: dropped))
        }
        dropped &+= 1
        return true
    }

    /// The output number of `input`, or `nil` when it was left out or is too old to tell.
    package mutating func map(_ input: Int64) -> Int64? {
        guard input >= floor else { return nil }
        if input > newestInput {
            newestInput = input
            newestOutput = input &+ offset &- dropped
            return newestOutput
        }
        return peek(input)
    }

    /// What ``map(_:)`` would answer, without taking note of the input.
    package func peek(_ input: Int64) -> Int64? {
        guard input >= floor else { return nil }
        var (low, high) = (0, gaps.count)
        while low < high {
            let middle = (low + high) / 2
            if gaps[middle].start <= input { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return input &+ offset &- (gaps.first?.before ?? dropped) }
        let gap = gaps[low - 1]
        guard input >= gap.end else { return nil }
        return input &+ offset &- gap.before &- (gap.end &- gap.start)
    }
}
