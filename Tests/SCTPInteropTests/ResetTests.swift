// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

extension UsrsctpTests {
    @Suite("Stream reset beside libusrsctp, RFC 6525")
    struct Reset {
        @Test(
            "Ours resets a stream after what is queued on it, and libusrsctp is told after its last message",
            arguments: [0, 0.1]
        )
        func oursResets(loss: Double) throws {
            let pair = try Pair(network: .init(delay: .milliseconds(20), loss: loss), seed: 21)
            try pair.open()
            let messages = (0..<20).map { Draft.message($0, count: 10_000, stream: 5) }
            for message in messages { try pair.ours.offer(message, now: pair.path.now) }
            pair.ours.resetStream(5, now: pair.path.now)
            #expect(pair.path.run(for: .seconds(60)) { pair.path.messages(at: 1).count == messages.count })
            // libusrsctp puts a reset off while data is missing, and then thinks of it only when more data comes.
            var pokes = 0
            while pokes < 60, pair.path.outgoingResets(at: 0).isEmpty {
                try pair.ours.offer(Draft.message(pokes, count: 4, stream: 1), now: pair.path.now)
                pokes += 1
                pair.path.run(for: .seconds(1)) { pair.path.outgoingResets(at: 0) == [5] }
            }
            let agreed = pair.path.incomingResets(at: 1) == [5] && pair.path.outgoingResets(at: 0) == [5]
            #expect(agreed, "\(pair.path.incomingResets(at: 1)), \(pair.path.outgoingResets(at: 0))")
            #expect(pair.path.messages(at: 1).filter { $0.stream == 5 } == messages)
            let again = Draft.message(77, count: 3_000, stream: 5)
            try pair.deliver([again], within: .seconds(60))
            #expect(pair.path.messages(at: 1).last == again)
        }

        @Test("libusrsctp resets a stream, and ours is told after its last message", arguments: [0, 0.1])
        func usrsctpResets(loss: Double) throws {
            let pair = try Pair(.usrsctpToOurs, network: .init(delay: .milliseconds(20), loss: loss), seed: 22)
            try pair.open()
            let messages = (0..<20).map { Draft.message($0, count: 10_000, stream: 6) }
            for message in messages { try pair.theirs.offer(message, now: pair.path.now) }
            #expect(pair.theirs.resetStreams([6]))
            let agreed = pair.path.run(for: .seconds(120)) {
                pair.path.incomingResets(at: 1) == [6] && pair.path.outgoingResets(at: 0) == [6]
            }
            #expect(agreed, "\(pair.path.incomingResets(at: 1)), \(pair.path.outgoingResets(at: 0))")
            #expect(pair.path.messages(at: 1) == messages)
            let again = Draft.message(77, count: 3_000, stream: 6)
            try pair.deliver([again], within: .seconds(60))
            #expect(pair.path.messages(at: 1).last == again)
        }

        @Test("A channel closes as WebRTC does it, each side resetting, and opens again, over and over")
        func bothReset() throws {
            let pair = try Pair(network: .init(delay: .milliseconds(20), loss: 0.05), seed: 23)
            try pair.open()
            for round in 0..<20 {
                let (there, back) = (
                    Draft.message(round, count: 3_000, stream: 9), Draft.message(round, count: 50, stream: 9)
                )
                try pair.path.deliver([[there], [back]], within: .seconds(60))
                if round.isMultiple(of: 2) {
                    pair.ours.resetStream(9, now: pair.path.now)
                    #expect(pair.path.run(for: .seconds(60)) { pair.path.incomingResets(at: 1).count == round + 1 })
                    #expect(pair.theirs.resetStreams([9]))
                } else {
                    #expect(pair.theirs.resetStreams([9]))
                    #expect(pair.path.run(for: .seconds(60)) { pair.path.incomingResets(at: 0).count == round + 1 })
                    pair.ours.resetStream(9, now: pair.path.now)
                }
                let both = pair.path.run(for: .seconds(60)) {
                    (0...1).allSatisfy {
                        pair.path.incomingResets(at: $0).count == round + 1
                            && pair.path.outgoingResets(at: $0).count == round + 1
                    }
                }
                try #require(both, "round \(round)")
            }
        }
    }
}
