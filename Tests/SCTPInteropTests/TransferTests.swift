// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

extension UsrsctpTests {
    @Suite("Transfer beside libusrsctp, RFC 9260 §6")
    struct Transfer {
        /// Around every boundary that fragmentation has, up to the longest.
        static let sizes = [1, 2, 3, 4, 5, 1_147, 1_148, 1_151, 1_152, 1_160, 1_161, 2_320, 16_384, 65_535, 262_144]

        @Test("Ordered messages of 1 byte to 256 kB arrive in order", arguments: Pairing.allCases, [0, 0.05, 0.2])
        func ordered(pairing: Pairing, loss: Double) throws {
            let pair = try Pair(pairing, network: .init(delay: .milliseconds(20), loss: loss), seed: 3)
            try pair.open()
            let sizes = loss > 0.1 ? Self.sizes.dropLast(2) + [100_000] : Self.sizes
            let messages = sizes.enumerated().map { Draft.message($0.offset, count: $0.element) }
            try pair.deliver(messages, within: .seconds(900))
            #expect(pair.path.messages(at: 1) == messages)
        }

        @Test("Streams keep their own order", arguments: Pairing.allCases)
        func streams(pairing: Pairing) throws {
            let pair = try Pair(pairing, network: .init(delay: .milliseconds(20), loss: 0.05), seed: 4)
            try pair.open()
            let streams: [UInt16] = [0, 1, 7, 1_023, 65_534]
            let messages = (0..<1_000).map {
                Draft.message($0, count: 4 + $0 * 53 % 4_000, stream: streams[$0 % streams.count])
            }
            try pair.deliver(messages, within: .seconds(300))
            for stream in streams {
                #expect(
                    pair.path.messages(at: 1).filter { $0.stream == stream } == messages.filter { $0.stream == stream }
                )
            }
        }

        @Test("Unordered messages arrive once each, and say that they are", arguments: Pairing.allCases)
        func unordered(pairing: Pairing) throws {
            var network = PathConditions(delay: .milliseconds(20), loss: 0.1)
            (network.jitter, network.duplication) = (.milliseconds(15), 0.02)
            let pair = try Pair(pairing, network: network, seed: 5)
            try pair.open()
            let messages = (0..<500).map { Draft.message($0, count: 4 + $0 * 97 % 9_000, isUnordered: true) }
            try pair.deliver(messages, within: .seconds(600))
            let arrived = pair.path.messages(at: 1).sorted { Draft.number(of: $0) < Draft.number(of: $1) }
            #expect(arrived == messages)
        }

        @Test("Both directions at once, reordered and duplicated, keep all", arguments: [0, 0.1])
        func bothWays(loss: Double) throws {
            var network = PathConditions(delay: .milliseconds(40), loss: loss)
            (network.jitter, network.duplication) = (.milliseconds(10), 0.02)
            let pair = try Pair(network: network, seed: 6)
            try pair.open()
            let there = (0..<300).map { Draft.message($0, count: 4 + $0 * 131 % 20_000) }
            let back = (0..<300).map { Draft.message($0 + 1_000, count: 4 + $0 * 71 % 20_000) }
            try pair.path.deliver([there, back], within: .seconds(900))
            #expect(pair.path.messages(at: 1) == there)
            #expect(pair.path.messages(at: 0) == back)
        }

        @Test("An idle association stays for ten minutes and then still carries", arguments: Pairing.allCases)
        func idle(pairing: Pairing) throws {
            let pair = try Pair(pairing, network: .init(delay: .milliseconds(20), loss: 0.02), seed: 7)
            try pair.open()
            pair.path.run(for: .seconds(600))
            #expect(pair.path.state(of: 0) == .connected && pair.path.state(of: 1) == .connected)
            try pair.deliver([Draft.message(1, count: 5_000)], within: .seconds(60))
        }
    }
}
