// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

extension UsrsctpTests {
    @Suite("Opening beside libusrsctp, RFC 9260 §5")
    struct Opening {
        @Test("Ours begins, libusrsctp waits", arguments: [0.0, 0.2])
        func oursBegins(loss: Double) throws {
            for seed in 0..<UInt64(loss > 0 ? 10 : 1) {
                let pair = try Pair(network: .init(delay: .milliseconds(30), loss: loss), seed: seed)
                try #require(pair.theirs.listen())
                pair.ours.connect(now: pair.path.now)
                try pair.awaitOpen()
                try pair.deliver([Draft.message(1, count: 100)], within: .seconds(60))
            }
        }

        @Test("libusrsctp begins, ours answers without having been asked to connect", arguments: [0.0, 0.2])
        func usrsctpBegins(loss: Double) throws {
            for seed in 0..<UInt64(loss > 0 ? 10 : 1) {
                let network = PathConditions(delay: .milliseconds(30), loss: loss)
                let pair = try Pair(.usrsctpToOurs, network: network, seed: seed)
                pair.theirs.connect(now: pair.path.now)
                try pair.awaitOpen()
                try pair.deliver([Draft.message(1, count: 100)], within: .seconds(60))
            }
        }

        @Test("Both begin at once, whatever gets lost, and one association comes of it", arguments: [0.0, 0.2])
        func bothBegin(loss: Double) throws {
            for seed in 0..<UInt64(loss > 0 ? 20 : 1) {
                let pair = try Pair(network: .init(delay: .milliseconds(30), loss: loss), seed: seed)
                try pair.open()
                let (there, back) = (Draft.message(1, count: 100), Draft.message(2, count: 100))
                try pair.path.deliver([[there], [back]], within: .seconds(60))
                #expect(pair.path.messages(at: 1) == [there])
                #expect(pair.path.messages(at: 0) == [back])
            }
        }

        @Test("Both agree on the number of streams")
        func streams() throws {
            let pair = try Pair()
            try pair.open()
            let ours = try #require(pair.ours.negotiated)
            let theirs = try #require(pair.theirs.negotiatedStreams)
            #expect(ours.outgoingStreams == theirs.incoming)
            #expect(ours.incomingStreams == theirs.outgoing)
            #expect(ours.partialReliability && ours.streamReset)
            #expect(!ours.interleaving && !ours.zeroChecksum)
        }
    }
}
