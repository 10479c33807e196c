// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

extension UsrsctpTests {
    @Suite("Closing beside libusrsctp, RFC 9260 §9")
    struct Closing {
        @Test(
            "A shutdown waits for what is queued, and both ends then are closed",
            arguments: Pairing.allCases,
            [0, 0.1]
        )
        func shutdown(pairing: Pairing, loss: Double) throws {
            for seed in 31..<UInt64(loss > 0 ? 36 : 32) {
                let pair = try Pair(pairing, network: .init(delay: .milliseconds(20), loss: loss), seed: seed)
                try pair.open()
                let messages = (0..<10).map { Draft.message($0, count: 20_000) }
                for message in messages { try pair.path.ends[0].offer(message, now: pair.path.now) }
                pair.path.ends[0].shutdown(now: pair.path.now)
                pair.path.run(for: .seconds(180)) {
                    pair.path.state(of: 0) == .closed && pair.path.state(of: 1) == .closed
                }
                #expect(pair.path.state(of: 0) == .closed && pair.path.state(of: 1) == .closed)
                #expect(pair.path.messages(at: 1) == messages)
            }
        }

        @Test("An abort ends both ends at once", arguments: Pairing.allCases)
        func abort(pairing: Pairing) throws {
            let pair = try Pair(pairing, seed: 41)
            try pair.open()
            pair.path.ends[0].abort(now: pair.path.now)
            #expect(pair.path.run(for: .seconds(1)) { pair.path.state(of: 1) == .failed })
        }
    }
}
