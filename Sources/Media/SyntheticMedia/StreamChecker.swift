// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// A reference receiver of one forwarded video stream: it puts packets in order, decodes by the tags' references, and
/// counts everything that a browser's decoder would stumble over.
///
/// Frames are taken in sequence order. A gap is waited for until it is repaired or given up; a whole key frame behind it
/// is jumped to at once, as browsers do, which is also how the deliberate gap of one before a switch is passed.
package final class StreamChecker {
    struct Slot {
        var sequence = Int64.min
        var timestamp: UInt32 = 0
        var marker = false
        /// Whether it is padding alone, which says that there is nothing under its number.
        var isFiller = false
        var reading: PayloadReading
    }

    /// The frame before, as far as the next one is compared with it.
    struct Previous {
        var end: Int64
        var timestamp: UInt32
        var marker: Bool
        var tag: FrameTag
        var pictureID: Int32
    }

    package var rules: Rules
    private var slots: [Slot?]
    private var unwrapper = SequenceUnwrapper()
    private var head: Int64?
    package private(set) var repairs = RepairList()
    private var hasStarted = false
    /// Whether something was lost for good since the last key frame.
    var isDamaged = false
    var decoded: [UInt64] = Array(repeating: .max, count: 512)
    var previous: Previous?
    /// Packets of padding alone since then.
    var fillers: Int64 = 0
    var lastPicture: (timestamp: UInt32, capture: Int64, source: UInt8)?
    var numbers: PictureNumbers
    var newestFrame = [Int64](repeating: -1, count: 256)
    /// Gaps that were passed: the number, whether a key frame begins behind it, and whether a frame was broken off
    /// before it.
    private var passed: [(sequence: Int64, isBeforeKeyFrame: Bool, isBehindCut: Bool)] = []
    /// The first packet of all, and whether it belongs to a key frame.
    private var first: (sequence: Int64, isKey: Bool)?
    var top: (picture: UInt32, source: UInt8, spatial: Int, temporal: Int)?
    /// How far time may be off at the next picture, where that is more or less than ever.
    var discontinuity: Duration?

    // MARK: What was found

    private var found: [Fault: Int] = [:]
    /// The first faults in words, and what could not be decoded.
    package internal(set) var details: [String] = []
    package internal(set) var pictureCount = 0
    package internal(set) var frameCount = 0
    package internal(set) var keyFrameCount = 0
    /// Pictures that grew behind their marker.
    package internal(set) var growthCount = 0
    /// Packets of padding alone.
    package private(set) var fillerCount = 0
    /// Frames that could not be decoded because of loss.
    package internal(set) var undecodableCount = 0
    /// The longest time between two pictures shown.
    package internal(set) var longestGap = Duration.zero
    /// Times without a picture of over 500 ms.
    package internal(set) var freezeCount = 0
    package internal(set) var lastShown: Instant?
    /// Whether a key frame has to be asked for.
    package internal(set) var needsKeyFrame = false
    package internal(set) var probe: Probe?
    /// Pictures of other layers than the probe's after it was done.
    package internal(set) var strayCount = 0
    /// The largest correction at a switch.
    package internal(set) var largestCorrection = Duration.zero

    /// - Parameters:
    ///   - rules: What the stream has to keep to.
    ///   - window: Packets that may wait for a gap before them, a power of two; each costs some 100 bytes.
    package init(_ rules: Rules, window: Int = 2048) {
        precondition(window > 0 && window & (window - 1) == 0)
        self.rules = rules
        numbers = PictureNumbers(rules.codec)
        slots = Array(repeating: nil, count: window)
    }

    /// What was found, and how often.
    package var faults: [Fault: Int] {
        guard let first, !first.isKey else { return found }
        return found.merging([.beganWithoutKeyFrame: 1]) { $1 }
    }
    /// Faults of all kinds.
    package var faultCount: Int { faults.values.reduce(0, +) }
    /// Gaps in the sequence numbers that nothing filled, and that no switch explains.
    package var unexplainedGapCount: Int { passed.count { !$0.isBeforeKeyFrame || !$0.isBehindCut } }
    /// What was shown last: timestamp and capture time.
    package var shown: (timestamp: UInt32, capture: Instant)? {
        lastPicture.map { ($0.timestamp, Instant(nanoseconds: $0.capture)) }
    }

    /// The layers of the newest picture; of a simulcast the spatial one is its encoding.
    package var layers: (spatial: Int, temporal: Int)? {
        top.map { (rules.isSVC ? $0.spatial : Int($0.source & 0x0F), $0.temporal) }
    }

    package func takeKeyFrameRequest() -> Bool {
        defer { needsKeyFrame = false }
        return needsKeyFrame
    }

    /// Watches for a change to these layers.
    package func watch(spatial: Int, temporal: Int, now: Instant) {
        probe = Probe(spatial: spatial, temporal: temporal, since: now)
    }

    /// Expects a pause, which is no freeze, or a source that begins anew, whose time can only go on as the clock does.
    package func expectDiscontinuity(within error: Duration) {
        discontinuity = error
        lastShown = nil
    }

    // MARK: Packets

    /// Takes one packet; a retransmission under its original number.
    package func receive(sequence: UInt16, timestamp: UInt32, marker: Bool, payload: Span<UInt8>, now: Instant) {
        let isFiller = payload.isEmpty
        if isFiller { fillerCount += 1 }
        guard let reading = isFiller ? PayloadReading() : PayloadReading(payload, rules.codec) else {
            return fault(.unreadable, "packet \(sequence): \(payload.count) bytes")
        }
        let newest = unwrapper.newest
        let number = unwrapper.unwrap(sequence)
        let place = Int(truncatingIfNeeded: number) & (slots.count - 1)
        if let held = slots[place], held.sequence == number {
            let same =
                held.timestamp == timestamp && held.marker == marker && held.reading.tag == reading.tag
                && held.reading.pictureID == reading.pictureID && held.reading.tl0 == reading.tl0
                && held.isFiller == isFiller
            if !same { fault(.reusedSequence, "\(sequence): \(held.reading.tag) and \(reading.tag)") }
            return
        }
        slots[place] = Slot(
            sequence: number,
            timestamp: timestamp,
            marker: marker,
            isFiller: isFiller,
            reading: reading
        )
        if let newest {
            if number > newest {
                if number > newest + 1 { repairs.add(newest + 1..<number, now: now) }
            } else {
                repairs.remove(number)
                passed.removeAll { $0.sequence == number }
                for index in passed.indices where passed[index].sequence == number + 1 {
                    passed[index].isBehindCut = slots[place].map(isCut) ?? false
                }
            }
        }
        if !isFiller, number < first?.sequence ?? .max { first = (number, reading.tag.isKey) }
        if !isFiller { check(reading) }
        drain(mayJump: reading.tag.isKey, now: now)
    }

    /// Appends the numbers to ask for, and goes on past those given up.
    package func advance(now: Instant, nacks: inout [UInt16]) {
        repairs.collect(now: now, into: &nacks)
        drain(mayJump: false, now: now)
    }

    package var nextDeadline: Instant? { repairs.nextDeadline }

    func slot(_ sequence: Int64) -> Slot? {
        guard let slot = slots[Int(truncatingIfNeeded: sequence) & (slots.count - 1)], slot.sequence == sequence else {
            return nil
        }
        return slot
    }

    private func drain(mayJump: Bool, now: Instant) {
        guard let newest = unwrapper.newest else { return }
        if !hasStarted {
            guard mayJump, let start = keyFrame(from: newest - 64, to: newest) else { return }
            _ = repairs.removeAll(before: start)
            // What the very first packet to arrive had overtaken was not missed yet.
            for sequence in start..<newest where slot(sequence) == nil && !repairs.contains(sequence) {
                repairs.add(sequence..<sequence + 1, now: now)
            }
            (hasStarted, head) = (true, start)
        }
        while let at = head, at <= newest {
            guard let first = slot(at) else {
                guard pass(at, newest, mayJump) else { return }
                continue
            }
            guard !first.isFiller else {
                fillers += 1
                head = at + 1
                continue
            }
            let tag = first.reading.tag
            guard tag.index == 0 else {
                // What is left of a frame whose beginning was given up.
                if let previous, previous.end + fillers == at - 1 {
                    fault(.cutFrame, "frame \(tag.frame) begins with packet \(tag.index)")
                }
                isDamaged = true
                head = at + 1
                continue
            }
            var length: Int64 = 1
            while length < Int64(tag.count), let next = slot(at + length), belongs(next, to: tag, Int(length)) {
                length += 1
            }
            if length < Int64(tag.count) {
                guard at + length <= newest else { return }
                guard slot(at + length) != nil else {
                    guard pass(at + length, newest, mayJump) else { return }
                    continue
                }
                fault(.cutFrame, "frame \(tag.frame) of \(tag.source) ends after \(length) of \(tag.count)")
                isDamaged = true
                head = at + length
                continue
            }
            take(first, at, length, now: now)
            head = at + length
        }
    }

    private func isCut(_ slot: Slot) -> Bool { !slot.marker || slot.isFiller }

    private func belongs(_ slot: Slot, to tag: FrameTag, _ index: Int) -> Bool {
        let own = slot.reading.tag
        return own.frame == tag.frame && own.source == tag.source && Int(own.index) == index && !slot.isFiller
    }

    /// Goes on behind a gap: to a whole key frame at once, else to what came, once the gap is given up.
    private func pass(_ missing: Int64, _ newest: Int64, _ mayJump: Bool) -> Bool {
        guard let head else { return false }
        if mayJump, !rules.hasIndependentLayers, let start = keyFrame(from: missing + 1, to: newest) {
            let gap = (head..<start).filter { slot($0) == nil }
            for sequence in gap {
                passed.append((sequence, sequence == start - 1, slot(sequence - 1).map(isCut) ?? false))
            }
            _ = repairs.removeAll(before: start)
            self.head = start
            return true
        }
        guard !repairs.contains(missing) else { return false }
        isDamaged = true
        passed.append((missing, false, false))
        self.head = missing + 1
        return true
    }

    /// Where the newest whole key frame begins that is the first of its picture.
    private func keyFrame(from: Int64, to: Int64) -> Int64? {
        var at = to
        while at >= from {
            defer { at -= 1 }
            guard let one = slot(at), one.reading.tag.beginsAnew, one.reading.tag.index == 0 else { continue }
            let tag = one.reading.tag
            let isFirst = tag.spatial == 0 || (1...16).allSatisfy { slot(at - $0)?.timestamp != one.timestamp }
            let isWhole = (0..<Int64(tag.count)).allSatisfy { index in
                slot(at + index).map { belongs($0, to: tag, Int(index)) } ?? false
            }
            if isFirst, isWhole { return at }
        }
        return nil
    }

    func fault(_ kind: Fault, _ text: @autoclosure () -> String) {
        found[kind, default: 0] += 1
        if details.count < 8 { details.append("\(kind): \(text())") }
    }
}
