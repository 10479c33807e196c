// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing
import Usrsctp

/// What concerns libusrsctp, one test at a time: its stack is one for the process.
@Suite("libusrsctp in virtual time", .serialized)
struct UsrsctpTests {
    @Test("The stand-in speaks to itself: two associations of libusrsctp's exchange messages under loss")
    func alone() throws {
        let (a, b) = (try #require(UsrsctpAssociation()), try #require(UsrsctpAssociation()))
        let path = VirtualPath(a, b, network: .init(delay: .milliseconds(20), loss: 0.05), seed: 1)
        a.connect(now: path.now)
        b.connect(now: path.now)
        #expect(path.run(for: .seconds(20)) { path.state(of: 0) == .connected && path.state(of: 1) == .connected })
        let messages = (0..<200).map { Draft.message($0, count: 1 + $0 * 37) }
        for message in messages { try a.offer(message, now: path.now) }
        #expect(path.run(for: .seconds(60)) { path.messages(at: 1).count == messages.count })
        #expect(path.messages(at: 1) == messages)
        // Which it would find to be nothing if it saw the real time.
        #expect((.milliseconds(35)...Duration.milliseconds(250)).contains(a.roundTrip), "\(a.roundTrip)")
        a.shutdown(now: path.now)
        #expect(path.run(for: .seconds(20)) { path.state(of: 0) == .closed && path.state(of: 1) == .closed })
    }
}
