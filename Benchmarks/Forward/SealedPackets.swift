// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire

/// The publisher's packets, sealed before anything is measured.
///
/// Packet `i` has the RTP timestamp `i`, by which receivers know when it was sent.
@safe
final class SealedPackets {
    /// Bytes of one packet before sealing.
    static let plainSize = 1200
    /// One key frame in so many packets.
    private static let keyFrameInterval = 300
    private static let firstSequence: UInt64 = 1000
    private static let headerLength = 20

    let capacity: Int
    /// Bytes of one packet.
    let size = plainSize + 16
    private let memory: UnsafeMutableBufferPointer<UInt8>
    /// When each was sent.
    let sentTimes: UnsafeMutablePointer<Int64>
    private let sender: SRTPSender

    /// Makes room for `capacity` packets.
    init(capacity: Int) throws {
        self.capacity = capacity
        unsafe memory = .allocate(capacity: capacity * (Self.plainSize + 16))
        unsafe memory.initialize(repeating: 0)
        unsafe sentTimes = .allocate(capacity: capacity)
        unsafe sentTimes.initialize(repeating: 0, count: capacity)
        sender = try SRTPSender(Call.keys(0).reversed)
    }

    deinit {
        unsafe memory.deallocate()
        unsafe sentTimes.deallocate()
    }

    var base: UnsafePointer<UInt8>? { @unsafe get { unsafe UnsafePointer(memory.baseAddress) } }

    /// A sealed packet.
    @_lifetime(borrow self)
    func packet(_ place: Int) -> Span<UInt8> {
        let all = unsafe Span(_unsafeElements: UnsafeBufferPointer(memory))
        return unsafe _overrideLifetime(all.extracting(place * size..<(place + 1) * size), borrowing: self)
    }

    /// Seals packets into the places from `place` on, numbered from `number` on.
    ///
    /// - Returns: Whether all were sealed.
    func seal(_ count: Int, from number: Int, at place: Int) -> Bool {
        let room = unsafe MutableSpan(_unsafeElements: memory)
        var bytes = unsafe _overrideLifetime(room, borrowing: self)
        var payload = [UInt8](repeating: 0xAA, count: Self.plainSize - Self.headerLength)
        for index in 0..<count {
            let isKey = (number + index) % Self.keyFrameInterval == 0
            let picture = number + index
            // VP8, RFC 7741 §4.2 and §4.3: start of a frame with picture id, TL0PICIDX and temporal layer, so that all of
            // it is rewritten for each consumer; then the bit that says whether it is no key frame.
            (payload[0], payload[1]) = (0x90, 0xE0)
            (payload[2], payload[3]) = (0x80 | UInt8(picture >> 8 & 0x7F), UInt8(picture & 0xFF))
            (payload[4], payload[5], payload[6]) = (UInt8(picture & 0xFF), 0, isKey ? 0 : 1)
            let length = write(payload, number + index, into: &bytes, at: (place + index) * size)
            guard length == size else { return false }
        }
        return true
    }

    private func write(_ payload: [UInt8], _ number: Int, into bytes: inout MutableSpan<UInt8>, at start: Int) -> Int {
        let index = Self.firstSequence + UInt64(number)
        bytes[start] = 0x90
        bytes[start + 1] = Call.payloadType | 0x80
        bytes.store(UInt16(truncatingIfNeeded: index), at: start + 2)
        bytes.store(UInt32(truncatingIfNeeded: number), at: start + 4)
        bytes.store(Call.ssrc, at: start + 8)
        // One-byte elements, RFC 8285 §4.2: the transport-wide sequence number and a byte of padding.
        bytes.store(UInt32(0xBEDE_0001), at: start + 12)
        bytes[start + 16] = Call.transportSequenceID << 4 | 1
        bytes.store(UInt16(truncatingIfNeeded: number), at: start + 17)
        bytes[start + 19] = 0
        return sender.seal(
            into: &bytes,
            at: start,
            headerLength: Self.headerLength,
            prefix: Span(),
            body: payload.span,
            padding: 0,
            ssrc: Call.ssrc,
            index: index
        )
    }
}
