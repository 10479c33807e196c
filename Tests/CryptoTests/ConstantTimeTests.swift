// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import Testing

@Suite("Comparison in constant time")
struct ConstantTimeTests {
    @Test("Only equal bytes of equal length are equal")
    func equality() {
        func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool { constantTimeEqual(a.span, b.span) }
        let tag: [UInt8] = [1, 2, 3]
        #expect(equal(tag, [1, 2, 3]))
        for bit in 0..<24 {
            var other = tag
            other[bit / 8] ^= 1 << (bit % 8)
            #expect(!equal(tag, other))
        }
        #expect(!equal(tag, [1, 2]))
        #expect(equal([], []))
    }
}
