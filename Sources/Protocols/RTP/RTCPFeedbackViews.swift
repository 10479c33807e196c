// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// A request for key frames, each with a number so that a repeated request is not a new one.
///
/// - Note: RFC 5104 §4.3.1.
package struct RTCPFullIntraRequestView: ~Escapable {
    package let senderSSRC: UInt32
    private let entries: Span<UInt8>

    /// - Parameter body: At least eight bytes.
    @_lifetime(copy body)
    init(_ body: Span<UInt8>) {
        senderSSRC = body.uint32(at: 0)
        entries = body.extracting(droppingFirst: 8)
    }

    /// How many streams are asked.
    package var count: Int { entries.count / 8 }

    /// The stream asked at `index`, which must be below ``count``, and the request's number.
    package subscript(index: Int) -> (ssrc: UInt32, sequence: UInt8) {
        precondition(index >= 0 && index < count, "request index out of range")
        return (entries.uint32(at: index * 8), entries[index * 8 + 4])
    }
}

/// A list of lost packets.
///
/// - Note: RFC 4585 §6.2.1.
package struct RTCPGenericNACKView: ~Escapable {
    package let senderSSRC: UInt32
    package let mediaSSRC: UInt32
    private let items: Span<UInt8>
    private var offset = 0
    private var bit = 0

    /// - Parameter body: At least eight bytes.
    @_lifetime(copy body)
    init(_ body: Span<UInt8>) {
        senderSSRC = body.uint32(at: 0)
        mediaSSRC = body.uint32(at: 4)
        items = body.extracting(droppingFirst: 8)
    }

    /// How many items of up to 17 packets there are.
    package var itemCount: Int { items.count / 4 }

    /// The next lost packet, or `nil` at the end; the peer may name one more than once.
    package mutating func next() -> UInt16? {
        while items.count - offset >= 4 {
            let first = items.uint16(at: offset)
            if bit == 0 {
                bit = 1
                return first
            }
            let mask = items.uint16(at: offset + 2)
            while bit <= 16 {
                defer { bit += 1 }
                if mask >> UInt16(bit - 1) & 1 == 1 { return first &+ UInt16(bit) }
            }
            bit = 0
            offset += 4
        }
        return nil
    }
}

/// A receiver's estimate of the bandwidth towards it, REMB.
///
/// - Note: draft-alvestrand-rmcat-remb-03 §2.2.
package struct RTCPReceiverEstimateView: ~Escapable {
    /// `REMB`, draft-alvestrand-rmcat-remb-03 §2.2.
    static let identifier: UInt32 = 0x5245_4D42

    package let senderSSRC: UInt32
    /// Bits per second; 0 stands for no limit.
    package let bitrate: UInt64
    private let ssrcs: Span<UInt8>

    static func isREMB(_ body: Span<UInt8>) -> Bool {
        body.count >= 12 && body.uint32(at: 8) == identifier
    }

    @_lifetime(copy body)
    init?(_ body: Span<UInt8>) {
        guard body.count >= 16, Self.isREMB(body) else { return nil }
        let count = Int(body[12])
        let (exponent, mantissa) = (body[13] >> 2, UInt64(body.uint24(at: 13) & 0x3_FFFF))
        guard body.count >= 16 + count * 4, mantissa.leadingZeroBitCount >= Int(exponent) else { return nil }
        senderSSRC = body.uint32(at: 0)
        bitrate = mantissa << UInt64(exponent)
        ssrcs = body.extracting(16..<16 + count * 4)
    }

    /// How many streams the estimate covers.
    package var count: Int { ssrcs.count / 4 }

    /// The stream at `index`, which must be below ``count``.
    package subscript(index: Int) -> UInt32 {
        precondition(index >= 0 && index < count, "stream index out of range")
        return ssrcs.uint32(at: index * 4)
    }
}
