// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Key-frame requests")
struct KeyFrameRequesterTests {
    /// Runs deadlines up to `end`, collecting when the sender is asked.
    private func run(
        _ requester: inout KeyFrameRequester,
        until end: Double,
        isAwaited: Bool
    ) -> [Double] {
        var asked: [Double] = []
        while let deadline = requester.nextDeadline, deadline <= at(end) {
            if requester.advance(to: deadline, isAwaited: isAwaited) {
                asked.append((deadline - start).inSeconds * 1000)
            }
        }
        return asked
    }

    @Test("The first goes out at once, others join it while it is pending")
    func collapse() {
        var requester = KeyFrameRequester()
        var sent = 0
        for step in 0..<200 where requester.request(now: at(Double(step))) { sent += 1 }
        #expect(sent == 1)
        requester.received()
        #expect(requester.nextDeadline == nil)
    }

    @Test("While somebody waits it is repeated after 1, 2, 4, 4 … seconds, mediasoup 990")
    func backOff() {
        var requester = KeyFrameRequester()
        #expect(requester.request(now: at(0)) == true)
        #expect(run(&requester, until: 20_000, isAwaited: true) == [1000, 3000, 7000, 11_000, 15_000, 19_000])
        requester.received()
        #expect(run(&requester, until: 60_000, isAwaited: true).isEmpty)
    }

    @Test("When nobody waits any more it is not repeated, but one who asked meanwhile gets one repetition")
    func abandoned() {
        var requester = KeyFrameRequester()
        _ = requester.request(now: at(0))
        #expect(run(&requester, until: 10_000, isAwaited: false).isEmpty)
        #expect(requester.nextDeadline == nil)
        _ = requester.request(now: at(20_000))
        _ = requester.request(now: at(20_500))
        #expect(run(&requester, until: 60_000, isAwaited: false) == [21_000])
    }

    @Test("keyFrameRequestDelay: the first passes, later ones gather at the end of the delay")
    func delay() {
        var requester = KeyFrameRequester(delay: .seconds(5))
        #expect(requester.request(now: at(0)) == true)
        requester.received()
        for time in [100.0, 900, 4000] {
            #expect(requester.request(now: at(time)) == false)
        }
        #expect(run(&requester, until: 5000, isAwaited: false) == [5000])
        requester.received()
        #expect(requester.request(now: at(10_000)) == true)
    }

    @Test("A key frame that arrives meanwhile serves those who were put off")
    func delayedAndServed() {
        var requester = KeyFrameRequester(delay: .seconds(5))
        _ = requester.request(now: at(0))
        requester.received()
        _ = requester.request(now: at(1000))
        requester.received()
        #expect(run(&requester, until: 60_000, isAwaited: true).isEmpty)
    }

    @Test("A forced request passes at once and starts the clock anew")
    func force() {
        var requester = KeyFrameRequester(delay: .seconds(5))
        _ = requester.request(now: at(0))
        #expect(requester.force(now: at(300)) == true)
        #expect(requester.nextDeadline == at(5300))
    }

    @Test("Forcing at every packet costs the sender five requests a second, no more")
    func forcedStorm() {
        var requester = KeyFrameRequester()
        var sent = 0
        for step in 0..<1000 {
            let now = at(Double(step))
            if let deadline = requester.nextDeadline, deadline <= now, requester.advance(to: now, isAwaited: true) {
                sent += 1
            }
            if requester.force(now: now) { sent += 1 }
        }
        #expect(sent == 5)
    }

    @Test("200 receivers that join within a second cost the sender at most six requests, JVB 404")
    func storm() {
        var requester = KeyFrameRequester()
        var sent = 0
        var answers: [Double] = []
        for step in 0..<1000 {
            let now = Double(step)
            if let deadline = requester.nextDeadline, deadline <= at(now),
                requester.advance(to: at(now), isAwaited: true)
            {
                sent += 1
                answers.append(now + 40)
            }
            if let first = answers.first, first <= now {
                answers.removeFirst()
                requester.received()
            }
            if step % 5 == 0, requester.request(now: at(now)) {
                sent += 1
                answers.append(now + 40)
            }
        }
        #expect((2...6).contains(sent))
    }
}
