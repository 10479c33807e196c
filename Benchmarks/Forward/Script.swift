// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward
import Glibc
import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire

/// A stream of one peer, as far as it has been written.
struct MediaStream {
    let peer: Int
    let ssrc: UInt32
    let isVideo: Bool
    fileprivate var sequence: UInt64
    fileprivate var picture = 0
    /// The script's packet that the frame begins with.
    fileprivate var frame = 0

    init(peer: Int, ssrc: UInt32, isVideo: Bool = true, sequence: UInt64 = 1000) {
        (self.peer, self.ssrc, self.isVideo, self.sequence) = (peer, ssrc, isVideo, sequence)
    }
}

/// Packets that peers send, sealed before anything is measured, and when each goes.
@safe
final class Script {
    /// One packet that is going to be written.
    struct Plan {
        /// Nanoseconds from the script's start.
        var at: Int64
        /// Which stream sends it.
        var stream: Int
        /// Bytes of the payload.
        var payload: Int
        var isKey = false
        /// Whether a frame begins and whether one ends with it.
        var isStart = true
        var isEnd = true
    }

    /// The most packets.
    static let capacity = 1 << 17
    /// Bytes of a header with its extensions.
    static let headerLength = 20
    private static let slotSize = 1232

    private let memory: UnsafeMutablePointer<UInt8>
    private let places: UnsafeMutablePointer<forward_entry>
    /// When each was sent.
    let sentTimes: UnsafeMutablePointer<Int64>
    private(set) var count = 0
    private var used = 0
    private var senders: [SRTPSender?] = []
    private var transportSequences: [UInt16] = []
    /// The RTP timestamp of the first packet; every packet's is its index from there.
    private var base: UInt32 = 0
    private let filling = [UInt8](repeating: 0xAA, count: slotSize)

    init() throws {
        // Of the system, so that what is not used takes no memory.
        guard let bytes = unsafe calloc(Self.capacity, Self.slotSize),
            let places = unsafe calloc(Self.capacity, MemoryLayout<forward_entry>.stride),
            let times = unsafe calloc(Self.capacity, MemoryLayout<Int64>.stride)
        else { throw Refusal(text: "no memory for packets") }
        unsafe memory = bytes.bindMemory(to: UInt8.self, capacity: Self.capacity * Self.slotSize)
        unsafe self.places = places.bindMemory(to: forward_entry.self, capacity: Self.capacity)
        unsafe sentTimes = times.bindMemory(to: Int64.self, capacity: Self.capacity)
    }

    deinit {
        unsafe free(memory)
        unsafe free(places)
        unsafe free(sentTimes)
    }

    var bytes: UnsafePointer<UInt8> { @unsafe get { unsafe UnsafePointer(memory) } }
    var entries: UnsafePointer<forward_entry> { @unsafe get { unsafe UnsafePointer(places) } }

    /// The first packet that goes at `time` or later.
    func first(at time: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if unsafe places[middle].at_ns < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Seconds between the first and the last packet of a part.
    func seconds(of range: Range<Int>) -> Double {
        guard !range.isEmpty else { return 0 }
        return unsafe Double(places[range.upperBound - 1].at_ns - places[range.lowerBound].at_ns) / 1e9
    }

    /// Begins anew, for these peers.
    func reset(_ scenario: Scenario) throws {
        (count, used, base) = (0, 0, 0)
        transportSequences = [UInt16](repeating: 0, count: scenario.publishers)
        senders = try (0..<scenario.publishers).map { peer in
            guard let profile = scenario.suite.profile else { return nil }
            return try SRTPSender(Call.keys(peer, profile).reversed)
        }
    }

    /// Begins a new script of the same peers, who go on counting.
    func rewind() {
        base &+= UInt32(count)
        (count, used) = (0, 0)
    }

    /// Writes what was planned, in the order of time, as far as there is room.
    func write(_ plans: [Plan], of streams: inout [MediaStream]) throws {
        for plan in plans.sorted(by: { $0.at < $1.at }) where count < Self.capacity {
            guard write(plan, of: &streams[plan.stream]) else { throw Refusal(text: "sealing failed") }
        }
    }

    /// Adds a datagram that is no RTP, in the order of time.
    func append(_ datagram: [UInt8], at time: Int64, from peer: Int) {
        guard count < Self.capacity, datagram.count <= Self.slotSize else { return }
        for (index, byte) in datagram.enumerated() { unsafe memory[used + index] = byte }
        place(datagram.count, at: time, from: peer)
    }

    private func place(_ length: Int, at time: Int64, from peer: Int) {
        unsafe places[count] = forward_entry(
            at_ns: time,
            offset: UInt32(used),
            length: UInt16(length),
            from: UInt16(peer)
        )
        used += length
        count += 1
    }

    private func write(_ plan: Plan, of stream: inout MediaStream) -> Bool {
        let start = used
        let room = unsafe UnsafeMutableBufferPointer(start: memory, count: Self.capacity * Self.slotSize)
        var bytes = unsafe MutableSpan(_unsafeElements: room)
        if plan.isStart { (stream.picture, stream.frame) = (stream.picture + 1, count) }
        let index = stream.sequence
        stream.sequence += 1
        bytes[start] = 0x90
        bytes[start + 1] = (stream.isVideo ? Call.payloadType : Call.audioPayloadType) | (plan.isEnd ? 0x80 : 0)
        bytes.store(UInt16(truncatingIfNeeded: index), at: start + 2)
        bytes.store(base &+ UInt32(stream.frame), at: start + 4)
        bytes.store(stream.ssrc, at: start + 8)
        // One-byte elements, RFC 8285 §4.2: the transport-wide sequence number and a byte of padding.
        bytes.store(UInt32(0xBEDE_0001), at: start + 12)
        bytes[start + 16] = Call.transportSequenceID << 4 | 1
        bytes.store(transportSequences[stream.peer], at: start + 17)
        bytes[start + 19] = 0
        transportSequences[stream.peer] &+= 1
        let head: [UInt8] = stream.isVideo ? descriptor(of: stream.picture, plan) : [0x78]
        let filling = filling
        let body = filling.span.extracting(first: max(0, plan.payload - head.count))
        var length = Self.headerLength + head.count + body.count
        if let sender = senders[stream.peer] {
            length = sender.seal(
                into: &bytes,
                at: start,
                headerLength: Self.headerLength,
                prefix: head.span,
                body: body,
                padding: 0,
                ssrc: stream.ssrc,
                index: index
            )
        } else {
            for (place, byte) in head.enumerated() { bytes[start + Self.headerLength + place] = byte }
        }
        guard length > 0 else { return false }
        place(length, at: plan.at, from: stream.peer)
        return true
    }

    /// VP8, RFC 7741 §4.2 and §4.3: whether a frame starts, its picture id, TL0PICIDX and temporal layer, so that all of
    /// it is rewritten for each consumer; then the bit that says whether it is no key frame.
    private func descriptor(of picture: Int, _ plan: Plan) -> [UInt8] {
        [
            plan.isStart ? 0x90 : 0x80, 0xE0, 0x80 | UInt8(picture >> 8 & 0x7F), UInt8(picture & 0xFF),
            UInt8(picture & 0xFF), 0, plan.isKey ? 0 : 1,
        ]
    }
}
