// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletCrypto
import SwiftletDTLS
import SwiftletWire
import Testing

@Suite("Hostile input to DTLS", .serialized)
struct HostileInputTests {
    /// A copy of `datagram` with a few bytes changed, cut off or doubled.
    private static func mutate(_ datagram: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = datagram
        switch UInt8.random(in: 0..<6, using: &random) {
        case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        case 1: bytes += bytes.suffix(Int.random(in: 0...bytes.count, using: &random))
        case 2: bytes = (0..<bytes.count).map { _ in UInt8.random(in: 0...255, using: &random) }
        default:
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                // Headers more often than bodies.
                let reach = Bool.random(using: &random) ? min(bytes.count, 40) : bytes.count
                bytes[Int.random(in: 0..<reach, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        }
        return bytes
    }

    @Test("5,000 mutated datagrams to each end of a connection neither end it nor speak for the peer")
    func toConnected() throws {
        let link = try VirtualLink()
        link.handshake()
        #expect(link.send([1, 2, 3, 4], from: .client) && link.send([5, 6, 7, 8], from: .server))
        link.run(for: .milliseconds(50))
        var random = SeededRandom(seed: 11)
        for side in Side.allCases {
            let models = link.record(of: side.other).sent.map(\.datagram)
            for index in 0..<5000 { link.deliver(Self.mutate(models[index % models.count], &random), to: side) }
        }
        #expect(link.isConnected)
        #expect(link.record(of: .server).messages == [[1, 2, 3, 4]])
        #expect(link.record(of: .client).messages == [[5, 6, 7, 8]])
        #expect(link.send([9], from: .client) && link.send([8], from: .server))
        link.run(for: .milliseconds(50))
        #expect(link.record(of: .server).messages.last == [9] && link.record(of: .client).messages.last == [8])
    }

    @Test("10,000 mutated datagrams during handshakes never trap, nor lead to keys that the peer does not hold")
    func duringHandshakes() throws {
        let (client, server) = (try makeContext(), try makeContext())
        let model = VirtualLink(client: client, server: server)
        model.handshake()
        var random = SeededRandom(seed: 5)
        var (injected, connected) = (0, 0)
        for seed in 1...500 as ClosedRange<UInt64> {
            let link = VirtualLink(seed: seed, conditions: .rough(loss: 0.05), client: client, server: server)
            link.tamper = { side, datagram in
                var out = [datagram]
                for _ in 0..<5 {
                    // This handshake's own bytes, and those of another: right numbers, wrong contents.
                    let others = model.record(of: side).sent
                    let other = others[Int.random(in: 0..<others.count, using: &random)].datagram
                    let forged = Self.mutate(Bool.random(using: &random) ? datagram : other, &random)
                    injected += 1
                    if Bool.random(using: &random) { out.append(forged) } else { out.insert(forged, at: 0) }
                }
                return out
            }
            link.handshake()
            let (ours, theirs) = (link.record(of: .client), link.record(of: .server))
            if ours.completedAt != nil, theirs.completedAt != nil {
                #expect(ours.keys == theirs.keys?.reversed, "seed \(seed)")
                connected += 1
            }
            if ours.completedAt != nil { #expect(ours.certificate == server.certificate.der, "seed \(seed)") }
            if theirs.completedAt != nil { #expect(theirs.certificate == client.certificate.der, "seed \(seed)") }
        }
        #expect(injected >= 10_000, "\(injected)")
        #expect(connected > 10, "\(connected) of 500")
    }

    @Test("Garbage and mutated hellos leave a waiting server ready for its peer")
    func hellosToServer() throws {
        let link = try VirtualLink()
        link[.client].start(now: link.start)
        guard case .send(let hello)? = link[.client].poll() else {
            Issue.record("no hello")
            return
        }
        link[.server].start(now: link.start)
        var random = SeededRandom(seed: 3)
        for length in 0..<300 {
            link.deliver((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }, to: .server)
        }
        // A hello that is well formed outside and broken inside: the cookie runs past the end.
        var broken = hello
        broken[60] = 0xFF
        link.deliver(broken, to: .server)
        #expect(link.record(of: .server).sent.isEmpty)
        #expect(link[.server].state == .connecting && link[.server].nextDeadline == nil)
        link.deliver(hello, to: .server)
        #expect(!link.record(of: .server).sent.isEmpty)
    }

    @Test("Plaintext data, warnings and future epochs during a handshake are dropped; a fatal alert ends it")
    func plaintext() throws {
        let link = try VirtualLink()
        var hasSeenFlight = false
        link.tamper = { side, datagram in
            if side == .server { hasSeenFlight = true }
            return hasSeenFlight ? [] : [datagram]
        }
        link.startBoth()
        link.run(for: .milliseconds(50))
        #expect(hasSeenFlight)
        let strays: [[UInt8]] = [
            [23, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 90, 0, 2, 1, 2],  // application data
            [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 91, 0, 2, 1, 90],  // a warning
            [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 92, 0, 3, 2, 40, 0],  // an alert too long
            [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 93, 0, 1, 0],  // a handshake header too short
            [20, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 94, 0, 1, 2],  // no such ChangeCipherSpec
            [20, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 95, 0, 1, 1],  // one too early
            [22, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 96, 0, 2, 1, 2],  // the epoch to come
            [22, 0xFE, 0xFD, 0, 9, 0, 0, 0, 0, 0, 97, 0, 2, 1, 2],  // an epoch that never comes
            [99, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 98, 0, 2, 1, 2],  // no such type
        ]
        for side in Side.allCases {
            for stray in strays { link.deliver(stray, to: side) }
            #expect(link[side].state == .connecting)
            link.deliver([21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40], to: side)
            #expect(link.record(of: side).failure == .remoteAlert(40))
        }
    }

    @Test("A fatal alert in plaintext does not end a connection")
    func forgedAlert() throws {
        let link = try VirtualLink()
        link.handshake()
        for side in Side.allCases {
            link.deliver([21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40], to: side)
            link.deliver([21, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40], to: side)
        }
        #expect(link.isConnected)
    }

    @Test("A thousand handshakes leave no memory behind")
    func memory() throws {
        let (client, server) = (try makeContext(), try makeContext())
        func handshakes(_ count: Int) -> Bool {
            (0..<count).allSatisfy { seed in
                let link = VirtualLink(
                    seed: UInt64(seed),
                    conditions: .rough(loss: 0.1),
                    client: client,
                    server: server
                )
                link.handshake()
                return link.isConnected
            }
        }
        #expect(handshakes(100))
        let before = try Self.residentBytes()
        #expect(handshakes(1000))
        // A leaked pair would be 100 kB: 100 MB in all.
        #expect(try Self.residentBytes() - before < 20_000_000)
    }

    @Test("A connected pair holds less than its handshake needed, and a failed one holds nothing of OpenSSL")
    func memoryOfConnections() throws {
        let (client, server) = (try makeContext(), try makeContext())
        let before = try Self.residentBytes()
        let links = (0..<300).map { _ in VirtualLink(client: client, server: server) }
        for link in links { link.handshake() }
        #expect(links.allSatisfy { $0.isConnected })
        let each = try (Self.residentBytes() - before) / 600
        #expect(each < 60_000, "\(each) bytes an endpoint")
    }

    /// The process's resident memory; other tests run in it, so only large differences say anything.
    private static func residentBytes() throws -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { unsafe _ = fclose(file) }
        var buffer = [CChar](repeating: 0, count: 256)
        #expect(unsafe fgets(&buffer, Int32(buffer.count), file) != nil)
        let fields = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return try #require(fields.count > 1 ? Int(fields[1]) : nil) * 4096
    }
}
