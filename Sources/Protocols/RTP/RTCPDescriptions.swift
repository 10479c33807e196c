// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// A source description: names for sources, of which only CNAME is read.
///
/// - Note: RFC 3550 §6.5.
package struct RTCPSourceDescriptionView: ~Escapable {
    /// The item type of a canonical name, RFC 3550 §6.5.1.
    package static let cnameItem: UInt8 = 1
    /// The longest text of an item, RFC 3550 §6.5.
    package static let maximumTextLength = 255

    private let body: Span<UInt8>
    private let count: Int
    private var index = 0
    private var offset = 0

    /// A source and, where it says so, its canonical name.
    package struct Chunk: ~Escapable {
        package let ssrc: UInt32
        /// The CNAME's bytes, or `nil` when the chunk has none.
        package let cname: Span<UInt8>?

        @_lifetime(copy cname)
        init(ssrc: UInt32, cname: Span<UInt8>?) {
            self.ssrc = ssrc
            self.cname = cname
        }
    }

    @_lifetime(copy body)
    init(_ body: Span<UInt8>, count: Int) {
        self.body = body
        self.count = count
    }

    /// The next chunk, or `nil` at the end or where an item runs past it.
    @_lifetime(copy self)
    package mutating func next() -> Chunk? {
        guard index < count, body.count - offset >= 4 else { return nil }
        let ssrc = body.uint32(at: offset)
        var cname: Span<UInt8>?
        var at = offset + 4
        index += 1
        while at < body.count, body[at] != 0 {
            guard at + 1 < body.count, Int(body[at + 1]) <= body.count - at - 2 else {
                index = count
                return nil
            }
            let length = Int(body[at + 1])
            if body[at] == Self.cnameItem, cname == nil { cname = body.extracting(at + 2..<at + 2 + length) }
            at += 2 + length
        }
        // The list ends with one zero and goes on to the next 32-bit boundary.
        offset = min((at + 4) & ~3, body.count)
        return Chunk(ssrc: ssrc, cname: cname)
    }
}

/// Sources that leave.
///
/// - Note: RFC 3550 §6.6.
package struct RTCPGoodbyeView: ~Escapable {
    private let body: Span<UInt8>
    package let count: Int

    @_lifetime(copy body)
    init?(_ body: Span<UInt8>, count: Int) {
        guard body.count >= count * 4 else { return nil }
        self.body = body
        self.count = count
    }

    /// The source at `index`, which must be below ``count``.
    package subscript(index: Int) -> UInt32 {
        precondition(index >= 0 && index < count, "source index out of range")
        return body.uint32(at: index * 4)
    }
}

/// What a receiver sends back of the reference time of another.
///
/// - Note: RFC 3611 §4.5.
package struct RTCPDelaySinceReference: Equatable, Sendable {
    package var ssrc: UInt32
    /// Compact NTP time of the last receiver reference time report, or 0 without one.
    package var lastReport: UInt32
    /// Time since that report arrived, in 1/65536 s.
    package var delay: UInt32

    package init(ssrc: UInt32, lastReport: UInt32, delay: UInt32) {
        (self.ssrc, self.lastReport, self.delay) = (ssrc, lastReport, delay)
    }

    /// The round trip that this tells, in 1/65536 s.
    ///
    /// - Parameter now: Compact NTP time of its arrival.
    /// - Returns: `nil` without a reference time, and for negative or absurd results (over 30 s).
    package func roundTrip(at now: UInt32) -> UInt32? {
        guard lastReport != 0 else { return nil }
        let elapsed = now &- lastReport &- delay
        return elapsed <= 30 << 16 ? elapsed : nil
    }
}

/// An extended report, of which two kinds of block are read.
///
/// - Note: RFC 3611 §2.
package struct RTCPExtendedReportView: ~Escapable {
    /// RFC 3611 §4.4.
    static let referenceTimeBlock: UInt8 = 4
    /// RFC 3611 §4.5.
    static let delayBlock: UInt8 = 5

    package let ssrc: UInt32
    private let body: Span<UInt8>
    private var offset = 4
    /// Where the sub-blocks of a delay block end; up to there ``next()`` reads them one by one.
    private var delaysEnd = 0

    /// What a block says.
    package enum Item: Equatable, Sendable {
        /// The receiver's wall time, RFC 3611 §4.4.
        case referenceTime(NTPTime)
        /// One source's delay since its reference time report, RFC 3611 §4.5.
        case delay(RTCPDelaySinceReference)
    }

    @_lifetime(copy body)
    init?(_ body: Span<UInt8>) {
        guard body.count >= 4 else { return nil }
        ssrc = body.uint32(at: 0)
        self.body = body
    }

    /// The next item of a known block, or `nil` at the end.
    package mutating func next() -> Item? {
        while true {
            if offset < delaysEnd {
                guard delaysEnd - offset >= 12 else {
                    offset = delaysEnd
                    continue
                }
                defer { offset += 12 }
                return .delay(
                    RTCPDelaySinceReference(
                        ssrc: body.uint32(at: offset),
                        lastReport: body.uint32(at: offset + 4),
                        delay: body.uint32(at: offset + 8)
                    )
                )
            }
            guard body.count - offset >= 4 else { return nil }
            let (type, length) = (body[offset], Int(body.uint16(at: offset + 2)) * 4)
            let start = offset + 4
            guard length <= body.count - start else { return nil }
            offset = start + length
            if type == Self.referenceTimeBlock, length >= 8 {
                return .referenceTime(NTPTime(rawValue: body.uint64(at: start)))
            }
            if type == Self.delayBlock {
                (offset, delaysEnd) = (start, start + length)
            }
        }
    }
}
