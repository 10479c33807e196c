// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletWire
import Testing

@Suite("ICE-lite agent: states and selection")
struct LiteSelectionTests {
    @Test("A plain check connects and selects; USE-CANDIDATE completes")
    func states() {
        var bench = LiteBench()
        bench.check(from: 1)
        #expect(bench.agent.state == .connected && bench.agent.selectedTuple == LiteBench.tuple(1))
        bench.check(from: 2)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(1) && bench.agent.tuples.count == 2)
        bench.check(.use(), from: 2)
        #expect(bench.states == [.connected, .completed])
        #expect(bench.selections == [LiteBench.tuple(1), LiteBench.tuple(2)])
    }

    @Test("A first check that nominates completes at once", arguments: [Check.use(), .nominate(1)])
    func immediateNomination(check: Check) {
        var bench = LiteBench()
        bench.check(check, from: 1)
        #expect(bench.states == [.completed])
    }

    @Test("Firefox's USE-CANDIDATE on every check of two paths settles on the better one and does not flap")
    func aggressiveNomination() {
        var bench = LiteBench()
        for round in 0..<60 {
            bench.check(.use(priority: 100), from: 1)
            bench.advance(by: .milliseconds(20))
            bench.check(.use(priority: 200), from: 2)
            if round.isMultiple(of: 3) { bench.check(.use(priority: 100), from: 1) }
            bench.media(from: 2)
            bench.advance(by: .seconds(5))
        }
        #expect(bench.selections == [LiteBench.tuple(1), LiteBench.tuple(2)])
        #expect(bench.states == [.completed])
    }

    @Test("Two equally good paths stay with the first")
    func aggressiveTie() {
        var bench = LiteBench()
        for _ in 0..<60 {
            bench.check(.use(), from: 1)
            bench.check(.use(), from: 2)
            bench.advance(by: .seconds(6))
        }
        #expect(bench.selections == [LiteBench.tuple(1)])
    }

    @Test("Chrome's renomination moves the selection with every larger number and never without")
    func renomination() {
        var bench = LiteBench()
        bench.check(.nominate(1), from: 1)
        bench.check(.nominate(2), from: 2)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2))
        bench.check(.nominate(2), from: 1)
        bench.check(.nominate(1), from: 3)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2) && bench.agent.tuples.count == 3)
        bench.check(Check(usesCandidate: true, nomination: 2), from: 1)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2))
        bench.check(.nominate(9), from: 1)
        #expect(bench.selections == [LiteBench.tuple(1), LiteBench.tuple(2), LiteBench.tuple(1)])
    }

    @Test("A nomination that is no larger than the last, while new or disconnected, still connects")
    func staleNominationWhileDown() {
        var bench = LiteBench()
        bench.check(.nominate(0), from: 1)
        #expect(bench.agent.state == .connected)
        bench.check(.nominate(5), from: 1)
        bench.advance(by: .seconds(30))
        #expect(bench.agent.state == .disconnected)
        bench.check(.nominate(3), from: 2)
        #expect(bench.agent.state == .completed && bench.agent.selectedTuple == LiteBench.tuple(2))
        bench.remove(2)
        bench.check(.nominate(0), from: 3)
        #expect(bench.agent.state == .connected && bench.agent.selectedTuple == LiteBench.tuple(3))
    }

    @Test("A NAT's new port takes over once the old one has been silent")
    func rebindingBySilence() {
        var bench = LiteBench()
        bench.check(.use(), from: 1)
        bench.advance(by: .seconds(2))
        bench.check(.use(), from: 2)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(1))
        bench.advance(by: .milliseconds(2500))
        bench.check(.use(), from: 2)
        bench.advance(by: .seconds(3))
        bench.check(.use(), from: 2)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2))
    }

    @Test("A peer that nominates another path and only keeps the old one alive is followed")
    func keptAlive() {
        var bench = LiteBench()
        bench.check(.use(priority: 200), from: 1)
        for _ in 0..<3 {
            bench.advance(by: .seconds(3))
            bench.check(.plain, from: 1)
            bench.check(.use(priority: 100), from: 2)
        }
        #expect(bench.selections == [LiteBench.tuple(1), LiteBench.tuple(2)])
    }

    @Test("A NAT's new port takes over at once when media comes from it")
    func rebindingByMedia() {
        var bench = LiteBench()
        bench.check(.use(), from: 1)
        for _ in 0..<100 {
            bench.media(from: 1)
            bench.advance(by: .milliseconds(20))
        }
        bench.check(.plain, from: 2)
        bench.advance(by: .milliseconds(480))
        bench.media(from: 2)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2) && bench.agent.state == .completed)
        // The old port's checks, were there any, would not take it back by their priority alone.
        bench.check(.use(priority: 2_000_000), from: 1)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2))
    }

    @Test("Packets still in flight on the old path do not undo a renomination")
    func inFlight() {
        var bench = LiteBench()
        bench.check(.nominate(1), from: 1)
        bench.check(.plain, from: 2)
        for _ in 0..<100 {
            bench.media(from: 1)
            bench.advance(by: .milliseconds(20))
        }
        bench.check(.nominate(2), from: 2)
        for _ in 0..<40 {
            bench.media(from: 1)
            bench.advance(by: .milliseconds(20))
        }
        #expect(bench.selections == [LiteBench.tuple(1), LiteBench.tuple(2)])
    }

    @Test("Media on both paths at once does not flap")
    func dualPathMedia() {
        var bench = LiteBench()
        bench.check(.use(), from: 1)
        bench.check(.plain, from: 2)
        for _ in 0..<1000 {
            bench.media(from: 1)
            bench.media(from: 2)
            bench.advance(by: .milliseconds(20))
        }
        #expect(bench.selections == [LiteBench.tuple(1)])
    }

    @Test("Media from a tuple that passed no check is not followed")
    func unknownMedia() {
        var bench = LiteBench()
        bench.check(.use(), from: 1)
        bench.advance(by: .seconds(20))
        bench.media(from: 2)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(1) && !bench.agent.isValid(LiteBench.tuple(2)))
    }

    @Test("Of nine tuples the oldest that is not selected goes")
    func tupleLimit() {
        var bench = LiteBench()
        bench.check(.use(), from: 1)
        for port in 2...8 as ClosedRange<UInt16> { bench.check(from: port) }
        bench.check(from: 9)
        #expect(bench.agent.tuples.map(\.remote.port) == [9, 8, 7, 6, 5, 4, 3, 1])
        for port in 10...500 as ClosedRange<UInt16> { bench.check(from: port) }
        #expect(bench.agent.tuples.count == 8 && bench.agent.selectedTuple == LiteBench.tuple(1))
    }

    @Test("An IPv4-mapped address is the same tuple as its IPv4 form, on one socket")
    func mapped() throws {
        var bench = LiteBench()
        bench.check(from: 1)
        let mapped = Tuple(
            socket: SocketID(rawValue: 1),
            remote: try #require(SocketAddress("::ffff:192.0.2.1", port: 1))
        )
        let answer = bench.receive(Check.plain.bytes(for: bench.agent.credentials), from: mapped)
        #expect(bench.agent.tuples.count == 1 && answer?.mapped?.isIPv6 == false)
    }

    @Test("A new agent takes an address that another one had, and both stay whole")
    func sameAddressNewTransport() {
        var (old, new) = (LiteBench(), LiteBench())
        new.restart()
        old.check(.use(), from: 1)
        new.check(.use(), from: 1)
        old.remove(1)
        #expect(old.agent.state == .disconnected && new.agent.state == .completed)
        #expect(new.agent.isValid(LiteBench.tuple(1)) && !old.agent.isValid(LiteBench.tuple(1)))
    }
}

