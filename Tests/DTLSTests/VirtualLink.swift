// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import SwiftletWire

/// Which end of a link.
enum Side: Int, CaseIterable {
    case client, server

    var other: Side { self == .client ? .server : .client }
}

/// Two endpoints and a bad network between them, in virtual time.
final class VirtualLink {
    /// What the network does to a datagram.
    struct Conditions {
        var loss = 0.0
        var duplication = 0.0
        var delay: ClosedRange<Int64> = 5_000_000...5_000_000

        /// Loses that share, doubles every twentieth, and delays by 5 to 40 ms, so that order is lost, too.
        static func rough(loss: Double) -> Conditions {
            Conditions(loss: loss, duplication: 0.05, delay: 5_000_000...40_000_000)
        }
    }

    /// What an endpoint said.
    struct Record {
        var keys: SRTPKeyingMaterial?
        var certificate: [UInt8]?
        var completedAt: Instant?
        var messages: [[UInt8]] = []
        var isClosed = false
        var failure: DTLSFailure?
        var failedAt: Instant?
        /// Everything it sent, and when, before the network touched it.
        var sent: [(at: Instant, datagram: [UInt8])] = []
    }

    let start = Instant(nanoseconds: 1_000_000_000)
    private(set) var now: Instant
    let endpoints: [DTLSEndpoint]
    private(set) var records = [Record(), Record()]
    /// What becomes of a datagram that one side sends; the identity if not set.
    var tamper: (Side, [UInt8]) -> [[UInt8]] = { _, datagram in [datagram] }

    private var random: SeededRandom
    private let conditions: Conditions
    private var flying: [(at: Instant, order: Int, to: Side, bytes: [UInt8])] = []
    private var order = 0

    init(
        seed: UInt64 = 1,
        conditions: Conditions = Conditions(),
        client: DTLSContext,
        server: DTLSContext,
        mtu: Int = DTLSEndpoint.defaultMTU
    ) {
        now = start
        random = SeededRandom(seed: seed)
        self.conditions = conditions
        endpoints = [
            DTLSEndpoint(context: client, role: .client, mtu: mtu),
            DTLSEndpoint(context: server, role: .server, mtu: mtu),
        ]
    }

    /// A link between two fresh certificates.
    convenience init(seed: UInt64 = 1, conditions: Conditions = Conditions()) throws {
        try self.init(seed: seed, conditions: conditions, client: makeContext(), server: makeContext())
    }

    subscript(side: Side) -> DTLSEndpoint { endpoints[side.rawValue] }

    func record(of side: Side) -> Record { records[side.rawValue] }

    var isConnected: Bool { endpoints.allSatisfy { $0.state == .connected } }

    func startBoth() {
        for side in Side.allCases.reversed() {
            self[side].start(now: now)
            drain(side)
        }
    }

    /// Starts both and runs until they are connected, failed, or the time is over.
    func handshake(within limit: Duration = .seconds(60)) {
        startBoth()
        run(until: start + limit) { $0.endpoints.allSatisfy { $0.state != .connecting } }
    }

    func deliver(_ bytes: [UInt8], to side: Side) {
        self[side].receive(bytes.span, now: now)
        drain(side)
    }

    func send(_ message: [UInt8], from side: Side) -> Bool {
        defer { drain(side) }
        return self[side].send(message.span, now: now)
    }

    func close(_ side: Side) {
        self[side].close(now: now)
        drain(side)
    }

    /// Lets time pass until `end`, or until `isDone`.
    func run(until end: Instant, isDone: (VirtualLink) -> Bool = { _ in false }) {
        while !isDone(self) {
            let arrival = flying.indices.min { (flying[$0].at, flying[$0].order) < (flying[$1].at, flying[$1].order) }
            let deadline = earliest(self[.client].nextDeadline, self[.server].nextDeadline)
            guard let next = earliest(arrival.map { flying[$0].at }, deadline), next <= end else {
                now = max(now, end)
                return
            }
            now = max(now, next)
            if let arrival, flying[arrival].at <= now {
                let packet = flying.remove(at: arrival)
                deliver(packet.bytes, to: packet.to)
            }
            for side in Side.allCases where self[side].nextDeadline.map({ $0 <= now }) ?? false {
                self[side].handleTimeout(now: now)
                drain(side)
            }
        }
    }

    /// Runs for that long.
    func run(for duration: Duration) { run(until: now + duration) }

    private func drain(_ side: Side) {
        while let output = self[side].poll() {
            switch output {
            case .send(let datagram):
                records[side.rawValue].sent.append((now, datagram))
                for bytes in tamper(side, datagram) { transmit(bytes, from: side) }
            case .handshakeComplete(let keys, let certificate):
                precondition(records[side.rawValue].completedAt == nil, "said once")
                records[side.rawValue].keys = keys
                records[side.rawValue].certificate = certificate
                records[side.rawValue].completedAt = now
            case .applicationData(let message):
                precondition(records[side.rawValue].completedAt != nil, "never before the handshake is complete")
                records[side.rawValue].messages.append(message)
            case .closed:
                records[side.rawValue].isClosed = true
            case .failed(let failure):
                records[side.rawValue].failure = failure
                records[side.rawValue].failedAt = now
            }
        }
    }

    private func transmit(_ bytes: [UInt8], from side: Side) {
        let copies = Double.random(in: 0..<1, using: &random) < conditions.duplication ? 2 : 1
        for _ in 0..<copies where Double.random(in: 0..<1, using: &random) >= conditions.loss {
            let delay = Int64.random(in: conditions.delay, using: &random)
            order += 1
            flying.append((now + .nanoseconds(delay), order, side.other, bytes))
        }
    }
}

/// A context under a new certificate.
func makeContext(profiles: [SRTPProfile] = SRTPProfile.preferenceOrder) throws -> DTLSContext {
    try DTLSContext(certificate: .generate(unixSeconds: 1_800_000_000), profiles: profiles)
}

/// The records of a datagram, which must hold whole ones.
func recordsOf(_ datagram: [UInt8]) -> [[UInt8]] {
    var (records, offset): ([[UInt8]], Int) = ([], 0)
    while offset + 13 <= datagram.count {
        let end = offset + 13 + Int(datagram[offset + 11]) << 8 + Int(datagram[offset + 12])
        records.append(Array(datagram[offset..<end]))
        offset = end
    }
    return records
}

/// Cuts a plaintext record of one unfragmented handshake message into one record for each range of its body.
func refragment(_ record: [UInt8], into ranges: [Range<Int>], firstRecordNumber: UInt8 = 0) -> [[UInt8]] {
    let body = Array(record[25...])
    return ranges.enumerated().map { index, range in
        var fragment = Array(record[0..<25])
        let part = Array(body[range])
        fragment[10] = firstRecordNumber + UInt8(index)
        (fragment[11], fragment[12]) = (UInt8((part.count + 12) >> 8), UInt8((part.count + 12) & 0xFF))
        (fragment[20], fragment[21]) = (UInt8(range.lowerBound >> 8), UInt8(range.lowerBound & 0xFF))
        (fragment[23], fragment[24]) = (UInt8(part.count >> 8), UInt8(part.count & 0xFF))
        return fragment + part
    }
}

/// Moves the numbers of plaintext records up, away from those that ``refragment(_:into:firstRecordNumber:)`` used.
func renumber(_ datagram: [UInt8]) -> [UInt8] {
    recordsOf(datagram).flatMap { record in
        var record = record
        if record[4] == 0 { record[10] += 30 }
        return record
    }
}
