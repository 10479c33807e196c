// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("Rollover counters, RFC 3711 §3.3.1")
struct RolloverTests {
    @Test(
        "A million packets open under their own index with 10 % lost and reordering by 500, wherever they start",
        arguments: [
            (.gcm128, 65_530), (.gcm256, 32_767), (.cm80, 40_000), (.cm32, 0),
        ] as [(SRTPProfile, UInt64)]
    )
    func millionPackets(profile: SRTPProfile, start: UInt64) throws {
        let pair = try Pair(profile)
        var random = SeededRandom(seed: start)
        // A packet leaves the network up to 500 steps after it came, in whatever order.
        var network = [[UInt64]](repeating: [], count: 512)
        var (delivered, wrong) = (0, 0)
        for step in 0..<1_000_512 {
            if step < 1_000_000, UInt8.random(in: 0..<10, using: &random) > 0 {
                let delay = Int.random(in: 0...500, using: &random)
                network[(step + delay) % 512].append(start + UInt64(step))
            }
            for index in network[step % 512] {
                let opened = try pair.receiver.opened(pair.sender.sealed(ssrc: 1, index: index)).opened
                if opened.index != index { wrong += 1 }
                delivered += 1
            }
            network[step % 512].removeAll(keepingCapacity: true)
        }
        #expect(wrong == 0)
        #expect((890_000...910_000).contains(delivered))
    }

    @Test(
        "The first packets may be lost or late around the first wrap",
        arguments: SRTPProfile.allCases
    )
    func firstWrap(profile: SRTPProfile) throws {
        let pair = try Pair(profile)
        // The sender began at 65,534 in rollover 0; what arrives first is in rollover 1.
        for index in [65_537, 65_534, 65_536, 65_535, 65_538] as [UInt64] {
            let sealed = pair.sealed(ssrc: 1, index: index)
            let (plain, opened) = try pair.receiver.opened(sealed)
            #expect(opened.index == index)
            #expect(plain == header(ssrc: 1, sequence: UInt16(truncatingIfNeeded: index)) + [1, 2, 3])
        }
        #expect(throws: SRTPError.replayed) { try pair.receiver.opened(pair.sealed(ssrc: 1, index: 65_535)) }
    }

    @Test(
        "A stream goes on after any loss in a row up to 98,303 packets",
        arguments: [1, 1023, 1024, 1025, 32_767, 32_768, 40_000, 65_535, 65_537, 70_000, 98_303] as [UInt64]
    )
    func longLoss(lost: UInt64) throws {
        for profile in SRTPProfile.allCases {
            for newest in [5, 30_000, 60_000, 65_535, 200_000] as [UInt64] {
                let pair = try Pair(profile)
                var index: UInt64 = 5
                while index < newest {
                    _ = try pair.receiver.opened(pair.sealed(ssrc: 1, index: index))
                    index = min(index + 20_000, newest)
                }
                _ = try pair.receiver.opened(pair.sealed(ssrc: 1, index: newest))
                for step in 0..<3 as Range<UInt64> {
                    let next = newest + lost + step
                    #expect(try pair.receiver.opened(pair.sealed(ssrc: 1, index: next)).opened.index == next)
                }
            }
        }
    }

    @Test("A stream that jumps back behind the window is refused, and goes on where it was")
    func restart() throws {
        let pair = try Pair(.gcm128)
        _ = try pair.receiver.opened(pair.sealed(ssrc: 1, index: 20_000))
        _ = try pair.receiver.opened(pair.sealed(ssrc: 1, index: 40_000))
        for index in 10_000..<10_100 as Range<UInt64> {
            #expect(throws: SRTPError.replayed) { try pair.receiver.opened(pair.sealed(ssrc: 1, index: index)) }
        }
        #expect(try pair.receiver.opened(pair.sealed(ssrc: 1, index: 40_001)).opened.index == 40_001)
    }
}
