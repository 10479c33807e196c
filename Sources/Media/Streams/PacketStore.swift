// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// The last seconds of one receive stream, as plaintext: what consumers are fed and retransmissions read from.
///
/// Each packet is appended once. Bounded by age, count and chunks, each with its number in ``Limits``; the oldest go
/// first. Finding by sequence number is a masked index that never walks, so a hostile jump costs what a step costs.
package final class PacketStore {
    /// How much a store keeps.
    package struct Limits: Sendable {
        /// How long a packet is kept.
        package var retention: Duration
        /// Most packets, a power of two.
        package var packets: Int
        /// Most chunks of ``PacketPool/chunkSize`` bytes.
        package var chunks: Int

        package init(retention: Duration, packets: Int, chunks: Int) {
            (self.retention, self.packets, self.chunks) = (retention, packets, chunks)
        }

        /// 2 s, 4096 packets, 4 MiB: enough for 16 Mbit/s.
        package static let video = Limits(retention: .seconds(2), packets: 4096, chunks: 256)
        /// 1 s, 512 packets, 256 KiB.
        package static let audio = Limits(retention: .seconds(1), packets: 512, chunks: 16)

        package static func limits(for kind: StreamKind) -> Limits { kind == .video ? .video : .audio }
    }

    private let pool: PacketPool
    /// How much is kept.
    package let limits: Limits
    private let retention: Int64
    /// Packets by ordinal, modulo a power of two.
    private var entries: FixedBuffer<StoredPacket>
    /// Low halves of ordinals by sequence number, modulo twice as much.
    private var bySequence: FixedBuffer<UInt32>
    private var oldest: UInt64 = 0
    private var next: UInt64 = 0
    private let chunks: FixedBuffer<UInt32>
    private var firstChunk = 0
    private var chunkCount = 0
    private var used = PacketPool.chunkSize
    /// How many packets found no memory.
    package private(set) var refused = 0

    package init(pool: PacketPool, limits: Limits) {
        (self.pool, self.limits, retention) = (pool, limits, limits.retention.wholeNanoseconds)
        entries = FixedBuffer(count: min(64, limits.packets), filledWith: Self.blank)
        bySequence = FixedBuffer(count: 2 * min(64, limits.packets), filledWith: 0)
        chunks = FixedBuffer(count: limits.chunks, filledWith: 0)
    }

    deinit { removeAll() }

    /// How many packets are kept.
    package var count: Int { Int(truncatingIfNeeded: next &- oldest) }

    /// How many bytes of the pool are held.
    package var bytesHeld: Int { chunkCount * PacketPool.chunkSize }

    /// Keeps a packet, evicting those it displaces.
    ///
    /// - Parameters:
    ///   - header: What is known of it; `arrival` must not run backwards.
    ///   - payload: The payload without padding.
    ///   - block: Extension bytes to keep for consumers that want them unparsed; empty for most.
    /// - Returns: Its name, or `nil` when it is larger than a chunk or the pool has nothing left.
    package func append(_ header: PacketHeader, payload: Span<UInt8>, extensions block: Span<UInt8>) -> PacketID? {
        evict(now: header.arrival)
        if count == entries.count {
            if entries.count < limits.packets { grow() } else { removeOldest() }
        }
        let length = payload.count + block.count
        guard length <= PacketPool.chunkSize, reserve(length) else {
            refused &+= 1
            return nil
        }
        let offset = Int(chunks[(firstChunk + chunkCount - 1) % chunks.count]) * PacketPool.chunkSize + used
        pool.write(block, at: offset)
        pool.write(payload, at: offset + block.count)
        used += length
        let ordinal = next
        next &+= 1
        entries[slot(ordinal)] = StoredPacket(
            header: header,
            offset: UInt32(truncatingIfNeeded: offset),
            extensionLength: UInt16(truncatingIfNeeded: block.count),
            payloadLength: UInt16(truncatingIfNeeded: payload.count)
        )
        bySequence[sequenceSlot(header.sequence)] = UInt32(truncatingIfNeeded: ordinal)
        return PacketID(ordinal: ordinal)
    }

    /// The packet named `id`, or `nil` when it has been evicted.
    package func packet(_ id: PacketID) -> StoredPacket? {
        guard id.ordinal >= oldest, id.ordinal < next else { return nil }
        return entries[slot(id.ordinal)]
    }

    /// The name of the packet with this extended sequence number, if it is still kept.
    package func find(sequence: Int64) -> PacketID? {
        let low = bySequence[sequenceSlot(sequence)]
        let behind = UInt64(UInt32(truncatingIfNeeded: next) &- low)
        guard behind > 0, behind <= next &- oldest else { return nil }
        let ordinal = next &- behind
        return entries[slot(ordinal)].header.sequence == sequence ? PacketID(ordinal: ordinal) : nil
    }

    /// The payload of a packet just looked up, in place.
    @_lifetime(borrow self)
    package func payload(of packet: StoredPacket) -> Span<UInt8> {
        bytes(at: Int(packet.offset) + Int(packet.extensionLength), count: Int(packet.payloadLength))
    }

    /// The extension bytes kept with a packet just looked up, in place.
    @_lifetime(borrow self)
    package func extensionBlock(of packet: StoredPacket) -> Span<UInt8> {
        bytes(at: Int(packet.offset), count: Int(packet.extensionLength))
    }

    @inline(__always)
    @_lifetime(borrow self)
    private func bytes(at offset: Int, count: Int) -> Span<UInt8> {
        let span = unsafe Span(_unsafeStart: pool.pointer(at: offset, count: count), count: count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Lets go of what is too old; to be called now and then, so that a stream that fell silent gives its memory back.
    package func evict(now: Instant) {
        let horizon = now.nanoseconds &- retention
        while oldest != next, entries[slot(oldest)].header.arrival.nanoseconds < horizon { removeOldest() }
    }

    /// Lets go of everything.
    package func removeAll() {
        oldest = next
        while chunkCount > 0 { releaseFirstChunk() }
    }

    private static let blank = StoredPacket(
        header: PacketHeader(
            sequence: .min,
            timestamp: 0,
            payloadType: 0,
            marker: false,
            arrival: Instant(nanoseconds: 0)
        ),
        offset: 0,
        extensionLength: 0,
        payloadLength: 0
    )

    @inline(__always)
    private func slot(_ ordinal: UInt64) -> Int {
        Int(truncatingIfNeeded: ordinal & UInt64(truncatingIfNeeded: entries.count &- 1))
    }

    @inline(__always)
    private func sequenceSlot(_ sequence: Int64) -> Int {
        Int(truncatingIfNeeded: sequence & Int64(truncatingIfNeeded: bySequence.count &- 1))
    }

    /// Makes sure the last chunk has room for `length` bytes.
    private func reserve(_ length: Int) -> Bool {
        if chunkCount > 0, used + length <= PacketPool.chunkSize { return true }
        if chunkCount == chunks.count { removeThroughFirstChunk() }
        var chunk = pool.allocate(held: chunkCount)
        if chunk == nil, chunkCount > 0 {
            removeThroughFirstChunk()
            chunk = pool.allocate(held: chunkCount)
        }
        guard let chunk else { return false }
        chunks[(firstChunk + chunkCount) % chunks.count] = chunk
        chunkCount += 1
        used = 0
        return true
    }

    private func removeOldest() {
        oldest &+= 1
        if oldest == next {
            while chunkCount > 0 { releaseFirstChunk() }
            return
        }
        let live = Int(entries[slot(oldest)].offset) / PacketPool.chunkSize
        while chunkCount > 1, Int(chunks[firstChunk]) != live { releaseFirstChunk() }
    }

    private func removeThroughFirstChunk() {
        let before = chunkCount
        while oldest != next, chunkCount == before { removeOldest() }
    }

    private func releaseFirstChunk() {
        pool.release(chunks[firstChunk])
        firstChunk = (firstChunk + 1) % chunks.count
        chunkCount -= 1
        if chunkCount == 0 { used = PacketPool.chunkSize }
    }

    private func grow() {
        var larger = FixedBuffer(count: entries.count * 2, filledWith: Self.blank)
        var index = FixedBuffer<UInt32>(count: larger.count * 2, filledWith: 0)
        var ordinal = oldest
        while ordinal != next {
            let entry = entries[slot(ordinal)]
            larger[Int(truncatingIfNeeded: ordinal & UInt64(larger.count - 1))] = entry
            index[Int(truncatingIfNeeded: entry.header.sequence & Int64(index.count - 1))] =
                UInt32(truncatingIfNeeded: ordinal)
            ordinal &+= 1
        }
        // The former blocks end with these variables, not while the properties are being changed.
        swap(&entries, &larger)
        swap(&bySequence, &index)
    }
}
