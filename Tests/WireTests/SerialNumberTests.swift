// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import Testing

@Suite("Serial numbers, RFC 1982")
struct SerialNumberTests {
    @Test("Newer is decided on the circle")
    func order() {
        #expect(UInt16(0).isNewer(than: 65535))
        #expect(!UInt16(65535).isNewer(than: 0))
        #expect(UInt16(32767).isNewer(than: 0))
        #expect(UInt16(32768).isNewer(than: 0))
        #expect(!UInt16(0).isNewer(than: 32768))
        #expect(!UInt32(7).isNewer(than: 7))
    }

    @Test("Unwrapping follows a million steps with losses across wraps")
    func unwrapping() {
        var random = SeededRandom(seed: 1)
        var unwrapper = SequenceUnwrapper()
        var truth: Int64 = 65_000
        for _ in 0..<1_000_000 {
            let late = Int64.random(in: 0...300, using: &random)
            #expect(unwrapper.peek(UInt16(truncatingIfNeeded: truth)) == truth)
            _ = unwrapper.unwrap(UInt16(truncatingIfNeeded: truth))
            if truth > 65_400 { #expect(unwrapper.peek(UInt16(truncatingIfNeeded: truth - late)) == truth - late) }
            truth += Int64.random(in: 1...900, using: &random)
        }
    }
}
