// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletSTUN
import SwiftletWire
import Testing

@Suite("ICE agents under mutation")
struct ICEFuzzTests {
    private func mutate(_ seed: [UInt8], using random: inout SeededRandom) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeLast(Int.random(in: 0...min(24, bytes.count), using: &random))
            default:
                bytes.insert(
                    UInt8.random(in: 0...255, using: &random),
                    at: Int.random(in: 0...bytes.count, using: &random)
                )
            }
        }
        if bytes.count >= 20, Bool.random(using: &random) {
            (bytes[2], bytes[3]) = (UInt8((bytes.count - 20) >> 8 & 0xFF), UInt8(truncatingIfNeeded: bytes.count - 20))
        }
        return bytes
    }

    @Test("100,000 mutated datagrams to the server: no trap, its owner's map stays true, and strangers get no tuple")
    func lite() {
        var bench = LiteBench()
        var random = SeededRandom(seed: 21)
        let half = ICECredentials(usernameFragment: bench.agent.credentials.usernameFragment, password: "wrong")
        let seeds = [Check.plain, .use(), .nominate(3), Check(unknown: [0x7000]), Check(isControlled: true)].map {
            $0.bytes(for: half)
        }
        for _ in 0..<100_000 {
            let bytes = mutate(seeds[Int.random(in: seeds.indices, using: &random)], using: &random)
            bench.receive(bytes, from: LiteBench.tuple(UInt16.random(in: 1...20, using: &random)))
            bench.sent.removeAll(keepingCapacity: true)
        }
        #expect(bench.agent.tuples.isEmpty && bench.agent.state == .new)
        #expect(bench.agent.statistics.refused > 1000)
    }

    @Test(
        "Any sequence of checks, media, restarts, removals and time keeps the agent whole",
        arguments: 0..<20 as Range<UInt64>
    )
    func anySequence(seed: UInt64) {
        var bench = LiteBench()
        var random = SeededRandom(seed: seed)
        var known = [bench.agent.credentials]
        for _ in 0..<2000 {
            let port = UInt16.random(in: 1...12, using: &random)
            let credentials = known[Int.random(in: max(0, known.count - 4)..<known.count, using: &random)]
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<4: bench.check(from: port, credentials: credentials)
            case 4..<8:
                bench.check(
                    .use(priority: UInt32.random(in: 0...9, using: &random)),
                    from: port,
                    credentials: credentials
                )
            case 8..<11:
                bench.check(.nominate(UInt32.random(in: 0...5, using: &random)), from: port, credentials: credentials)
            case 11..<15: bench.media(from: port)
            case 15: bench.remove(port)
            case 16: known.append(bench.restart())
            default:
                bench.advance(
                    by: .milliseconds(Int.random(in: 0...(seed.isMultiple(of: 2) ? 400 : 20_000), using: &random))
                )
            }
            bench.sent.removeAll(keepingCapacity: true)
        }
        bench.close()
        #expect(bench.retired.count == known.count && Set(bench.retired).count == known.count)
    }

    @Test("Mutated answers and requests to the client: no trap, and none of them makes a pair valid")
    func client() {
        var random = SeededRandom(seed: 22)
        let server = ICECredentials(using: &random)
        let tuple = Tuple(socket: SocketID(rawValue: 1), remote: VirtualLink.serverAddress)
        var client = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
        var now = Instant(nanoseconds: 0)
        client.add(.init(socket: tuple.socket, address: SocketAddress(ipv4: 1, port: 1)), now: now)
        client.start(remote: server, candidates: VirtualLink.candidates, now: now)
        client.handleTimeout(now: now)
        var id = STUNTransactionID(high: 0, low: 0)
        while let output = client.poll() {
            guard case .send(let bytes, _) = output, let view = try? STUNMessageView(parsing: bytes.span) else {
                continue
            }
            id = view.transactionID
        }
        let wrong = ICECredentials(usernameFragment: client.credentials.usernameFragment, password: "wrong")
        let success = STUNMessageBuilder.bindingSuccess(to: id, mappedAddress: tuple.remote, key: key("wrong"))
        let seeds = [success, Check.use().bytes(for: wrong), Check.plain.bytes(for: wrong)]
        for _ in 0..<20_000 {
            let bytes = mutate(seeds[Int.random(in: seeds.indices, using: &random)], using: &random)
            client.receive(bytes.span, from: tuple, now: now)
            now = now + .microseconds(1)
            #expect(client.poll() == nil)
        }
        #expect(!client.isValid(tuple))
    }
}
