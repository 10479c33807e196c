// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import Testing

@Suite("SCTP messages, RFC 8831 §6.6")
struct MessageTests {
    @Test("Only the identifiers of empty messages stand for no bytes")
    func emptyMessages() {
        let known: [SCTPPayloadProtocol] = [.dataChannelControl, .string, .binary, .emptyString, .emptyBinary]
        #expect(known.filter(\.isEmpty) == [.emptyString, .emptyBinary])
    }
}
