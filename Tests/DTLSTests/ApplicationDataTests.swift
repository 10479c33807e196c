// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletDTLS
import SwiftletWire
import Testing

@Suite("DTLS application data and closing, RFC 6347 §4.1 and RFC 5246 §7.2.1")
struct ApplicationDataTests {
    @Test("Messages pass both ways, one datagram each, up to the MTU and not beyond", arguments: [256, 1200])
    func messages(mtu: Int) throws {
        let context = try makeContext()
        let link = VirtualLink(client: context, server: context, mtu: mtu)
        link.handshake()
        let limit = link[.client].maximumMessageLength
        #expect(limit > mtu - 64 && limit < mtu)
        for side in Side.allCases {
            let before = link.record(of: side).sent.count
            let message = (0..<limit).map { UInt8(truncatingIfNeeded: $0) }
            #expect(link.send(message, from: side))
            #expect(!link.send(message + [0], from: side))
            #expect(!link.send([], from: side))
            let sent = link.record(of: side).sent.dropFirst(before).map(\.datagram.count)
            #expect(sent.count == 1)
            #expect(sent.allSatisfy { $0 <= mtu })
            link.run(for: .milliseconds(20))
            #expect(link.record(of: side.other).messages == [message])
        }
        #expect(link.isConnected)
    }

    @Test("Nothing can be sent before the handshake is complete or after the end")
    func onlyWhileConnected() throws {
        let link = try VirtualLink()
        #expect(!link.send([1], from: .client))
        link.startBoth()
        #expect(!link.send([1], from: .client))
        #expect(link[.client].maximumMessageLength == 0)
        link.run(for: .seconds(1))
        #expect(link.send([1], from: .client))
        link.close(.client)
        #expect(!link.send([1], from: .client))
    }

    @Test("A peer that says farewell during the handshake closes the connection")
    func closedByPeerEarly() throws {
        let link = try VirtualLink()
        link.startBoth()
        link.run(for: .milliseconds(7))
        for side in Side.allCases {
            link.deliver([21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 60, 0, 2, 1, 0], to: side)
            #expect(link[side].state == .closed)
            #expect(link.record(of: side).isClosed && link.record(of: side).failure == nil)
        }
    }

    @Test("Data that overtakes the last flight is delivered after the handshake is complete, never before")
    func overtakesLastFlight() throws {
        let link = try VirtualLink()
        var lastFlight: [[UInt8]] = []
        link.tamper = { side, datagram in
            guard side == .server, datagram[0] == 20 else { return [datagram] }
            lastFlight = recordsOf(datagram)
            return []
        }
        link.startBoth()
        link.run(until: link.start + .milliseconds(90)) { _ in lastFlight.count == 2 }
        #expect(link[.server].state == .connected && link[.client].state == .connecting)
        #expect(link.send([4, 2], from: .server))
        #expect(link.send([4, 3], from: .server))
        let early = link.record(of: .server).sent.suffix(2).map(\.datagram)
        // The link's network delivers neither yet: the order is ours. One comes before the ChangeCipherSpec.
        link.deliver(early[0], to: .client)
        #expect(link.record(of: .client).completedAt == nil)
        link.deliver(lastFlight[0], to: .client)
        link.deliver(early[1], to: .client)
        #expect(link.record(of: .client).messages.isEmpty)
        link.deliver(lastFlight[1], to: .client)
        #expect(link.record(of: .client).completedAt != nil)
        #expect(link.record(of: .client).messages.sorted { $0[1] < $1[1] } == [[4, 2], [4, 3]])
    }

    @Test("Closing says farewell, and the peer closes, too", arguments: [Side.client, .server])
    func closing(side: Side) throws {
        let link = try VirtualLink()
        link.handshake()
        link.close(side)
        #expect(link[side].state == .closed)
        #expect(link.record(of: side).isClosed)
        #expect(link.record(of: side).sent.last?.datagram[0] == 21)
        link.run(for: .milliseconds(20))
        #expect(link[side.other].state == .closed)
        #expect(link.record(of: side.other).isClosed)
        #expect(link.record(of: side.other).sent.last?.datagram[0] == 21, "close_notify is answered")
        link.close(side)
        link.close(side.other)
        #expect(link[side].poll() == nil && link[side.other].poll() == nil)
    }

    @Test("Closing before or during the handshake is silent and final")
    func closingEarly() throws {
        let link = try VirtualLink()
        link.close(.server)
        #expect(link.record(of: .server).isClosed)
        link.startBoth()
        link.close(.client)
        #expect(link.record(of: .client).isClosed)
        #expect(link.record(of: .client).sent.count == 1, "the hello alone")
        link.run(for: .seconds(40))
        #expect(link[.client].state == .closed && link[.server].state == .closed)
        #expect(link.record(of: .server).sent.isEmpty)
    }

    @Test("Data that is all a peer sends before its last flight neither grows memory nor is delivered")
    func earlyFlood() throws {
        let link = try VirtualLink()
        var hasFlight = false
        link.tamper = { side, datagram in
            hasFlight = hasFlight || side == .server && datagram[0] == 20
            return hasFlight ? [] : [datagram]
        }
        link.startBoth()
        link.run(until: link.start + .milliseconds(90)) { _ in hasFlight }
        let before = link[.client].dropped
        for index in 0..<100 {
            #expect(link.send([UInt8(index)], from: .server))
            guard let datagram = link.record(of: .server).sent.last?.datagram else { continue }
            link.deliver(datagram, to: .client)
        }
        #expect(link[.client].dropped - before == 92, "eight are kept")
        #expect(link.record(of: .client).messages.isEmpty)
        #expect(link[.client].state == .connecting)
    }

    @Test("A replayed message is delivered once")
    func replay() throws {
        let link = try VirtualLink()
        link.handshake()
        #expect(link.send([7], from: .client))
        let datagram = try #require(link.record(of: .client).sent.last).datagram
        for _ in 0..<3 { link.deliver(datagram, to: .server) }
        #expect(link.record(of: .server).messages == [[7]])
        #expect(link.isConnected)
    }

    @Test("Outputs that nobody polls stop at their bound")
    func boundedOutputs() throws {
        let link = try VirtualLink()
        link.handshake()
        let bound = DTLSEndpoint.maximumOutputs
        let message: [UInt8] = [9]
        for _ in 0..<bound + 50 { _ = link[.client].send(message.span, now: link.now) }
        #expect(link[.client].dropped == 50)
        var count = 0
        while link[.client].poll() != nil { count += 1 }
        #expect(count == bound)
    }
}
