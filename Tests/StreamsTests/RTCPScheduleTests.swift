// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Report intervals, RFC 3550 §6.2")
struct RTCPScheduleTests {
    @Test("First 500 ms after connecting, then every 1.0 to 1.5 s at random")
    func schedule() throws {
        var random = SeededRandom(seed: 4)
        var schedule = RTCPSchedule()
        #expect(schedule.nextDeadline == nil)
        schedule.connect(now: start)
        #expect(schedule.nextDeadline == at(500))
        let early = schedule.fire(now: at(499), using: &random)
        #expect(!early)
        var now = at(500)
        var intervals: Set<Int64> = []
        for _ in 0..<200 {
            let fired = schedule.fire(now: now, using: &random)
            #expect(fired)
            let next = try #require(schedule.nextDeadline)
            intervals.insert((next - now).wholeNanoseconds / 1_000_000)
            now = next
        }
        #expect(intervals == [1000, 1100, 1200, 1300, 1400, 1500])
        schedule.disconnect()
        #expect(schedule.nextDeadline == nil)
    }

    @Test("Video takes part in every report, audio in one of about five seconds")
    func kinds() {
        var video = ReportTimer(kind: .video)
        var audio = ReportTimer(kind: .audio)
        var counts = (video: 0, audio: 0)
        for step in 0..<60 {
            if video.take(now: at(Double(step) * 1000)) { counts.video += 1 }
            if audio.take(now: at(Double(step) * 1000)) { counts.audio += 1 }
        }
        #expect(counts.video == 60)
        #expect(counts.audio == 12)
        var early = ReportTimer(kind: .video)
        _ = early.take(now: at(0))
        #expect(early.take(now: at(860)) == false)
        #expect(early.take(now: at(870)) == true, "15 % early is on time")
    }
}
