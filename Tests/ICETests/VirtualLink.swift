// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletWire
import Testing

/// A lossy virtual network between one client behind a NAT and one lite server.
///
/// Everything follows from the seed. The clock only moves by ``advance(by:)``, which fires deadlines and deliveries in
/// order of time.
struct VirtualLink {
    struct Conditions {
        var loss = 0.0
        var duplicates = 0.0
        var delay: ClosedRange<Int> = 5...60
    }

    private struct Packet {
        var arrival: Instant
        var bytes: [UInt8]
        var tuple: Tuple
        var isForServer: Bool
    }

    static let serverAddress = SocketAddress(ipv4: 0xCB00_7101, port: 40_000)
    static let server = SocketID(rawValue: 100)

    var client: ICEControllingAgent
    var lite: ICELiteAgent
    var now = Instant(nanoseconds: 0)
    var conditions: Conditions
    /// Sockets of the client whose packets get lost both ways.
    var dead: Set<UInt32> = []
    var clientStates: [ICEControllingAgent.State] = []
    var serverStates: [ICELiteAgent.State] = []
    var clientSelections: [Tuple?] = []
    var serverSelections: [Tuple?] = []
    var checksSent = 0
    var random: SeededRandom
    private var natPort: UInt16 = 10_000
    private var packets: [Packet] = []

    init(seed: UInt64, conditions: Conditions = Conditions(), sockets: [UInt32] = [1], usesRenomination: Bool = false) {
        random = SeededRandom(seed: seed)
        self.conditions = conditions
        client = ICEControllingAgent(
            credentials: ICECredentials(using: &random),
            usesRenomination: usesRenomination,
            random: SeededRandom(seed: seed ^ 0xFFFF)
        )
        lite = ICELiteAgent(credentials: ICECredentials(using: &random))
        for (index, socket) in sockets.enumerated() {
            client.add(
                ICEControllingAgent.LocalCandidate(
                    socket: SocketID(rawValue: socket),
                    address: SocketAddress(ipv4: 0x0A00_0001, port: UInt16(socket)),
                    preference: 65_535 - UInt32(index) * 1000
                ),
                now: now
            )
        }
    }

    static var candidates: [ICEControllingAgent.RemoteCandidate] {
        [ICEControllingAgent.RemoteCandidate(address: serverAddress, priority: 1_000_000)]
    }

    mutating func start() {
        client.start(remote: lite.credentials, candidates: Self.candidates, now: now)
        follow()
    }

    /// Restarts both ends, as signalling would.
    mutating func restart() {
        lite.restart(credentials: ICECredentials(using: &random), now: now)
        client.restart(
            credentials: ICECredentials(using: &random),
            remote: lite.credentials,
            candidates: Self.candidates,
            now: now
        )
        follow()
    }

    /// The NAT forgets the client: its packets come from other ports, and answers to the old ones get lost.
    mutating func rebind() { natPort += 1000 }

    mutating func advance(by duration: Duration) {
        let end = now + duration
        while true {
            let deadline = earliest(client.nextDeadline, lite.nextDeadline)
            let delivery = packets.map(\.arrival).min()
            guard let next = earliest(deadline, delivery), next <= end else { break }
            now = max(now, next)
            if let index = packets.firstIndex(where: { $0.arrival <= now }) { deliver(packets.remove(at: index)) }
            client.handleTimeout(now: now)
            lite.handleTimeout(now: now)
            follow()
        }
        now = end
    }

    /// Advances until the client is connected, and says how long that took.
    mutating func connect(within limit: Duration) -> Duration? {
        let begin = now
        while now - begin < limit {
            if client.state == .connected { return now - begin }
            advance(by: .milliseconds(10))
        }
        return nil
    }

    private mutating func deliver(_ packet: Packet) {
        if packet.isForServer {
            lite.receive(packet.bytes.span, from: packet.tuple, transport: .udp, now: now)
        } else {
            client.receive(packet.bytes.span, from: packet.tuple, now: now)
        }
    }

    private mutating func follow() {
        while let output = client.poll() {
            switch output {
            case .send(let bytes, let tuple):
                checksSent += 1
                guard !dead.contains(tuple.socket.rawValue), tuple.remote == Self.serverAddress else { continue }
                let outside = SocketAddress(ipv4: 0xC633_6401, port: natPort + UInt16(tuple.socket.rawValue))
                transfer(bytes, Tuple(socket: Self.server, remote: outside), isForServer: true)
            case .stateChanged(let state): clientStates.append(state)
            case .selectedTupleChanged(let tuple): clientSelections.append(tuple)
            }
        }
        while let output = lite.poll() {
            switch output {
            case .send(let bytes, let tuple):
                guard tuple.remote.port > natPort, tuple.remote.port < natPort + 1000 else { continue }
                let socket = SocketID(rawValue: UInt32(tuple.remote.port - natPort))
                guard !dead.contains(socket.rawValue) else { continue }
                transfer(bytes, Tuple(socket: socket, remote: Self.serverAddress), isForServer: false)
            case .stateChanged(let state): serverStates.append(state)
            case .selectedTupleChanged(let tuple): serverSelections.append(tuple)
            case .tupleAdded, .tupleRemoved, .localUsernameFragmentRetired: break
            }
        }
    }

    private mutating func transfer(_ bytes: [UInt8], _ tuple: Tuple, isForServer: Bool) {
        let copies = Double.random(in: 0..<1, using: &random) < conditions.duplicates ? 2 : 1
        for _ in 0..<copies where Double.random(in: 0..<1, using: &random) >= conditions.loss {
            let arrival = now + .milliseconds(Int.random(in: conditions.delay, using: &random))
            packets.append(Packet(arrival: arrival, bytes: bytes, tuple: tuple, isForServer: isForServer))
        }
    }
}
