// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward
import SwiftletCrypto
import SwiftletWire

/// What a forwarder has to carry: who there is, and who gets whose packets under which cipher.
struct Scenario: Equatable {
    enum Suite: Int {
        /// Not for WebRTC: the floor alone forwards without encryption.
        case none
        case gcm
        case cm

        var name: String {
            switch self {
            case .none: "none"
            case .gcm: "AEAD_AES_128_GCM"
            case .cm: "AES_CM_128_HMAC_SHA1_80"
            }
        }

        var profile: SRTPProfile? {
            switch self {
            case .none: nil
            case .gcm: .gcm128
            case .cm: .cm80
            }
        }
    }

    enum Shape: Int {
        /// Each publisher has viewers of its own.
        case fan
        /// Everybody in a room gets what the others send.
        case rooms
    }

    var suite = Suite.gcm
    var shape = Shape.fan
    /// Publishers, or rooms.
    var groups = 1
    /// Viewers of each publisher, or peers of each room.
    var members = 1
    /// Microseconds that the worker lets packets gather for.
    var flushWindow = 0
    /// Whether the worker changes the order of packets and pads them so that they leave together.
    var regroups = true
    /// Where peers receive.
    var port = 0

    /// Peers that send.
    var publishers: Int { shape == .fan ? groups : groups * members }
    /// All peers; those that only watch come behind those that send.
    var peers: Int { shape == .fan ? groups + groups * members : groups * members }

    /// The first of a group's peers that receive.
    func firstReceiver(of group: Int) -> Int { (shape == .fan ? groups : 0) + group * members }

    /// Where a peer stands.
    func address(of peer: Int) -> SocketAddress {
        SocketAddress(ipv4: FORWARD_FIRST_PEER + UInt32(peer), port: UInt16(port))
    }

    /// A peer's stream, by its place in the numbers that the floor knows as well.
    static func ssrc(of peer: Int, _ stream: Int) -> UInt32 {
        UInt32(FORWARD_SSRC + peer * FORWARD_SSRC_STEP + stream)
    }

    // MARK: As text, for the process that forwards

    private var numbers: [Int] {
        [suite.rawValue, shape.rawValue, groups, members, flushWindow, regroups ? 1 : 0, port]
    }

    var text: String { numbers.map(String.init).joined(separator: ":") }

    init() {}

    init?(text: String) {
        let numbers = text.split(separator: ":").compactMap { Int($0) }
        guard numbers.count == 7, let suite = Suite(rawValue: numbers[0]), let shape = Shape(rawValue: numbers[1]),
            1...4096 ~= numbers[2], 1...4096 ~= numbers[3], 0...5000 ~= numbers[4], 1...65_535 ~= numbers[6]
        else { return nil }
        (self.suite, self.shape, groups, members) = (suite, shape, numbers[2], numbers[3])
        (flushWindow, regroups, port) = (numbers[4], numbers[5] == 1, numbers[6])
    }

    /// The same for the floor.
    var floor: forward_floor {
        forward_floor(
            suite: Int32(suite.rawValue),
            shape: Int32(shape.rawValue),
            groups: Int32(groups),
            members: Int32(members),
            destination_port: Int32(port)
        )
    }
}
