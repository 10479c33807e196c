// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

extension UsrsctpTests {
    @Suite("Partial reliability beside libusrsctp, RFC 3758")
    struct PartialReliability {
        @Test(
            "Under loss some unreliable messages go missing, none is cut or late, and what is reliable follows",
            arguments: Pairing.allCases,
            [
                (SCTPReliability.retransmissions(0), true), (.retransmissions(0), false),
                (.lifetime(.milliseconds(60)), false),
            ]
        )
        func someGoMissing(pairing: Pairing, kind: (reliability: SCTPReliability, isUnordered: Bool)) throws {
            let pair = try Pair(pairing, network: .init(delay: .milliseconds(20), loss: 0.15), seed: 11)
            try pair.open()
            let messages = (0..<600).map {
                Draft.message(
                    $0,
                    count: 4 + $0 * 41 % 3_000,
                    isUnordered: kind.isUnordered,
                    reliability: kind.reliability
                )
            }
            // Paced as a game would, so that the network and not the queue makes them late.
            var next = 0
            let start = pair.path.now
            pair.path.sending = { [path = pair.path] in
                while next < messages.count, path.now >= start + .milliseconds(10 * next) {
                    do { try path.ends[0].offer(messages[next], now: path.now) } catch { break }
                    next += 1
                }
            }
            pair.path.run(for: .seconds(30)) { next == messages.count }
            pair.path.sending = {}
            let last = Draft.message(9_999, count: 50_000)
            try pair.path.ends[0].offer(last, now: pair.path.now)
            let came = pair.path.run(for: .seconds(120)) {
                pair.path.messages(at: 1).contains { Draft.number(of: $0) == 9_999 }
            }
            #expect(came, "the reliable message after them arrives")
            let arrived = pair.path.messages(at: 1).filter { Draft.number(of: $0) != 9_999 }
            let numbers = arrived.map(Draft.number)
            #expect(Set(numbers).count == numbers.count, "none comes twice")
            if !kind.isUnordered { #expect(numbers == numbers.sorted()) }
            for message in arrived {
                #expect(message.payload == messages[Draft.number(of: message)].payload)
            }
            #expect(arrived.count < messages.count, "at 15 % loss some are given up")
            #expect(pairing == .oursToUsrsctp ? pair.ours.counters.abandonedMessages > 0 : pair.theirs.givenUp > 0)
            #expect(arrived.count > messages.count / 4)
        }

        @Test("A channel that never sends again keeps flowing at 30 % loss for a minute", arguments: Pairing.allCases)
        func keepsFlowing(pairing: Pairing) throws {
            let pair = try Pair(pairing, network: .init(delay: .milliseconds(20)), seed: 12)
            try pair.open()
            pair.path.network.loss = 0.3
            var (next, lastArrival, longestGap) = (0, pair.path.now, Duration.zero)
            let start = pair.path.now
            pair.path.sending = { [path = pair.path] in
                while path.now >= start + .milliseconds(20 * next) {
                    let message = Draft.message(next, count: 100, isUnordered: true, reliability: .retransmissions(0))
                    try? path.ends[0].offer(message, now: path.now)
                    next += 1
                }
            }
            pair.path.taking = { [path = pair.path] end, output in
                guard end == 1, case .message = output else { return false }
                longestGap = max(longestGap, path.now - lastArrival)
                lastArrival = path.now
                return false
            }
            pair.path.run(for: .seconds(60))
            pair.path.sending = {}
            pair.path.taking = { _, _ in false }
            #expect(pair.path.messages(at: 1).count > next / 3)
            #expect(longestGap < .seconds(8), "the longest silence was \(longestGap)")
        }
    }
}
