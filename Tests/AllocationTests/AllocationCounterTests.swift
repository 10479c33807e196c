// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import Testing

@Suite("The allocation counter")
struct AllocationCounterTests {
    @Test("Counts a deliberate allocation")
    func counts() {
        let before = allocation_count()
        let array = [Int](repeating: 7, count: Int.random(in: 100...200))
        let between = allocation_count()
        #expect(between - before >= 1)
        #expect(array.allSatisfy { $0 == 7 })
    }

    @Test("Counts nothing where nothing is allocated")
    func silence() {
        var array = [Int](repeating: 1, count: 100)
        let before = allocation_count()
        for index in array.indices { array[index] &+= index }
        let after = allocation_count()
        #expect(after == before)
        #expect(array[99] == 100)
    }
}
