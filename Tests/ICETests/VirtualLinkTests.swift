// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletSTUN
import SwiftletWire
import Testing

@Suite("ICE from client to lite server over a virtual link")
struct VirtualLinkTests {
    private static let lossy = VirtualLink.Conditions(loss: 0.2, duplicates: 0.05, delay: 5...150)

    @Test("On a clean link it takes two round trips")
    func clean() {
        var link = VirtualLink(seed: 1, conditions: VirtualLink.Conditions(delay: 20...20))
        link.start()
        let took = link.connect(within: .seconds(5))
        #expect(took == .milliseconds(80))
        #expect(link.clientStates == [.checking, .connected] && link.serverStates == [.connected, .completed])
    }

    @Test(
        "With 20 % loss, duplicates and reordering, every seed connects and stays so",
        arguments: 0..<100 as Range<UInt64>
    )
    func lossySeeds(seed: UInt64) {
        var link = VirtualLink(seed: seed, conditions: Self.lossy, sockets: [1, 2])
        link.start()
        let took = link.connect(within: .seconds(20))
        #expect(took != nil)
        link.advance(by: .seconds(60))
        #expect(link.client.state == .connected || link.client.state == .disconnected)
        #expect(link.lite.state == .completed)
        link.conditions.loss = 0
        link.advance(by: .seconds(20))
        #expect(link.client.state == .connected)
        let selected = link.client.selectedTuple
        #expect(selected.map { link.lite.selectedTuple?.remote.port == 10_000 + UInt16($0.socket.rawValue) } == true)
        // An attempt on another path that the client gives up may still reach the server.
        let searches = link.clientStates.count { $0 == .disconnected }
        #expect(link.serverSelections.count <= 3 + 2 * searches)
    }

    @Test(
        "Two restarts midway on a lossy link: always connected again, never unselected",
        arguments: 0..<50 as Range<UInt64>
    )
    func restarts(seed: UInt64) {
        var link = VirtualLink(seed: seed, conditions: Self.lossy, sockets: [1, 2])
        link.start()
        let first = link.connect(within: .seconds(20))
        #expect(first != nil)
        link.restart()
        link.advance(by: .milliseconds(Int(seed) * 7))
        link.restart()
        link.advance(by: .seconds(30))
        #expect(link.lite.usernameFragments == [link.lite.credentials.usernameFragment])
        #expect(link.lite.state == .completed && link.client.selectedTuple != nil)
        #expect(!link.serverStates.contains(.disconnected) && !link.clientSelections.contains(nil))
    }

    @Test("The server follows a client whose NAT gives it other ports", arguments: 0..<20 as Range<UInt64>)
    func rebinding(seed: UInt64) {
        var link = VirtualLink(seed: seed, conditions: VirtualLink.Conditions(loss: 0.05))
        link.start()
        let took = link.connect(within: .seconds(20))
        #expect(took != nil)
        link.advance(by: .seconds(12))
        link.rebind()
        link.advance(by: .seconds(25))
        #expect(link.lite.selectedTuple?.remote.port == 11_001)
        #expect(link.client.state == .connected && !link.serverStates.contains(.disconnected))
    }

    @Test("When the selected path dies another takes over, on both sides", arguments: [false, true])
    func failover(usesRenomination: Bool) {
        var link = VirtualLink(seed: 3, sockets: [1, 2], usesRenomination: usesRenomination)
        link.start()
        link.advance(by: .seconds(10))
        #expect(link.client.selectedTuple?.socket == SocketID(rawValue: 1))
        link.dead = [1]
        link.advance(by: .seconds(25))
        #expect(link.client.state == .connected && link.client.selectedTuple?.socket == SocketID(rawValue: 2))
        #expect(link.lite.selectedTuple?.remote.port == 10_002)
        #expect(link.clientStates == [.checking, .connected, .disconnected, .connected])
    }

    @Test("A closed socket is left at once for another that works")
    func socketClosed() {
        var link = VirtualLink(seed: 4, sockets: [1, 2])
        link.start()
        link.advance(by: .seconds(10))
        link.client.remove(SocketID(rawValue: 1), now: link.now)
        link.advance(by: .seconds(1))
        #expect(link.client.state == .connected && link.client.selectedTuple?.socket == SocketID(rawValue: 2))
    }

    @Test("With renomination a better path that comes up later is taken")
    func betterPathLater() {
        var link = VirtualLink(seed: 5, sockets: [1, 2], usesRenomination: true)
        link.dead = [1]
        link.start()
        link.advance(by: .seconds(1))
        #expect(link.client.selectedTuple?.socket == SocketID(rawValue: 2))
        link.dead = []
        link.advance(by: .seconds(5))
        #expect(link.client.selectedTuple?.socket == SocketID(rawValue: 1))
        #expect(link.lite.selectedTuple?.remote.port == 10_001)
    }

    @Test("Silence ends in disconnected, then failed after 30 s; a restart brings it back")
    func silence() {
        var link = VirtualLink(seed: 6)
        link.start()
        link.advance(by: .seconds(5))
        link.dead = [1]
        link.advance(by: .seconds(20))
        #expect(link.client.state == .disconnected && link.client.selectedTuple != nil)
        link.advance(by: .seconds(20))
        #expect(link.client.state == .failed && link.client.selectedTuple == nil && link.client.nextDeadline == nil)
        #expect(link.lite.state == .disconnected)
        link.dead = []
        link.restart()
        link.advance(by: .seconds(5))
        #expect(link.client.state == .connected && link.lite.state == .completed)
    }

    @Test("A short outage ends with the same pair")
    func outage() {
        var link = VirtualLink(seed: 7)
        link.start()
        link.advance(by: .seconds(5))
        link.dead = [1]
        link.advance(by: .seconds(20))
        link.dead = []
        link.advance(by: .seconds(8))
        #expect(link.clientStates == [.checking, .connected, .disconnected, .connected])
        #expect(link.clientSelections.count == 1)
    }

    @Test("A server that never answers is asked after 0.5, 1 and then every 2 s, and given up after 39.5 s")
    func unreachable() {
        var link = VirtualLink(seed: 8)
        link.dead = [1]
        link.start()
        link.advance(by: .milliseconds(1600))
        #expect(link.checksSent == 3)
        link.advance(by: .milliseconds(37_800))
        #expect(link.client.state == .checking && link.checksSent == 3 + 18)
        link.advance(by: .milliseconds(100))
        #expect(link.client.state == .failed && link.checksSent == 3 + 18)
    }

    @Test("Checks of several pairs are 50 ms apart")
    func pacing() {
        var link = VirtualLink(seed: 9, sockets: [1, 2, 3, 4])
        link.dead = [1, 2, 3, 4]
        link.start()
        var counts: [Int] = []
        for _ in 0..<5 {
            link.advance(by: .milliseconds(49))
            counts.append(link.checksSent)
            link.advance(by: .milliseconds(1))
        }
        #expect(counts == [1, 2, 3, 4, 4])
    }

    @Test("In an hour, consent is asked for every 5 s ± 20 % and nothing changes")
    func anHour() {
        var link = VirtualLink(seed: 10)
        link.start()
        link.advance(by: .seconds(10))
        let before = link.checksSent
        link.advance(by: .seconds(3600))
        #expect((680...760).contains(link.checksSent - before))
        #expect(link.clientStates.count == 2 && link.serverSelections.count == 1)
    }
}