@Suite("ICE-lite agent: tuples that close")
struct LiteRemovalTests {
    @Test(
        "When the selected TCP connection closes, the tuple heard last takes over; when the last closes, nothing is left"
    )
    func removal() {
        var bench = LiteBench()
        bench.check(.use(), from: 1, transport: .tcp)
        #expect(bench.agent.selectedTransport == .tcp)
        bench.check(from: 2)
        bench.advance(by: .seconds(1))
        bench.check(from: 3)
        bench.advance(by: .seconds(1))
        bench.check(from: 2)
        bench.remove(1)
        #expect(bench.agent.selectedTuple == LiteBench.tuple(2) && bench.agent.state == .completed)
        bench.remove(3)
        bench.remove(2)
        #expect(bench.states == [.completed, .disconnected] && bench.selections.last == .some(nil))
        #expect(bench.agent.nextDeadline == nil)
        bench.check(from: 4)
        #expect(bench.agent.state == .connected)
    }

    @Test("Removing, closing and expiring twice or in any order, between any two outputs, changes nothing more")
    func everyOrder() {
        for step in 0..<12 {
            var bench = LiteBench()
            bench.check(.use(), from: 1, transport: .tcp)
            bench.check(from: 2, transport: .tcp)
            bench.advance(by: .seconds(30))
            #expect(bench.agent.state == .disconnected)
            // The owner closes connections when it hears of each removal, and hears of that again.
            bench.remove(1)
            bench.remove(2)
            if step.isMultiple(of: 2) { bench.check(from: 1, transport: .tcp) }
            if step.isMultiple(of: 3) { bench.remove(1) }
            bench.close()
            bench.close()
            bench.remove(1)
            bench.media(from: 1)
            bench.restart()
            bench.advance(by: .seconds(100))
            #expect(bench.agent.state == .closed && bench.states.count { $0 == .closed } == 1)
            #expect(bench.retired.count == 1 && bench.agent.usernameFragments.isEmpty)
        }
    }

    @Test("Calls made while outputs are still waiting do not mix up the owner's map", arguments: 0..<5)
    func callsBetweenOutputs(step: Int) {
        var bench = LiteBench()
        let bytes = Check.use().bytes(for: bench.agent.credentials)
        bench.agent.receive(bytes.span, from: LiteBench.tuple(1), transport: .tcp, now: bench.now)
        bench.agent.receive(bytes.span, from: LiteBench.tuple(2), transport: .tcp, now: bench.now)
        if step > 0 { bench.agent.remove(LiteBench.tuple(1), now: bench.now) }
        if step > 1 { bench.agent.handleTimeout(now: bench.now + .seconds(31)) }
        if step > 2 { bench.agent.receive(bytes.span, from: LiteBench.tuple(1), transport: .tcp, now: bench.now) }
        if step > 3 { bench.agent.close() }
        bench.advance(by: .zero)
        bench.close()
        #expect(bench.agent.tuples.isEmpty)
    }
}
