// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import Testing

@Suite("Blocks of memory")
struct SlabTests {
    @Test(
        "A block is zeros at first, and keeps what is written to its first and last byte",
        arguments: [1, 4096, 70_000, 1 << 22]
    )
    func contents(count: Int) {
        var slab = Slab(count: count)
        #expect(slab.span.count == count)
        for index in slab.span.indices where slab.span[index] != 0 { Issue.record("byte \(index) is not 0") }
        var bytes = slab.mutableSpan
        bytes[0] = 7
        bytes[count - 1] = 9
        #expect(slab.span[0] == (count == 1 ? 9 : 7) && slab.span[count - 1] == 9)
        #expect(unsafe UInt(bitPattern: slab.unsafeBaseAddress) % 4096 == 0)
    }

    @Test(
        "Whole pages that are given back are zeros again, and can be used again",
        arguments: [100, 4096, 10_000, 1 << 22]
    )
    func givenBack(count: Int) {
        var slab = Slab(count: count)
        for round in 1...2 {
            var bytes = slab.mutableSpan
            for index in 0..<count { bytes[index] = UInt8(round) }
            slab.giveBack()
            let whole = count / 4096 * 4096
            for index in 0..<count where slab.span[index] != (index < whole ? 0 : UInt8(round)) {
                Issue.record("byte \(index) is \(slab.span[index])")
            }
        }
    }
}
