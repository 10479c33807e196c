// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletSTUN
import SwiftletWire
import Testing

/// Two full agents that see each other's addresses as they are.
private struct FullPair {
    static let sockets = [SocketID(rawValue: 1), SocketID(rawValue: 2)]
    static let addresses = [SocketAddress(ipv4: 0x0A00_0001, port: 1), SocketAddress(ipv4: 0x0A00_0002, port: 2)]

    var agents: [ICEControllingAgent]
    var now = Instant(nanoseconds: 0)
    var packets: [(arrival: Instant, bytes: [UInt8], to: Int)] = []

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        agents = (0..<2).map { index in
            var agent = ICEControllingAgent(
                credentials: ICECredentials(using: &random),
                random: SeededRandom(seed: seed &* 2 &+ UInt64(index))
            )
            agent.add(
                .init(socket: Self.sockets[index], address: Self.addresses[index]),
                now: Instant(nanoseconds: 0)
            )
            return agent
        }
    }

    mutating func start(_ index: Int, knowsCandidate: Bool = true) {
        let remote = ICEControllingAgent.RemoteCandidate(address: Self.addresses[1 - index], priority: 2_130_706_431)
        agents[index].start(
            remote: agents[1 - index].credentials,
            isLite: false,
            candidates: knowsCandidate ? [remote] : [],
            now: now
        )
        follow()
    }

    mutating func advance(by duration: Duration) {
        let end = now + duration
        while true {
            let deadline = earliest(agents[0].nextDeadline, agents[1].nextDeadline)
            guard let next = earliest(deadline, packets.map(\.arrival).min()), next <= end else { break }
            now = max(now, next)
            if let index = packets.firstIndex(where: { $0.arrival <= now }) {
                let packet = packets.remove(at: index)
                let tuple = Tuple(socket: Self.sockets[packet.to], remote: Self.addresses[1 - packet.to])
                agents[packet.to].receive(packet.bytes.span, from: tuple, now: now)
            }
            for index in 0..<2 { agents[index].handleTimeout(now: now) }
            follow()
        }
        now = end
    }

    mutating func follow() {
        for index in 0..<2 {
            while let output = agents[index].poll() {
                if case .send(let bytes, _) = output { packets.append((now + .milliseconds(15), bytes, 1 - index)) }
            }
        }
    }
}

@Suite("ICE between full agents, RFC 8445 §7.3.1")
struct FullAgentTests {
    @Test(
        "Two that both want to control settle it by their tie-breakers and connect",
        arguments: 0..<20 as Range<UInt64>
    )
    func roleConflict(seed: UInt64) {
        var pair = FullPair(seed: seed)
        pair.start(0)
        pair.advance(by: .milliseconds(Int(seed) * 3))
        pair.start(1)
        pair.advance(by: .seconds(5))
        #expect(pair.agents.map(\.state) == [.connected, .connected])
        #expect(pair.agents[0].role != pair.agents[1].role)
        pair.advance(by: .seconds(120))
        #expect(pair.agents.map(\.state) == [.connected, .connected])
    }

    @Test("One that knows no candidate of the other learns it from a check")
    func peerReflexive() {
        var pair = FullPair(seed: 40)
        pair.start(0)
        pair.start(1, knowsCandidate: false)
        pair.advance(by: .seconds(5))
        #expect(pair.agents.map(\.state) == [.connected, .connected])
    }
}

@Suite("ICE client: what it believes")
struct ClientAnswerTests {
    private static let tuple = Tuple(socket: SocketID(rawValue: 1), remote: VirtualLink.serverAddress)

