// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

extension UsrsctpTests {
    @Suite("Interleaving beside libusrsctp, RFC 8260")
    struct Interleaving {
        @Test(
            "Messages of many streams arrive whole, unordered ones and given-up ones among them",
            arguments: Pairing.allCases
        )
        func many(pairing: Pairing) throws {
            let network = PathConditions(delay: .milliseconds(20), loss: 0.03)
            let pair = try Pair(pairing, network: network, seed: 51, interleaving: true)
            try pair.open()
            #expect(pair.ours.negotiated?.interleaving == true)
            let messages = (0..<300).map {
                Draft.message($0, count: 4 + $0 * 977 % 40_000, stream: UInt16($0 % 7), isUnordered: $0 % 7 == 3)
            }
            try pair.deliver(messages, within: .seconds(300))
            for stream in UInt16(0)..<7 {
                let arrived = pair.path.messages(at: 1).filter { $0.stream == stream }
                let sent = messages.filter { $0.stream == stream }
                if stream == 3 {
                    #expect(Set(arrived) == Set(sent))
                } else {
                    #expect(arrived == sent)
                }
            }
        }

        @Test("A short message does not wait behind a long one of another stream", arguments: Pairing.allCases)
        func overtakes(pairing: Pairing) throws {
            let pair = try Pair(pairing, seed: 52, interleaving: true)
            try pair.open()
            let (long, short) = (Draft.message(1, count: 262_144, stream: 1), Draft.message(2, count: 100, stream: 2))
            try pair.deliver([long, short], within: .seconds(60))
            #expect(pair.path.messages(at: 1).map(Draft.number) == [2, 1])
        }

        @Test("What is given up is skipped, RFC 8260 §2.3", arguments: Pairing.allCases)
        func givenUp(pairing: Pairing) throws {
            let pair = try Pair(pairing, network: .init(delay: .milliseconds(20)), seed: 53, interleaving: true)
            try pair.open()
            pair.path.network.loss = 0.15
            // Whole ones from libusrsctp: with fragments it may forget to send a reliable chunk again, and wait for ever.
            let longest = pairing == .oursToUsrsctp ? 5_000 : 1_000
            let messages = (0..<300).map {
                let reliability: SCTPReliability = $0 % 3 == 0 ? .reliable : .retransmissions(0)
                return Draft.message(
                    $0,
                    count: 4 + $0 * 41 % longest,
                    stream: UInt16($0 % 3),
                    isUnordered: $0 % 3 == 2,
                    reliability: reliability
                )
            }
            for message in messages { try pair.path.ends[0].offer(message, now: pair.path.now) }
            let reliable = messages.filter { $0.stream == 0 }
            let came = pair.path.run(for: .seconds(300)) {
                pair.path.messages(at: 1).count { $0.stream == 0 } == reliable.count
            }
            #expect(came)
            let arrived = pair.path.messages(at: 1)
            #expect(arrived.filter { $0.stream == 0 }.map(\.payload) == reliable.map(\.payload))
            let numbers = arrived.filter { $0.stream == 1 }.map(Draft.number)
            #expect(numbers == numbers.sorted())
            #expect(arrived.count < messages.count)
            for message in arrived { #expect(message.payload == messages[Draft.number(of: message)].payload) }
        }
    }
}
