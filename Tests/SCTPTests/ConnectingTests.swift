// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Setting an association up, RFC 9260 §5")
struct ConnectingTests {
    @Test("One end opens, the other answers, and both agree on what they can do")
    func oneOpens() throws {
        var other = SCTPConfiguration()
        other.outgoingStreams = 100
        other.incomingStreams = 7
        let pair = SCTPPair(.init(), other, PathConditions(delay: .milliseconds(10)))
        pair.a.connect(now: pair.now)
        #expect(pair.a.state == .connecting)
        #expect(pair.b.state == .new)
        #expect(pair.run(for: .seconds(1)) { pair.a.state == .connected && pair.b.state == .connected })
        let (a, b) = (try #require(pair.a.negotiated), try #require(pair.b.negotiated))
        #expect(a.outgoingStreams == 7 && b.incomingStreams == 7)
        #expect(a.incomingStreams == 100 && b.outgoingStreams == 100)
        for end in [a, b] {
            #expect(end.interleaving && end.partialReliability && end.streamReset && end.zeroChecksum)
        }
        #expect(pair.outputs[0].contains(.stateChanged(.connected)))
        #expect(pair.outputs[1].contains(.stateChanged(.connected)))
    }

    @Test("Messages of all sizes arrive whole, also those sent before the handshake is done", arguments: [true, false])
    func messages(interleaving: Bool) throws {
        var configuration = SCTPConfiguration()
        configuration.offersInterleaving = interleaving
        let pair = SCTPPair(configuration, nil, PathConditions(delay: .milliseconds(10)))
        let sizes = [1, 3, 4, 1000, 1156, 1157, 1160, 1161, 2320, 65_535, 262_144]
        let sent = sizes.map { size in
            SCTPMessage(
                stream: 3,
                payloadProtocol: .binary,
                payload: (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7) }
            )
        }
        for message in sent { _ = try pair.a.send(message, now: pair.now) }
        #expect(pair.connect())
        pair.run(for: .seconds(5))
        #expect(pair.messages(.b) == sent)
        #expect(pair.a.bufferedAmount == 0)
    }
}
