// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletDTLS
import SwiftletWire
import Testing

@Suite("DTLS retransmission in virtual time, RFC 6347 §4.2.4")
struct RetransmissionTests {
    /// When a flight leaves, in milliseconds after the first time.
    private static let schedule: [Int64] = [
        0, 100, 300, 700, 1500, 3100, 6300, 10300, 14300, 18300, 22300, 26300,
    ]

    @Test("A silent server gets the hello at 0, 100, 300, 700 ms and on, and the 12th wait is the last")
    func silence() throws {
        let link = try VirtualLink()
        link.tamper = { _, _ in [] }
        link.handshake(within: .seconds(120))
        let client = link.record(of: .client)
        #expect(client.sent.map { ($0.at - link.start).wholeNanoseconds / 1_000_000 } == Self.schedule)
        #expect(client.failure == .timeout)
        #expect(client.failedAt == link.start + .milliseconds(30300))
        #expect(link[.client].nextDeadline == nil)
        // The hello is the same, under record numbers of its own.
        #expect(Set(client.sent.map { Array($0.datagram[13...]) }).count == 1)
        #expect(Set(client.sent.map { Array($0.datagram[..<13]) }).count == client.sent.count)
    }

    @Test("A server's flight follows the same schedule from when the hello came")
    func silentClient() throws {
        let link = try VirtualLink()
        var hello: [UInt8]?
        link.tamper = { side, datagram in
            guard side == .client, hello == nil else { return [] }
            hello = datagram
            return [datagram]
        }
        link.handshake(within: .seconds(120))
        let server = link.record(of: .server)
        let first = try #require(server.sent.first).at
        let distinct = server.sent.map { ($0.at - first).wholeNanoseconds / 1_000_000 }
        #expect(Set(distinct).sorted() == Self.schedule)
        #expect(server.failure == .timeout)
        #expect(server.failedAt == first + .milliseconds(30300))
    }

    @Test("A server without a hello waits without a deadline")
    func idleServer() throws {
        let link = try VirtualLink()
        link[.server].start(now: link.start)
        #expect(link[.server].nextDeadline == nil)
        link[.server].handleTimeout(now: link.start + .seconds(1000))
        #expect(link[.server].poll() == nil)
        #expect(link[.server].state == .connecting)
    }

    @Test("A call before the deadline does nothing, a late one sends once and waits from then")
    func lateTimeout() throws {
        let link = try VirtualLink()
        link.tamper = { _, _ in [] }
        link.startBoth()
        let client = link[.client]
        #expect(client.nextDeadline == link.start + .milliseconds(100))
        client.handleTimeout(now: link.start + .milliseconds(99))
        #expect(client.poll() == nil)
        client.handleTimeout(now: link.start + .milliseconds(950))
        guard case .send = client.poll() else {
            Issue.record("nothing was sent")
            return
        }
        #expect(client.poll() == nil)
        #expect(client.nextDeadline == link.start + .milliseconds(1150))
    }

    @Test("An answered flight starts the next one at 100 ms again")
    func reset() throws {
        let link = try VirtualLink()
        var helloCount = 0
        var hasAnswered = false
        link.tamper = { side, datagram in
            if side == .server { return [datagram] }
            if !hasAnswered {
                helloCount += 1
                hasAnswered = helloCount == 4
                return hasAnswered ? [datagram] : []
            }
            return []
        }
        link.startBoth()
        link.run(until: link.start + .milliseconds(2000))
        let times = link.record(of: .client).sent.map { ($0.at - link.start).wholeNanoseconds / 1_000_000 }
        // The fourth hello at 700 ms is answered at 710 ms; that flight is repeated 100, 200, 400 ms later.
        #expect(Array(Set(times)).sorted() == [0, 100, 300, 700, 710, 810, 1010, 1410])
    }

    @Test("A lost last flight is sent again when the client repeats its own", arguments: [1, 2, 4])
    func lastFlightLost(times: Int) throws {
        let link = try VirtualLink()
        var lost = 0
        link.tamper = { side, datagram in
            // Content type 20: the server's ChangeCipherSpec opens its last flight.
            guard side == .server, datagram[0] == 20, lost < times else { return [datagram] }
            lost += 1
            return []
        }
        link.handshake()
        #expect(lost == times)
        #expect(link.isConnected)
        let done = try #require(link.record(of: .client).completedAt)
        let waited = [1: 100, 2: 300, 4: 1500][times].map { Duration.milliseconds($0) }
        #expect(done - link.start == .milliseconds(20) + (waited ?? .zero))
        #expect(link.send([1, 2, 3], from: .server))
        link.run(for: .milliseconds(50))
        #expect(link.record(of: .client).messages == [[1, 2, 3]])
    }

    @Test("Once connected no time passing sends anything or ends the connection")
    func quietAfterwards() throws {
        let link = try VirtualLink()
        link.handshake()
        let count = Side.allCases.map { link.record(of: $0).sent.count }
        for side in Side.allCases { link[side].handleTimeout(now: link.now + .seconds(100_000)) }
        link.run(for: .seconds(100))
        #expect(Side.allCases.map { link.record(of: $0).sent.count } == count)
        #expect(link.isConnected)
    }
}
