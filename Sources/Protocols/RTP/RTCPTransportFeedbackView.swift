// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What a receiver says of the arrival of a transport's packets.
///
/// Checked whole before the first status is read: every chunk that the count asks for is there, no run is empty, no
/// symbol is the reserved one, and the deltas that the symbols announce are there.
///
/// - Note: draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.
package struct RTCPTransportFeedbackView: ~Escapable {
    /// Microseconds in one tick of a delta, draft-holmer §3.1.5.
    package static let tickMicroseconds = 250
    /// Ticks in one unit of the reference time, 64 ms, draft-holmer §3.1.
    package static let ticksPerReference: Int64 = 256

    package let senderSSRC: UInt32
    package let mediaSSRC: UInt32
    /// The first packet reported on.
    package let baseSequence: UInt16
    /// How many packets are reported on, lost ones included.
    package let statusCount: Int
    /// Time base in units of 64 ms, 24 bits with sign.
    package let referenceTime: Int32
    /// Counts feedback packets, wrapping.
    package let feedbackCount: UInt8
    private let body: Span<UInt8>
    private var index = 0
    private var chunkOffset = 16
    private var chunk: UInt16 = 0
    private var chunkLeft = 0
    private var deltaOffset: Int
    private var time: Int64

    /// One packet's fate.
    package struct Status: Equatable, Sendable {
        package let sequence: UInt16
        /// Arrival in ticks on the receiver's clock, or `nil` when the packet had not arrived.
        package let arrival: Int64?

        @inlinable
        package init(sequence: UInt16, arrival: Int64?) { (self.sequence, self.arrival) = (sequence, arrival) }
    }

    @_lifetime(copy body)
    init?(_ body: Span<UInt8>) {
        guard body.count >= 16 else { return nil }
        senderSSRC = body.uint32(at: 0)
        mediaSSRC = body.uint32(at: 4)
        baseSequence = body.uint16(at: 8)
        statusCount = Int(body.uint16(at: 10))
        referenceTime = Int32(bitPattern: body.uint24(at: 12) << 8) >> 8
        feedbackCount = body[15]
        self.body = body
        guard let deltas = Self.deltaOffset(of: body, statusCount: statusCount) else { return nil }
        deltaOffset = deltas
        time = Int64(referenceTime) * Self.ticksPerReference
    }

    /// The next packet's status, or `nil` at the end.
    package mutating func next() -> Status? {
        guard index < statusCount else { return nil }
        if chunkLeft == 0 {
            chunk = body.uint16(at: chunkOffset)
            chunkOffset += 2
            chunkLeft = Self.capacity(of: chunk)
        }
        let symbol = Self.symbol(of: chunk, left: chunkLeft)
        chunkLeft -= 1
        let sequence = baseSequence &+ UInt16(truncatingIfNeeded: index)
        index += 1
        switch symbol {
        case 1:
            time &+= Int64(body[deltaOffset])
            deltaOffset += 1
        case 2:
            time &+= Int64(Int16(bitPattern: body.uint16(at: deltaOffset)))
            deltaOffset += 2
        default:
            return Status(sequence: sequence, arrival: nil)
        }
        return Status(sequence: sequence, arrival: time)
    }

    /// Where the deltas start, or `nil` when chunks or deltas are malformed or missing.
    private static func deltaOffset(of body: Span<UInt8>, statusCount: Int) -> Int? {
        var (offset, seen, deltas) = (16, 0, 0)
        while seen < statusCount {
            guard body.count - offset >= 2 else { return nil }
            let chunk = body.uint16(at: offset)
            offset += 2
            let count = min(capacity(of: chunk), statusCount - seen)
            guard count > 0 else { return nil }
            if chunk & 0x8000 == 0 {
                let symbol = Int(chunk >> 13)
                guard symbol != 3 else { return nil }
                deltas += symbol * count
            } else {
                let whole = capacity(of: chunk)
                for index in 0..<count {
                    let symbol = Int(symbol(of: chunk, left: whole - index))
                    guard symbol != 3 else { return nil }
                    deltas += symbol
                }
            }
            seen += count
        }
        return body.count - offset >= deltas ? offset : nil
    }

    /// How many symbols a chunk describes.
    private static func capacity(of chunk: UInt16) -> Int {
        switch chunk >> 14 {
        case 0b10: 14
        case 0b11: 7
        default: Int(chunk & 0x1FFF)
        }
    }

    /// The symbol of a chunk that stands `left` symbols before its end.
    private static func symbol(of chunk: UInt16, left: Int) -> UInt16 {
        switch chunk >> 14 {
        case 0b10: chunk >> UInt16(left - 1) & 1
        case 0b11: chunk >> UInt16((left - 1) * 2) & 3
        default: chunk >> 13 & 3
        }
    }
}