    /// A client with one check under way, and that check's transaction.
    private func waiting(isLite: Bool = true) throws -> (ICEControllingAgent, ICECredentials, STUNTransactionID) {
        var random = SeededRandom(seed: 2)
        let server = ICECredentials(using: &random)
        var client = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
        client.add(
            .init(socket: Self.tuple.socket, address: SocketAddress(ipv4: 1, port: 1)),
            now: Instant(nanoseconds: 0)
        )
        client.start(
            remote: server,
            isLite: isLite,
            candidates: VirtualLink.candidates,
            now: Instant(nanoseconds: 0)
        )
        client.handleTimeout(now: Instant(nanoseconds: 0))
        let id = Self.transaction(of: &client)
        return (client, server, try #require(id))
    }

    private static func transaction(of client: inout ICEControllingAgent) -> STUNTransactionID? {
        var found: STUNTransactionID?
        while let output = client.poll() {
            guard case .send(let bytes, _) = output, let view = try? STUNMessageView(parsing: bytes.span) else {
                continue
            }
            found = view.transactionID
        }
        return found
    }

    private func success(_ id: STUNTransactionID, _ credentials: ICECredentials) -> [UInt8] {
        STUNMessageBuilder.bindingSuccess(to: id, mappedAddress: Self.tuple.remote, key: key(credentials.password))
    }

    @Test("Only the right answer to the right request from the right address makes a pair valid")
    func rightAnswer() throws {
        var (client, server, id) = try waiting()
        let now = Instant(nanoseconds: 1)
        let stranger = ICECredentials(usernameFragment: server.usernameFragment, password: "wrong")
        let elsewhere = Tuple(socket: Self.tuple.socket, remote: SocketAddress(ipv4: 9, port: 9))
        for (bytes, tuple) in [
            (success(id, stranger), Self.tuple), (success(STUNTransactionID(high: 1, low: 1), server), Self.tuple),
            (success(id, server), elsewhere),
        ] {
            client.receive(bytes.span, from: tuple, now: now)
            #expect(!client.isValid(Self.tuple) && client.poll() == nil)
        }
        client.receive(success(id, server).span, from: Self.tuple, now: now)
        #expect(client.isValid(Self.tuple))
    }

    @Test("An error fails the pair at once; 487 from a lite server does too, and the role stays")
    func errors() throws {
        for code in [.badRequest, .unauthenticated, .roleConflict] as [STUNErrorCode] {
            var (client, _, id) = try waiting()
            let error = STUNMessageBuilder.errorResponse(to: id, method: .binding, code: code, key: nil)
            client.receive(error.span, from: Self.tuple, now: Instant(nanoseconds: 1))
            client.handleTimeout(now: Instant(nanoseconds: 1))
            #expect(client.state == .failed && client.role == .controlling)
        }
    }

    @Test("487 from a full peer turns the role round and asks again")
    func conflict() throws {
        var (client, _, id) = try waiting(isLite: false)
        let error = STUNMessageBuilder.errorResponse(to: id, method: .binding, code: .roleConflict, key: nil)
        client.receive(error.span, from: Self.tuple, now: Instant(nanoseconds: 1))
        client.handleTimeout(now: Instant(nanoseconds: 0) + .milliseconds(50))
        #expect(client.role == .controlled)
        let next = Self.transaction(of: &client)
        #expect(next != nil && next != id)
    }

    @Test("Over TCP a check goes to the connected end alone, once, and waits as long")
    func tcp() {
        var random = SeededRandom(seed: 3)
        let start = Instant(nanoseconds: 0)
        var client = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
        client.add(
            .init(
                socket: Self.tuple.socket,
                address: SocketAddress(ipv4: 1, port: 1),
                transport: .tcp,
                connectedTo: Self.tuple.remote
            ),
            now: start
        )
        let candidates = [Self.tuple.remote, SocketAddress(ipv4: 7, port: 7)].map {
            ICEControllingAgent.RemoteCandidate(address: $0, transport: .tcp, priority: 5)
        }
        client.start(
            remote: ICECredentials(using: &random),
            candidates: candidates + VirtualLink.candidates,
            now: start
        )
        var (now, sent) = (start, 0)
        while let deadline = client.nextDeadline {
            now = deadline
            client.handleTimeout(now: now)
            while let output = client.poll() {
                if case .send(_, let tuple) = output {
                    sent += 1
                    #expect(tuple == Self.tuple)
                }
            }
        }
        #expect(sent == 1 && client.state == .failed && now == start + .milliseconds(39_500))
    }
}
