// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

/// Who speaks with whom.
enum Pairing: CaseIterable, Sendable, CustomTestStringConvertible {
    case oursToUsrsctp, usrsctpToOurs

    /// The end that is ours; end 0 is the one that sends in a test.
    var own: Int { self == .oursToUsrsctp ? 0 : 1 }
    var testDescription: String { self == .oursToUsrsctp ? "ours sends" : "libusrsctp sends" }
}

/// Our association and one of libusrsctp's with a network between.
struct Pair {
    let ours: SCTPAssociation
    let theirs: UsrsctpAssociation
    let path: VirtualPath

    init(
        _ pairing: Pairing = .oursToUsrsctp,
        network: PathConditions = .init(delay: .milliseconds(20)),
        seed: UInt64 = 1,
        interleaving: Bool = false
    ) throws {
        ours = SCTPAssociation(SCTPConfiguration(), random: SeededRandom(seed: seed &+ 1000))
        var configuration = UsrsctpAssociation.Configuration()
        configuration.offersInterleaving = interleaving
        theirs = try #require(UsrsctpAssociation(configuration))
        let ends: [any AssociationEnd] = pairing == .oursToUsrsctp ? [ours, theirs] : [theirs, ours]
        path = VirtualPath(ends[0], ends[1], network: network, seed: seed)
    }

    /// Both connect, as WebRTC's ends do.
    func open() throws {
        ours.connect(now: path.now)
        theirs.connect(now: path.now)
        try awaitOpen()
    }

    func awaitOpen() throws {
        let isOpen = path.run(for: .seconds(120)) { path.state(of: 0) == .connected && path.state(of: 1) == .connected }
        try #require(isOpen, "not open after two minutes: \(path.state(of: 0)), \(path.state(of: 1))")
    }

    /// Sends as the buffer of end 0 takes it, and lets time pass until the other end has so many messages.
    func deliver(_ messages: [SCTPMessage], within limit: Duration) throws {
        try path.deliver([messages, []], within: limit)
    }
}

extension VirtualPath {
    /// Sends each end's messages as its buffer takes them, and lets time pass until all have arrived.
    func deliver(_ messages: [[SCTPMessage]], within limit: Duration) throws {
        var next = [0, 0]
        let before = [self.messages(at: 0).count, self.messages(at: 1).count]
        sending = { [unowned self] in
            for end in 0...1 {
                while next[end] < messages[end].count {
                    do { try ends[end].offer(messages[end][next[end]], now: now) } catch { break }
                    next[end] += 1
                }
            }
        }
        defer { sending = {} }
        let arrived = run(for: limit) {
            self.messages(at: 1).count == before[1] + messages[0].count
                && self.messages(at: 0).count == before[0] + messages[1].count
        }
        let counts = "\(self.messages(at: 1).count - before[1]) of \(messages[0].count)"
        try #require(arrived, "\(counts), back \(self.messages(at: 0).count - before[0]) of \(messages[1].count)")
    }
}
