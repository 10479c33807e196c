// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What whole frames say: how they follow each other, what they refer to, and when they were made.
extension StreamChecker {
    /// Takes a whole frame: compares it with the one before, and decodes it.
    func take(_ first: Slot, _ start: Int64, _ length: Int64, now: Instant) {
        let tag = first.reading.tag
        var last = first
        for index in 1..<max(2, length) where index < length {
            guard let next = slot(start + index) else { return }
            if last.marker { fault(.marker, "in the middle of frame \(tag.frame)") }
            if next.timestamp != first.timestamp { fault(.timestampOfPicture, "within frame \(tag.frame)") }
            if next.reading.pictureID != first.reading.pictureID { fault(.pictureID, "within frame \(tag.frame)") }
            last = next
        }
        let gap = previous.map { start - $0.end - 1 } ?? 0
        let continues = previous.map { $0.tag.source == tag.source && $0.tag.picture == tag.picture } ?? false
        compare(first, continues: continues, gap: gap - fillers)
        numbers.check(first.reading, continues: continues, gap: gap) { fault($0, $1) }
        let order = Int64(tag.frame)
        if order <= newestFrame[Int(tag.source)] { fault(.order, "frame \(tag.frame) of \(tag.source)") }
        newestFrame[Int(tag.source)] = order
        decode(tag, first.timestamp, continues: continues, isWhole: gap == 0, now: now)
        previous = Previous(
            end: start + length - 1,
            timestamp: first.timestamp,
            marker: last.marker,
            tag: tag,
            pictureID: first.reading.pictureID
        )
        fillers = 0
    }

    private func compare(_ first: Slot, continues: Bool, gap: Int64) {
        guard let previous else { return }
        let tag = first.reading.tag
        if continues != (previous.timestamp == first.timestamp) {
            fault(.timestampOfPicture, "frame \(tag.frame) after \(previous.tag.frame) of source \(tag.source)")
        }
        if gap == 0, previous.marker == continues {
            if rules.mayGrow, continues, tag.spatial > previous.tag.spatial {
                growthCount += 1
            } else {
                fault(.marker, "at the end of frame \(previous.tag.frame), spatial layer \(previous.tag.spatial)")
            }
        }
    }

    private func decode(_ tag: FrameTag, _ timestamp: UInt32, continues: Bool, isWhole: Bool, now: Instant) {
        for index in 0..<FrameTag.maximumReferences where tag.references[index] != 0 {
            let number = tag.frame &- UInt32(tag.references[index])
            guard decoded[Int(number % 512)] != UInt64(tag.source) << 32 | UInt64(number) else { continue }
            if isDamaged {
                undecodableCount += 1
                if details.count < 8 {
                    details.append("undecodable: frame \(tag.frame) of \(tag.source) refers to \(number)")
                }
            } else {
                fault(
                    .missingReference,
                    "frame \(tag.frame) of \(tag.source) (s\(tag.spatial) t\(tag.temporal)) refers to \(number)"
                )
            }
            (isDamaged, needsKeyFrame) = (true, true)
            return
        }
        decoded[Int(tag.frame % 512)] = UInt64(tag.source) << 32 | UInt64(tag.frame)
        frameCount += 1
        if tag.beginsAnew {
            keyFrameCount += 1
            isDamaged = false
        }
        guard !continues || top?.picture != tag.picture || top?.source != tag.source else {
            top?.spatial = Int(tag.spatial)
            return
        }
        if let top { finish(top.source, top.spatial, top.temporal, now: now) }
        top = (tag.picture, tag.source, Int(tag.spatial), Int(tag.temporal))
        checkTime(tag, timestamp, isWhole: isWhole)
        pictureCount += 1
        if let lastShown {
            longestGap = max(longestGap, now - lastShown)
            if now - lastShown > .milliseconds(500) { freezeCount += 1 }
        }
        lastShown = now
    }

    /// A picture has all the frames it gets.
    private func finish(_ source: UInt8, _ spatial: Int, _ temporal: Int, now: Instant) {
        guard var probe else { return }
        let layer = rules.isSVC ? spatial : Int(source & 0x0F)
        let fits = layer == probe.spatial && temporal <= probe.temporal
        if probe.done != nil {
            if !fits { strayCount += 1 }
            return
        }
        if fits {
            probe.run += 1
            if temporal == probe.temporal { probe.reached = true }
            if probe.run >= 2, probe.reached { probe.done = now }
        } else {
            (probe.run, probe.reached) = (0, false)
        }
        self.probe = probe
    }

    // MARK: Numbers

    /// Whether the descriptor says the truth of a packet.
    func check(_ reading: PayloadReading) {
        let tag = reading.tag
        if reading.temporal >= 0, reading.temporal != Int8(tag.temporal) {
            fault(.descriptor, "temporal layer \(reading.temporal) for \(tag.temporal)")
        }
        if reading.spatial >= 0, reading.spatial != Int8(tag.spatial) {
            fault(.descriptor, "spatial layer \(reading.spatial) for \(tag.spatial)")
        }
        guard tag.index == 0 else { return }
        let isKey = tag.isKey && (rules.codec != .av1 || tag.spatial == 0)
        if !reading.isStart || reading.saysKey != isKey {
            fault(.descriptor, "start or key frame of frame \(tag.frame)")
        }
    }

    private func checkTime(_ tag: FrameTag, _ timestamp: UInt32, isWhole: Bool) {
        defer { lastPicture = (timestamp, tag.capture, tag.source) }
        guard let last = lastPicture else { return }
        let step = Duration.nanoseconds(
            Int64(Int32(bitPattern: timestamp &- last.timestamp)) * 1_000_000_000 / rules.clockRate
        )
        let captured = Duration.nanoseconds(tag.capture - last.capture)
        let difference = step - captured
        var isRight = step > .zero
        if let error = discontinuity {
            isRight = isRight && difference <= error && difference >= .zero - error
            discontinuity = nil
        } else if tag.source == last.source {
            isRight = isRight && difference <= rules.tolerance && difference >= .zero - rules.tolerance
        } else {
            // What came last of the old layer may be lost on the way, so that the correction shows without its cause.
            let lag = isWhole ? .zero : rules.lag
            isRight = isRight && step <= max(captured, rules.frameInterval) + lag + rules.tolerance
            isRight = isRight && captured >= .zero - rules.lag - lag
            largestCorrection = max(largestCorrection, difference > .zero ? difference : .zero - difference)
        }
        if !isRight {
            fault(.timestampJump, "\(step) for \(captured), source \(last.source) to \(tag.source)")
        }
    }
}
