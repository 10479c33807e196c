// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Packet store")
struct PacketStoreTests {
    private let pool = PacketPool(capacity: 64 * PacketPool.chunkSize)

    private func append(
        _ sequence: Int64,
        _ bytes: [UInt8],
        to store: PacketStore,
        block: [UInt8] = [],
        at now: Instant = start
    ) -> PacketID? {
        store.append(
            PacketHeader(
                sequence: sequence,
                timestamp: UInt32(truncatingIfNeeded: sequence &* 3000),
                payloadType: 96,
                marker: sequence % 2 == 0,
                isKeyFrame: sequence % 3 == 0,
                arrival: now
            ),
            payload: bytes.span,
            extensions: block.span
        )
    }

    @Test("A packet reads back whole, with its header and extension bytes")
    func roundTrip() throws {
        let store = PacketStore(pool: pool, limits: .video)
        var extensions = PacketExtensions()
        extensions.present = [.audioLevel, .absoluteCaptureTime]
        (extensions.audioLevel, extensions.absoluteCaptureTime) = (0x85, 0x0123_4567_89AB_CDEF)
        let header = PacketHeader(
            sequence: 70_000,
            timestamp: 9,
            payloadType: 111,
            marker: true,
            isRepaired: true,
            arrival: start,
            extensions: extensions
        )
        let payload: [UInt8] = [1, 2, 3, 4]
        let block: [UInt8] = [9, 8]
        let appended = store.append(header, payload: payload.span, extensions: block.span)
        let id = try #require(appended)
        let packet = try #require(store.packet(id))
        #expect(packet.header.sequence == 70_000)
        #expect(packet.header.extensions.absoluteCaptureTime == 0x0123_4567_89AB_CDEF)
        #expect(packet.header.extensions.present.contains(.audioLevel))
        #expect(packet.header.marker && packet.header.isRepaired && !packet.header.isKeyFrame)
        #expect(store.payload(of: packet).copied() == payload)
        #expect(store.extensionBlock(of: packet).copied() == block)
        #expect(store.find(sequence: 70_000) == id)
        #expect(store.find(sequence: 4464) == nil, "the same low bits are another packet")
    }

    @Test("An intent that outlived its packet finds out, though the number was stored again")
    func generations() throws {
        let store = PacketStore(pool: pool, limits: .audio)
        let id = try #require(append(5, [1], to: store))
        store.evict(now: at(1001))
        #expect(store.packet(id) == nil)
        let again = try #require(append(5, [2], to: store, at: at(1002)))
        #expect(store.packet(id) == nil)
        #expect(again != id)
        #expect(store.find(sequence: 5) == again)
    }

    @Test("Video is kept for two seconds, audio for one", arguments: [StreamKind.video, .audio])
    func age(kind: StreamKind) throws {
        let store = PacketStore(pool: pool, limits: .limits(for: kind))
        let milliseconds = kind == .video ? 2000.0 : 1000
        let id = try #require(append(1, [1], to: store))
        store.evict(now: at(milliseconds))
        #expect(store.packet(id) != nil)
        store.evict(now: at(milliseconds + 1))
        #expect(store.packet(id) == nil)
        #expect(store.bytesHeld == 0, "a silent stream holds no memory")
        #expect(pool.chunksInUse == 0)
    }

    @Test("A stream never holds more than its packets and its chunks")
    func bounds() throws {
        let limits = PacketStore.Limits(retention: .seconds(2), packets: 128, chunks: 3)
        let store = PacketStore(pool: pool, limits: limits)
        for sequence in 0..<1000 as Range<Int64> {
            _ = try #require(append(sequence, [UInt8](repeating: 7, count: 10), to: store))
            #expect(store.count <= 128)
        }
        #expect(store.count == 128)
        for sequence in 1000..<2000 as Range<Int64> {
            let id = try #require(append(sequence, [UInt8](repeating: 7, count: 1500), to: store))
            #expect(store.packet(id) != nil)
            #expect(store.bytesHeld <= 3 * PacketPool.chunkSize)
        }
        #expect(pool.chunksInUse == 3)
    }

    @Test("What is larger than a chunk is refused and counted")
    func oversize() {
        let store = PacketStore(pool: pool, limits: .video)
        #expect(append(1, [UInt8](repeating: 0, count: PacketPool.chunkSize + 1), to: store) == nil)
        #expect(store.refused == 1)
        #expect(append(2, [UInt8](repeating: 0, count: PacketPool.chunkSize), to: store) != nil)
    }

