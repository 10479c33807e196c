// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletSTUN
import SwiftletWire
import Testing

@Suite("ICE-lite agent: who is answered, RFC 8445 §7.3")
struct LiteAnswerTests {
    @Test("A valid check is answered, signed, with the address it came from")
    func success() {
        var bench = LiteBench()
        let answer = bench.check(from: 1000)
        #expect(answer?.isSuccess == true && answer?.isSigned == true)
        #expect(answer?.mapped == LiteBench.tuple(1000).remote)
        #expect(bench.agent.statistics.accepted == 1)
    }

    @Test("One who does not know the fragment gets no answer at all")
    func unknown() {
        var bench = LiteBench()
        let stranger = ICECredentials(using: &bench.random)
        for var check in [Check.plain, .use(), Check(method: STUNMethod(rawValue: 3)), Check(unknown: [0x7000])] {
            #expect(bench.check(check, from: 1, credentials: stranger) == nil)
            check.isSigned = false
            #expect(bench.check(check, from: 1, credentials: stranger) == nil)
        }
        #expect(bench.agent.statistics.unknown == 8 && bench.agent.tuples.isEmpty)
    }

    @Test("One who knows the fragment alone gets an unsigned error, shorter than the request, and no tuple")
    func unproven() {
        var bench = LiteBench()
        let half = ICECredentials(usernameFragment: bench.agent.credentials.usernameFragment, password: "wrong")
        #expect(bench.check(from: 1, credentials: half)?.code == 401)
        #expect(bench.check(Check(isSigned: false), from: 1)?.code == 400)
        for check in [Check(priority: nil, isSigned: false, hasFingerprint: false), Check(), Check(isSigned: false)] {
            let request = check.bytes(for: half)
            let answer = bench.receive(request, from: LiteBench.tuple(1))
            #expect(answer.map { !$0.isSigned && $0.length <= request.count } == true)
        }
        #expect(bench.agent.tuples.isEmpty && bench.agent.state == .new)
    }

    @Test("Authentic but wrong requests get signed errors: 400, 420 and 487")
    func objections() {
        var bench = LiteBench()
        for (check, code) in [
            (Check(priority: nil), 400), (Check(priority: 0), 400), (Check(hasFingerprint: false), 400),
            (Check(method: STUNMethod(rawValue: 0x80)), 400), (Check(unknown: [0x7000]), 420),
            (Check(isControlled: true), 487),
        ] as [(Check, UInt16)] {
            let answer = bench.check(check, from: 1)
            #expect(answer?.code == code && answer?.isSigned == true)
        }
        #expect(bench.agent.statistics.refused == 6 && bench.agent.tuples.isEmpty)
    }

    @Test("Indications, responses, broken and foreign bytes are dropped in every state")
    func strays() {
        var bench = LiteBench()
        for _ in 0..<2 {
            for kind in [.indication, .success, .error] as [STUNClass] {
                #expect(bench.check(Check(messageClass: kind), from: 5) == nil)
            }
            for bytes in [[], [0], [UInt8](repeating: 0, count: 20), [UInt8](repeating: 0x80, count: 1200)] as [[UInt8]]
            {
                #expect(bench.receive(bytes, from: LiteBench.tuple(5)) == nil)
            }
            bench.check(from: 1)
        }
        #expect(bench.agent.tuples == [LiteBench.tuple(1)])
    }

    @Test("Attributes that browsers add are no reason to refuse")
    func browserAttributes() {
        var bench = LiteBench()
        let extras: [UInt16] = [0xC057, 0xC058, 0xC059, 0xC05B, 0xC060, 0xC070, 0xC071, 0x001C, 0x8022]
        #expect(bench.check(Check(unknown: extras), from: 1)?.isSuccess == true)
    }

    @Test("While nobody polls, packets are refused and memory does not grow")
    func unpolled() {
        var bench = LiteBench()
        let bytes = Check.plain.bytes(for: bench.agent.credentials)
        for _ in 0..<1000 { bench.agent.receive(bytes.span, from: LiteBench.tuple(1), transport: .udp, now: bench.now) }
        var outputs = 0
        while bench.agent.poll() != nil { outputs += 1 }
        #expect(outputs < 80)
        #expect(bench.agent.statistics.ignored > 900)
    }

    @Test("Forged checks against an agent whose credentials were replaced or whose transport closed do no harm")
    func authenticationAfterTheFact() {
        var bench = LiteBench()
        let first = bench.agent.credentials
        bench.check(from: 1)
        let second = bench.restart()
        bench.check(from: 1, credentials: second)
        for check in [Check.plain, .use(), Check(isSigned: false), Check(hasFingerprint: false)] {
            let answer = bench.check(check, from: 2, credentials: first)
            #expect(answer?.isSuccess != true)
        }
        bench.close()
        #expect(bench.check(from: 1, credentials: second) == nil)
        #expect(bench.agent.state == .closed)
    }
}
