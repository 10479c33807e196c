// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Decides which missing packets of a stream to ask its sender for, and when: generic NACK, RFC 4585 §6.2.1.
///
/// A gap is asked about 10 ms after it showed, in case the packets are merely late, then once a round trip, ten times
/// in all. Every number here is an extended one.
package struct NackGenerator: ~Copyable {
    /// Missing packets further behind the newest than this are given up.
    package static let maximumAge: Int64 = 10_000
    /// Most packets asked for at a time; more need a key frame.
    package static let listLimit = 1000
    /// How often one packet is asked for.
    package static let retryLimit = 10
    /// How long a packet may be late before it is asked for.
    package static let firstDelay = Duration.milliseconds(10)
    /// Least time between two requests for one packet.
    package static let shortestRetry = Duration.milliseconds(40)
    /// Longest time between two requests, however long the round trip is said to be.
    package static let longestRetry = Duration.seconds(1)
    /// Least time between two batches.
    package static let batchSpacing = Duration.milliseconds(5)
    /// Most numbers in one batch, so that the worst spread still fits one packet.
    package static let batchLimit = 256

    private struct Entry: BitwiseCopyable {
        var sequence: Int64
        /// When to ask, or after the last time to give up.
        var due: Int64
        var requests: Int
    }

    /// Missing packets in ascending order; made when the first is missed, then as large as ever needed.
    private var entries = FixedBuffer<Entry>(count: 0, filledWith: Entry(sequence: 0, due: 0, requests: 0))
    private var count = 0
    private var newest: Int64?
    private var keyFrames = InlineArray<16, Int64>(repeating: 0)
    private var keyFrameCount = 0
    private var lastKeyFrameTime: UInt32?
    private var earliestDue = Int64.max
    private var lastBatch = Int64.min
    private var retryInterval = RoundTrip.initial.wholeNanoseconds

    package init() {}

    /// How many packets are missing and not given up.
    package var missingCount: Int { count }

    /// When to call ``collect(now:into:)``, or `nil` while nothing is missing.
    package var nextDeadline: Instant? {
        guard count > 0 else { return nil }
        let spacing = lastBatch == .min ? Int64.min : lastBatch &+ Self.batchSpacing.wholeNanoseconds
        return Instant(nanoseconds: max(earliestDue, spacing))
    }

    /// Takes note of the round trip to the sender, from now on the time between requests.
    package mutating func setRoundTrip(_ duration: Duration) {
        retryInterval = min(max(duration, Self.shortestRetry), Self.longestRetry).wholeNanoseconds
    }

    /// Takes note of a media packet.
    ///
    /// - Returns: Whether so much is missing that only a key frame helps.
    package mutating func received(_ sequence: Int64, timestamp: UInt32, isKeyFrame: Bool, now: Instant) -> Bool {
        if isKeyFrame, lastKeyFrameTime != timestamp { noteKeyFrame(sequence, timestamp) }
        guard let newest else {
            self.newest = sequence
            return false
        }
        guard sequence > newest else {
            _ = remove(sequence)
            return false
        }
        self.newest = sequence
        guard sequence &- newest > 1 else { return false }
        return add(newest &+ 1..<sequence, now: now)
    }

    /// Takes note of a retransmitted packet.
    ///
    /// - Returns: Whether it was missing; what nobody missed goes no further.
    package mutating func recovered(_ sequence: Int64) -> Bool { remove(sequence) }

    /// Forgets what is missing and starts with the next packet: after a jump, or while nobody listens.
    package mutating func reset() {
        (count, newest, keyFrameCount, lastKeyFrameTime, earliestDue) = (0, nil, 0, nil, .max)
    }

    /// Appends the sequence numbers to ask for at `now`, ascending; asking is counted.
    package mutating func collect(now: Instant, into sequences: inout [UInt16]) {
        guard let deadline = nextDeadline, now >= deadline else { return }
        lastBatch = now.nanoseconds
        earliestDue = .max
        var (kept, asked) = (0, 0)
        for index in 0..<count {
            var entry = entries[index]
            if entry.due <= now.nanoseconds, entry.requests == Self.retryLimit { continue }
            if entry.due <= now.nanoseconds, asked < Self.batchLimit {
                asked += 1
                entry.requests += 1
                entry.due = now.nanoseconds &+ retryInterval
                sequences.append(UInt16(truncatingIfNeeded: entry.sequence))
            }
            earliestDue = min(earliestDue, entry.due)
            entries[kept] = entry
            kept += 1
        }
        count = kept
    }

    private mutating func noteKeyFrame(_ sequence: Int64, _ timestamp: UInt32) {
        lastKeyFrameTime = timestamp
        if keyFrameCount == 16 { removeKeyFrame() }
        var index = keyFrameCount
        while index > 0, keyFrames[index - 1] > sequence {
            keyFrames[index] = keyFrames[index - 1]
            index -= 1
        }
        keyFrames[index] = sequence
        keyFrameCount += 1
    }

    private mutating func removeKeyFrame() {
        for index in 1..<16 { keyFrames[index - 1] = keyFrames[index] }
        keyFrameCount -= 1
    }

    private mutating func add(_ missing: Range<Int64>, now: Instant) -> Bool {
        removeFirst(index(of: missing.upperBound &- Self.maximumAge))
        while count + missing.count > Self.listLimit, keyFrameCount > 0 {
            removeFirst(index(of: keyFrames[0]))
            removeKeyFrame()
        }
        guard count + missing.count <= Self.listLimit else {
            (count, earliestDue) = (0, .max)
            return true
        }
        reserve(count + missing.count)
        let due = now.nanoseconds &+ Self.firstDelay.wholeNanoseconds
        for sequence in missing {
            entries[count] = Entry(sequence: sequence, due: due, requests: 0)
            count += 1
        }
        earliestDue = min(earliestDue, due)
        return false
    }

    private mutating func reserve(_ needed: Int) {
        guard needed > entries.count else { return }
        var capacity = max(64, entries.count)
        while capacity < needed { capacity *= 2 }
        let larger = FixedBuffer(
            count: min(capacity, Self.listLimit),
            filledWith: Entry(sequence: 0, due: 0, requests: 0)
        )
        for index in 0..<count { larger[index] = entries[index] }
        entries = larger
    }

    /// The place of the first entry that is not below `sequence`.
    private func index(of sequence: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func removeFirst(_ number: Int) {
        guard number > 0 else { return }
        entries.move(number..<count, to: 0)
        count -= number
    }

    private mutating func remove(_ sequence: Int64) -> Bool {
        let place = index(of: sequence)
        guard place < count, entries[place].sequence == sequence else { return false }
        entries.move(place + 1..<count, to: place)
        count -= 1
        return true
    }
}
