// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

extension UsrsctpTests {
    @Suite("Throughput beside libusrsctp")
    struct Throughput {
        /// Bytes per second of virtual time that reach the other end while the sender always has more.
        static func measure(
            _ first: any AssociationEnd,
            _ second: any AssociationEnd,
            _ network: PathConditions,
            seed: UInt64
        ) throws -> Double {
            let path = VirtualPath(first, second, network: network, seed: seed)
            first.connect(now: path.now)
            second.connect(now: path.now)
            let opened = path.run(for: .seconds(120)) {
                path.state(of: 0) == .connected && path.state(of: 1) == .connected
            }
            try #require(opened)
            let message = Draft.message(1, count: 16_384)
            var arrived = 0
            path.sending = { while (try? first.offer(message, now: path.now)) != nil {} }
            path.taking = { end, output in
                guard end == 1, case .message(let message) = output else { return false }
                arrived += message.payload.count
                return true
            }
            defer { (path.sending, path.taking) = ({}, { _, _ in false }) }
            path.run(for: .seconds(60))
            return Double(arrived) / 60
        }

        static func ours(_ network: PathConditions, seed: UInt64, interleaving: Bool = true) throws -> Double {
            var configuration = SCTPConfiguration()
            configuration.offersInterleaving = interleaving
            let ends = (0..<2).map { SCTPAssociation(configuration, random: SeededRandom(seed: seed &* 2 &+ $0)) }
            return try measure(ends[0], ends[1], network, seed: seed)
        }

        static func usrsctp(_ network: PathConditions, seed: UInt64) throws -> Double {
            let ends = try (0..<2).map { _ in try #require(UsrsctpAssociation()) }
            return try measure(ends[0], ends[1], network, seed: seed)
        }

        @Test("At 1 % loss and 50 ms, each way or both together, ours is at least as fast", arguments: [50, 25])
        func atLeastAsFast(delay: Int) throws {
            let network = PathConditions(delay: .milliseconds(delay), loss: 0.01)
            let seeds = UInt64(1)...6
            let ours = try seeds.reduce(0) { try $0 + Self.ours(network, seed: $1) } / 6_000
            let theirs = try seeds.reduce(0) { try $0 + Self.usrsctp(network, seed: $1) } / 6_000
            print("1 % loss, \(delay) ms each way: ours \(Int(ours)) kB/s, libusrsctp \(Int(theirs)) kB/s")
            #expect(ours >= theirs)
        }
    }
}
