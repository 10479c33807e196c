// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("Replay protection, RFC 3711 §3.3.2")
struct ReplayTests {
    @Test("A packet opens once, whatever the window has seen since", arguments: SRTPProfile.allCases)
    func once(profile: SRTPProfile) throws {
        let pair = try Pair(profile)
        var random = SeededRandom(seed: 3)
        var opened: Set<UInt64> = []
        var newest: UInt64 = 64_000
        for _ in 0..<20_000 {
            newest += UInt64.random(in: 0...3, using: &random)
            let index = newest - UInt64.random(in: 0...1100, using: &random)
            let packet = pair.sealed(ssrc: 1, index: index)
            let isFresh = opened.isEmpty || index + 1024 > (opened.max() ?? 0) && !opened.contains(index)
            if isFresh {
                #expect(try pair.receiver.opened(packet).opened.index == index)
                opened.insert(index)
                opened = opened.filter { $0 + 3000 > index }
            } else {
                #expect(throws: SRTPError.replayed) { try pair.receiver.opened(packet) }
            }
        }
    }

    @Test("A replayed packet is refused untouched")
    func untouched() throws {
        let pair = try Pair(.gcm128)
        let packet = pair.sealed(ssrc: 1, index: 7)
        _ = try pair.receiver.opened(packet)
        var buffer = packet
        var target = buffer.mutableSpan
        var refusal: SRTPError?
        do throws(SRTPError) { _ = try pair.receiver.open(&target, 0..<packet.count) } catch { refusal = error }
        #expect(refusal == .replayed)
        #expect(buffer == packet)
    }

    @Test("Each SSRC has a window of its own")
    func separate() throws {
        let pair = try Pair(.gcm128)
        for ssrc in 1...20 as ClosedRange<UInt32> {
            _ = try pair.receiver.opened(pair.sealed(ssrc: ssrc, index: UInt64(ssrc) * 1000))
        }
        for ssrc in 1...20 as ClosedRange<UInt32> {
            let packet = pair.sealed(ssrc: ssrc, index: UInt64(ssrc) * 1000)
            #expect(throws: SRTPError.replayed) { try pair.receiver.opened(packet) }
            _ = try pair.receiver.opened(pair.sealed(ssrc: ssrc, index: UInt64(ssrc) * 1000 - 500))
        }
    }

    @Test("RTCP opens once, late packets too, and none behind the window", arguments: SRTPProfile.allCases)
    func rtcp(profile: SRTPProfile) throws {
        let pair = try Pair(profile)
        let packet: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 9]
        let sealed = (0..<2000).map { _ in pair.sender.sealedRTCP(packet) }
        for index in stride(from: 1, to: 2000, by: 2) {
            #expect(try pair.receiver.openedRTCP(sealed[index]).opened.index == UInt64(index))
        }
        for index in 0..<2000 {
            if index % 2 == 0, index > 1999 - 1024 {
                #expect(try pair.receiver.openedRTCP(sealed[index]).plain == packet)
            } else {
                #expect(throws: SRTPError.replayed) { try pair.receiver.openedRTCP(sealed[index]) }
            }
        }
    }
}