    @Test("When the pool is used up, a stream lives on its own oldest and a new one still gets memory")
    func exhaustion() throws {
        let pool = PacketPool(capacity: 32 * PacketPool.chunkSize)
        let greedy = PacketStore(pool: pool, limits: .video)
        for sequence in 0..<2000 as Range<Int64> {
            let id = try #require(append(sequence, [UInt8](repeating: 1, count: 1200), to: greedy))
            #expect(greedy.packet(id) != nil)
        }
        #expect(pool.chunksInUse == 28, "the last eighth is kept for those who hold little")
        #expect(pool.refusals > 0)
        let modest = PacketStore(pool: pool, limits: .audio)
        #expect(append(1, [1], to: modest) != nil)
        var others: [PacketStore] = []
        for _ in 0..<3 {
            others.append(PacketStore(pool: pool, limits: .audio))
            for store in others { #expect(append(1, [1], to: store) != nil) }
        }
        let late = PacketStore(pool: pool, limits: .audio)
        #expect(append(1, [1], to: late) == nil, "the cap is a cap")
        #expect(late.refused == 1)
        #expect(pool.chunksInUse == 32)
    }

    @Test("A closed stream gives its chunks back")
    func release() {
        do {
            let store = PacketStore(pool: pool, limits: .video)
            for sequence in 0..<100 as Range<Int64> {
                _ = append(sequence, [UInt8](repeating: 1, count: 1200), to: store)
            }
            #expect(pool.chunksInUse > 5)
        }
        #expect(pool.chunksInUse == 0)
    }

    @Test("Memory given back takes nothing from streams that live, and can be used again")
    func givenBack() throws {
        let living = PacketStore(pool: pool, limits: .video)
        var passing: PacketStore? = PacketStore(pool: pool, limits: .video)
        var kept: [(id: PacketID, byte: UInt8)] = []
        for sequence in 0..<60 as Range<Int64> {
            let byte = UInt8(sequence + 1)
            kept.append((try #require(append(sequence, [UInt8](repeating: byte, count: 1200), to: living)), byte))
            if let passing { #expect(append(sequence, [UInt8](repeating: 0xFF, count: 1200), to: passing) != nil) }
        }
        passing = nil
        let inUse = pool.chunksInUse
        pool.giveBackMemory()
        pool.giveBackMemory()
        #expect(pool.chunksInUse == inUse)
        let next = PacketStore(pool: pool, limits: .video)
        for sequence in 0..<100 as Range<Int64> {
            let bytes = [UInt8](repeating: UInt8(sequence), count: 1000)
            let id = try #require(append(sequence, bytes, to: next))
            let packet = try #require(next.packet(id))
            #expect(next.payload(of: packet).copied() == bytes)
        }
        for (id, byte) in kept {
            let packet = try #require(living.packet(id))
            #expect(living.payload(of: packet).copied() == [UInt8](repeating: byte, count: 1200))
        }
    }

    @Test("Jumps of half a circle cost no more memory than steps, mediasoup 1028, 1039, 1041, 1044")
    func hostileJumps() throws {
        let store = PacketStore(pool: pool, limits: .video)
        var sequence: Int64 = 65_536
        for step in 0..<10_000 {
            sequence += step % 2 == 0 ? 32_768 : -32_767
            _ = append(sequence, [1, 2, 3], to: store)
            #expect(store.find(sequence: sequence) != nil)
        }
        #expect(store.count == 4096)
        #expect(store.bytesHeld <= 2 * PacketPool.chunkSize)
    }

    @Test("Reads agree with a list of everything appended", arguments: [1, 2, 3, 4] as [UInt64])
    func oracle(seed: UInt64) throws {
        struct Kept { var id: PacketID, sequence: Int64, bytes: [UInt8] }
        var random = SeededRandom(seed: seed)
        let limits = PacketStore.Limits(retention: .milliseconds(500), packets: 256, chunks: 6)
        let store = PacketStore(pool: pool, limits: limits)
        var kept: [Kept] = []
        var now = start
        for step in 0..<4000 as Range<Int64> {
            now = now + .microseconds(Int.random(in: 0...5000, using: &random))
            let bytes = (0..<Int.random(in: 0...1400, using: &random)).map {
                UInt8(truncatingIfNeeded: $0 &* Int(step))
            }
            let sequence = 65_000 + step + Int64.random(in: 0...1, using: &random) * 40
            let id = try #require(append(sequence, bytes, to: store, at: now))
            kept.append(Kept(id: id, sequence: sequence, bytes: bytes))
            let probe = kept[Int.random(in: max(0, kept.count - 300)..<kept.count, using: &random)]
            if let packet = store.packet(probe.id) {
                #expect(packet.header.sequence == probe.sequence)
                #expect(store.payload(of: packet).copied() == probe.bytes)
                #expect((now - packet.header.arrival) <= .milliseconds(500))
            }
            // Exactly the newest are kept.
            #expect(store.packet(kept[kept.count - store.count].id) != nil)
            if kept.count > store.count { #expect(store.packet(kept[kept.count - store.count - 1].id) == nil) }
            // The newest with a number is the one found by it.
            if let newest = kept.suffix(store.count).last(where: { $0.sequence == probe.sequence }) {
                #expect(store.find(sequence: probe.sequence) == newest.id)
            }
        }
    }
}
