// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Streams that begin anew before there is anyone to tell, RFC 6525 §5.1.2")
struct EarlyResetTests {
    @Test("A reset asked for before the handshake leaves as soon as it is done, and says that it is there")
    func beforeConnecting() {
        let now = Instant(nanoseconds: 1_000_000_000)
        let ends = [1, 2].map { SCTPAssociation(SCTPConfiguration(), random: SeededRandom(seed: $0)) }
        ends[0].resetStream(3, now: now)
        ends[0].connect(now: now)
        var buffer = [UInt8](repeating: 0, count: 1200)
        // No timer is needed, and no one is asked who says that there is nothing.
        while let sender = [0, 1].first(where: { ends[$0].hasPacketsToSend }) {
            var span = buffer.mutableSpan
            let length = ends[sender].transmit(into: &span, now: now)
            guard length > 0 else { break }
            ends[1 - sender].receive(buffer.span.extracting(0..<length), now: now)
        }
        var outputs: [SCTPAssociation.Output] = []
        while let output = ends[0].poll() { outputs.append(output) }
        #expect(outputs == [.stateChanged(.connecting), .stateChanged(.connected), .outgoingStreamsReset([3])])
    }
}
