// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import SwiftletCrypto
import Testing

@Suite("What forwarding allocates")
struct ForwardingAllocationTests {
    private static let profiles: [SRTPProfile] = [.gcm128, .cm80]

    @Test("Nothing per packet once warm: reading, storing, fan-out, sealing, reports", arguments: profiles)
    func forwarding(profile: SRTPProfile) throws {
        let warm = try WarmEngine(profile: profile)
        warm.forward(bursts: 720)
        warm.startCounting()
        warm.forward(bursts: 240)
        #expect(warm.packets[120] == 240 * 8 * WarmEngine.viewers)
        #expect(warm.allocations == 0)
    }

    @Test("Nothing per packet that is sent again either")
    func retransmission() throws {
        let warm = try WarmEngine()
        warm.forward(bursts: 720, withLoss: true)
        warm.startCounting()
        warm.forward(bursts: 240, withLoss: true)
        #expect(warm.packets[121] == 240 * WarmEngine.viewers)
        #expect(warm.packets[120] == 240 * 8 * WarmEngine.viewers)
        #expect(warm.allocations == 0)
    }

    @Test("Nothing per packet where layers are left out and picture ids rewritten")
    func layers() throws {
        let warm = try WarmEngine(source: .temporalLayers)
        warm.forward(bursts: 720, withLoss: true)
        warm.startCounting()
        warm.forward(bursts: 240, withLoss: true)
        #expect(warm.packets[120] == 240 * 8 / 2 * WarmEngine.viewers, "every other frame is of the highest layer")
        #expect(warm.packets[121] ?? 0 > 0)
        #expect(warm.allocations == 0)
    }

    @Test("Nothing per packet around a switch between encodings")
    func switches() throws {
        let warm = try WarmEngine(source: .simulcast)
        var layer = 0
        for round in 0..<12 {
            if round == 8 { warm.startCounting() }
            layer = 1 - layer
            try warm.prefer(spatialLayer: layer)
            warm.forward(bursts: 120, withLoss: true)
        }
        let perSwitch = 8 * 120 * WarmEngine.viewers
        #expect(warm.packets[120] ?? 0 >= 4 * perSwitch * 9 / 10)
        // Each of four switches waits for a key frame, which comes within 100 frames.
        #expect(warm.origins[0] ?? 0 > perSwitch && warm.origins[1] ?? 0 > perSwitch, "\(warm.origins)")
        #expect(warm.allocations == 0)
    }

    @Test("A cold engine's allocations are seen, so the counter reaches into it")
    func coldEngineIsSeen() throws {
        let cold = try WarmEngine()
        cold.startCounting()
        cold.forward(bursts: 1)
        #expect(cold.allocations > 0)
    }
}
