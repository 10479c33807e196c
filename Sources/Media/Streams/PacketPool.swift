// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The memory of every packet a worker holds: fixed chunks of one reservation with a cap.
///
/// The whole capacity is reserved as address space at start; pages come into being when a chunk is first used, and
/// the chunk freed last is handed out first, so resident memory follows what was needed at once.
@safe
package final class PacketPool {
    /// Size of a chunk in bytes: some thirteen video packets, or a second of audio.
    package static let chunkSize = 16_384
    /// What a worker reserves unless told otherwise: 256 MiB.
    package static let defaultCapacity = 256 << 20
    /// Stores that hold this many chunks leave the last eighth of the pool to those that hold fewer.
    package static let fairShare = 4

    private let base: UnsafeMutablePointer<UInt8>
    /// How many chunks there are at most.
    package let chunkLimit: Int
    /// Links of the list of free chunks; the last one freed is its head.
    private let links: FixedBuffer<UInt32>
    private var freeHead = UInt32.max
    private var touched = 0
    /// How many chunks are in use.
    package private(set) var chunksInUse = 0
    /// How often a store was refused a chunk.
    package private(set) var refusals = 0

    /// - Parameter capacity: Most bytes ever held, rounded down to whole chunks, between one chunk and 4 GiB.
    package init(capacity: Int = PacketPool.defaultCapacity) {
        chunkLimit = max(1, min(capacity, Int(UInt32.max)) / Self.chunkSize)
        let raw = UnsafeMutableRawPointer.allocate(byteCount: chunkLimit * Self.chunkSize, alignment: 4096)
        unsafe base = raw.bindMemory(to: UInt8.self, capacity: chunkLimit * Self.chunkSize)
        links = FixedBuffer(count: chunkLimit, filledWith: .max)
    }

    deinit { unsafe base.deallocate() }

    /// Takes a chunk for a store that already holds `held`, or `nil` when none is left for it.
    func allocate(held: Int) -> UInt32? {
        let available = chunkLimit - chunksInUse
        guard available > 0, held < Self.fairShare || available > chunkLimit / 8 else {
            refusals &+= 1
            return nil
        }
        chunksInUse += 1
        if freeHead != .max {
            let chunk = freeHead
            freeHead = links[Int(chunk)]
            return chunk
        }
        let chunk = UInt32(truncatingIfNeeded: touched)
        unsafe (base + touched * Self.chunkSize).initialize(repeating: 0, count: Self.chunkSize)
        touched += 1
        return chunk
    }

    /// Gives a chunk back.
    func release(_ chunk: UInt32) {
        links[Int(chunk)] = freeHead
        freeHead = chunk
        chunksInUse -= 1
    }

    /// Gives the pages of free chunks back to the system until they are used again.
    package func giveBackMemory() {
        var chunk = freeHead
        while chunk != .max {
            _ = unsafe madvise(base + Int(chunk) * Self.chunkSize, Self.chunkSize, MADV_DONTNEED)
            chunk = links[Int(chunk)]
        }
    }

    /// Copies `bytes` to `offset`, inside a chunk that the caller holds.
    func write(_ bytes: Span<UInt8>, at offset: Int) {
        guard !bytes.isEmpty else { return }
        precondition(offset >= 0 && offset + bytes.count <= touched * Self.chunkSize)
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let from = source.baseAddress else { return }
            unsafe (base + offset).update(from: from, count: source.count)
        }
    }

    /// Where the bytes at `offset` lie, for a store that hands them out under its own lifetime.
    @unsafe
    func pointer(at offset: Int, count: Int) -> UnsafePointer<UInt8> {
        precondition(offset >= 0 && count >= 0 && offset + count <= touched * Self.chunkSize)
        return unsafe UnsafePointer(base + offset)
    }
}
