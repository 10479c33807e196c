// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSTUN
import SwiftletWire
import Testing

@Suite("STUN parser under mutation")
struct STUNFuzzTests {
    /// Changes a few bytes, sometimes the length, sometimes mending what the parser would refuse too early.
    static func mutate(_ seed: [UInt8], using random: inout SeededRandom) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeLast(Int.random(in: 0...min(24, bytes.count), using: &random))
            case 2:
                let extra = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                bytes.insert(contentsOf: extra, at: Int.random(in: 0...bytes.count, using: &random))
            case 3: bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            default:
                let types: [UInt8] = [0x06, 0x08, 0x09, 0x20, 0x24, 0x25, 0x28, 0x29, 0x2A]
                let index = Int.random(in: bytes.indices, using: &random)
                bytes[index] = types[Int.random(in: types.indices, using: &random)]
            }
        }
        if bytes.count >= 20, Bool.random(using: &random) {
            (bytes[2], bytes[3]) = (UInt8((bytes.count - 20) >> 8), UInt8(truncatingIfNeeded: bytes.count - 20))
        }
        return bytes
    }

    /// The first attribute of `type` in a well-formed message, found the naive way.
    private func first(_ type: UInt16, in bytes: [UInt8]) -> [UInt8]? {
        var rest = bytes.dropFirst(20)
        while rest.count >= 4 {
            let head = Array(rest.prefix(4))
            let length = Int(head[2]) * 256 + Int(head[3])
            if head[0] == UInt8(type >> 8), head[1] == UInt8(type & 0xFF) {
                return Array(rest.dropFirst(4).prefix(length))
            }
            if head[0] == 0, head[1] == 8 { return nil }
            rest = rest.dropFirst(4 + (length + 3) / 4 * 4)
        }
        return nil
    }

    @Test(
        "100,000 mutated datagrams: no trap, and what is read agrees with a naive reading",
        arguments: [1, 2] as [UInt64]
    )
    func mutations(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let hmac = key(RFC5769.password)
        let unsigned = Array(RFC5769.request.dropLast(8))
        var (parsed, named) = (0, 0)
        for _ in 0..<50_000 {
            let seeds = [RFC5769.request, unsigned, RFC5769.responseIPv4, RFC5769.responseIPv6]
            let bytes = Self.mutate(seeds[Int.random(in: seeds.indices, using: &random)], using: &random)
            if STUN.peekLocalUsernameFragment(bytes.span) != nil { named += 1 }
            guard let reading = try? Reading(bytes, key: hmac) else { continue }
            parsed += 1
            #expect(reading.username == first(STUNAttribute.username, in: bytes))
            #expect(reading.priority == first(STUNAttribute.priority, in: bytes).map { $0.span.uint32(at: 0) })
            #expect(reading.usesCandidate == (first(STUNAttribute.useCandidate, in: bytes) != nil))
        }
        #expect(parsed > 1000 && named > 1000)
    }
}
