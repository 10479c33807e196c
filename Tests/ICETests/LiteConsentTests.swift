// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletWire
import Testing

@Suite("ICE-lite agent: consent, RFC 7675")
struct LiteConsentTests {
    @Test(
        "30 s after the last check everything is forgotten, though media goes on; a check with the same credentials revives it"
    )
    func expiry() {
        var bench = LiteBench()
        bench.check(.use(), from: 1)
        bench.advance(by: .seconds(10))
        bench.check(from: 1)
        for _ in 0..<29 {
            bench.advance(by: .seconds(1))
            bench.media(from: 1)
        }
        #expect(bench.agent.state == .completed)
        bench.advance(by: .seconds(1))
        #expect(bench.agent.state == .disconnected && !bench.agent.isValid(LiteBench.tuple(1)))
        bench.media(from: 1)
        #expect(bench.agent.selectedTuple == nil)
        bench.check(.use(), from: 1)
        #expect(bench.states == [.completed, .disconnected, .completed])
    }

    @Test("Only checks that are accepted count")
    func refusedChecks() {
        var bench = LiteBench()
        bench.check(.use(), from: 1)
        for _ in 0..<29 {
            bench.advance(by: .seconds(1))
            bench.check(Check(isControlled: true), from: 1)
            bench.check(Check(isSigned: false), from: 1)
        }
        bench.advance(by: .seconds(1))
        #expect(bench.agent.state == .disconnected)
    }

    @Test("The timeout is kept between 10 and 60 s; 0 means never", arguments: [(1, 10), (20, 20), (900, 60), (0, 0)])
    func clamped(asked: Int, granted: Int) {
        var bench = LiteBench(consentTimeout: .seconds(asked))
        bench.check(from: 1)
        guard granted > 0 else {
            #expect(bench.agent.nextDeadline == nil)
            return
        }
        #expect(bench.agent.nextDeadline == bench.now + .seconds(granted))
    }
}

@Suite("ICE-lite agent: restart, RFC 8445 §9")
struct LiteRestartTests {
    @Test("Old credentials hold until the first check with the new ones, and not a moment longer")
    func handover() {
        var bench = LiteBench()
        let old = bench.agent.credentials
        bench.check(.use(), from: 1)
        let new = bench.restart()
        #expect(bench.agent.credentials == new && bench.agent.state == .completed)
        #expect(bench.agent.usernameFragments == [new.usernameFragment, old.usernameFragment])
        #expect(bench.check(from: 1, credentials: old)?.isSuccess == true)
        #expect(bench.retired.isEmpty)
        #expect(bench.check(.use(), from: 2, credentials: new)?.isSuccess == true)
        #expect(bench.retired == [old.usernameFragment])
        #expect(bench.agent.usernameFragments == [new.usernameFragment])
    }

    @Test("A late check with old credentials gets 401, and media goes on")
    func lateCheck() {
        var bench = LiteBench()
        let old = bench.agent.credentials
        bench.check(.use(), from: 1)
        bench.check(from: 2)
        let new = bench.restart()
        bench.check(.use(), from: 2, credentials: new)
        #expect(bench.check(.use(), from: 1, credentials: old)?.code == 401)
        #expect(bench.agent.state == .completed && bench.agent.isValid(LiteBench.tuple(1)))
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2))
    }

    @Test("Answers to old credentials are signed with the old password")
    func oldSignature() {
        var bench = LiteBench()
        let old = bench.agent.credentials
        bench.check(.use(), from: 1)
        bench.restart()
        bench.check(from: 1, credentials: old)
        let answer = bench.sent.last?.0 ?? []
        #expect(isSigned(answer, by: old) && !isSigned(answer, by: bench.agent.credentials))
    }

    @Test("Two restarts in a row keep one old pair; the first credentials are out at once")
    func twice() {
        var bench = LiteBench()
        let first = bench.agent.credentials
        bench.check(.use(), from: 1)
        let second = bench.restart()
        let third = bench.restart()
        #expect(bench.retired == [first.usernameFragment])
        #expect(bench.check(from: 1, credentials: first)?.code == 401)
        #expect(bench.check(from: 1, credentials: second)?.isSuccess == true)
        #expect(bench.check(from: 1, credentials: third)?.isSuccess == true)
        #expect(bench.check(from: 1, credentials: second)?.code == 401)
        #expect(bench.retired == [first.usernameFragment, second.usernameFragment])
    }

    @Test("The first nomination with new credentials wins over a better pair of the old ones")
    func newGeneration() {
        var bench = LiteBench()
        bench.check(.use(priority: 900), from: 1)
        let new = bench.restart()
        bench.check(.use(priority: 10), from: 2, credentials: new)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2))
        bench.check(.use(priority: 5), from: 3, credentials: new)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2))
    }

    @Test("Renomination counts anew after a restart, even when an old number comes in between")
    func counterStartsOver() {
        var bench = LiteBench()
        let old = bench.agent.credentials
        bench.check(.nominate(40), from: 1)
        let new = bench.restart()
        bench.check(.nominate(41), from: 1, credentials: old)
        bench.check(.nominate(1), from: 2, credentials: new)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2))
    }

    @Test("A restart gives a running consent timer its full time again, and starts none")
    func consent() {
        var bench = LiteBench()
        bench.restart()
        #expect(bench.agent.nextDeadline == nil)
        bench.check(from: 1)
        bench.advance(by: .seconds(20))
        bench.restart()
        #expect(bench.agent.nextDeadline == bench.now + .seconds(30))
    }
}
