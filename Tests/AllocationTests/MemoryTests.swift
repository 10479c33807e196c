// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import Crowd
import Testing

/// Heap in use, on this thread: what the engine of a ``Crowd`` takes, since all runs on one.
@Suite("Memory of transports and consumers")
struct MemoryTests {
    private static let count = 100

    /// Bytes that `body` leaves in use, for each of ``count``.
    private static func bytesEach(_ body: () throws -> Void) rethrows -> Int64 {
        let before = allocation_bytes()
        try body()
        return (allocation_bytes() - before) / Int64(count)
    }

    @Test("A transport that nobody has connected to takes at most 10 kB")
    func unconnected() throws {
        let crowd = try Crowd()
        try crowd.addTransports(1)
        let bytes = try Self.bytesEach { try crowd.addTransports(Self.count) }
        #expect(bytes > 500 && bytes <= 10 << 10, "\(bytes) bytes")
    }

    @Test(
        "A connected transport takes at most 30 kB of heap, with data channels enabled as without",
        arguments: [false, true]
    )
    func connected(hasData: Bool) throws {
        // The first handshake of a process loads what later ones share.
        let first = try Crowd(hasData: hasData)
        try first.addTransports(2)
        try first.connectAll()
        let crowd = try Crowd(hasData: hasData)
        let bytes = try Self.bytesEach {
            try crowd.addTransports(Self.count)
            try crowd.connectAll()
        }
        #expect(bytes > 1000 && bytes <= 30 << 10, "\(bytes) bytes")
    }

    @Test("An idle consumer takes at most 4 kB, its transport apart")
    func idleConsumer() throws {
        let crowd = try Crowd()
        try crowd.addConsumers(1)
        let bytes = try Self.bytesEach { try crowd.addConsumers(Self.count) }
        #expect(bytes > 500 && bytes <= 4 << 10, "\(bytes) bytes")
    }

    @Test("What connected transports took is free again when they have closed", arguments: [false, true])
    func closed(hasData: Bool) throws {
        let crowd = try Crowd(hasData: hasData)
        // Twice, since tables keep the size that they have grown to.
        for _ in 0..<2 {
            try crowd.addTransports(Self.count)
            try crowd.connectAll()
            try crowd.closeAll()
        }
        let bytes = try Self.bytesEach {
            try crowd.addTransports(Self.count)
            try crowd.connectAll()
            try crowd.closeAll()
        }
        #expect(bytes.magnitude < 100, "\(bytes) bytes")
    }
}
