// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("State per SSRC")
struct StreamTableTests {
    @Test("Packets that are not authentic leave no state behind", arguments: SRTPProfile.allCases)
    func authenticationFirst(profile: SRTPProfile) throws {
        let pair = try Pair(profile)
        let stranger = try Pair(profile, seed: 2)
        for ssrc in 0..<2000 as Range<UInt32> {
            let forged = stranger.sender.sealed(ssrc: ssrc, index: 9)
            #expect(throws: SRTPError.authenticationFailed) { try pair.receiver.opened(forged) }
        }
        #expect(pair.receiver.streamCount == 0)
        // Nor do they move a stream that is known.
        _ = try pair.receiver.opened(pair.sealed(ssrc: 1, index: 100))
        for index in [101, 900, 30_000, 60_000] as [UInt64] {
            let forged = stranger.sender.sealed(ssrc: 1, index: index)
            #expect(throws: SRTPError.authenticationFailed) { try pair.receiver.opened(forged) }
        }
        #expect(try pair.receiver.opened(pair.sealed(ssrc: 1, index: 50)).opened.index == 50)
        #expect(pair.receiver.streamCount == 1)
    }

    @Test("A peer that invents SSRCs fills a bounded table and drives out neither live streams nor idle ones")
    func inventions() throws {
        let pair = try Pair(.gcm128)
        let streams = 1...20 as ClosedRange<UInt32>
        // All of them reach rollover 3, where a fresh state would not find them.
        for ssrc in streams {
            for step in 0..<80 as Range<UInt64> {
                _ = try pair.receiver.opened(pair.sealed(ssrc: ssrc, index: 1000 + step * 2600))
            }
        }
        for ssrc in 1000..<6000 as Range<UInt32> {
            for index in 0..<UInt64(ssrc % 3 + 1) {
                _ = try pair.receiver.opened(pair.sealed(ssrc: ssrc, index: index))
            }
        }
        #expect(pair.receiver.streamCount == 512)
        for ssrc in streams {
            #expect(throws: SRTPError.replayed) {
                try pair.receiver.opened(pair.sealed(ssrc: ssrc, index: 1000 + 79 * 2600))
            }
            #expect(try pair.receiver.opened(pair.sealed(ssrc: ssrc, index: 207_000)).opened.index == 207_000)
        }
    }

    @Test("When all known streams are meant, the one silent longest makes room")
    func oldest() throws {
        let pair = try Pair(.gcm128)
        for ssrc in 0..<512 as Range<UInt32> {
            for index in 0..<64 as Range<UInt64> {
                _ = try pair.receiver.opened(pair.sealed(ssrc: ssrc, index: index))
            }
        }
        _ = try pair.receiver.opened(pair.sealed(ssrc: 0, index: 64))
        _ = try pair.receiver.opened(pair.sealed(ssrc: 9999, index: 0))
        #expect(pair.receiver.streamCount == 512)
        // 1 was forgotten, 0 was not.
        #expect(throws: SRTPError.replayed) { try pair.receiver.opened(pair.sealed(ssrc: 0, index: 0)) }
        #expect(try pair.receiver.opened(pair.sealed(ssrc: 1, index: 0)).opened.index == 0)
    }
}
