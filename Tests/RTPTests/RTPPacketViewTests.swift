// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("RTP packets, RFC 3550 §5.1")
struct RTPPacketViewTests {
    /// Marker, type 96, sequence 0x1234, one contributing source, extension of one word, payload of 3, padding of 2.
    static let packet: [UInt8] = [
        0xB1, 0xE0, 0x12, 0x34, 0xDE, 0xAD, 0xBE, 0xEF, 0x01, 0x02, 0x03, 0x04, 0x0A, 0x0B, 0x0C, 0x0D,
        0xBE, 0xDE, 0x00, 0x01, 0x10, 0x37, 0x00, 0x00, 0x61, 0x62, 0x63, 0x00, 0x02,
    ]

    @Test("Every field of a packet written by hand is read")
    func fields() throws {
        let view = try RTPPacketView(parsing: Self.packet.span)
        let (marker, type, sequence) = (view.marker, view.payloadType, view.sequenceNumber)
        let (timestamp, ssrc) = (view.timestamp, view.ssrc)
        #expect(marker && type == 96 && sequence == 0x1234)
        #expect(timestamp == 0xDEAD_BEEF && ssrc == 0x0102_0304)
        let (count, source, none) = (
            view.contributingSourceCount, view.contributingSource(at: 0), view.contributingSource(at: 1)
        )
        #expect(count == 1 && source == 0x0A0B_0C0D && none == nil)
        let (header, profile, block) = (view.headerLength, view.extensionProfile, view.extensionRange)
        #expect(header == 24 && profile == 0xBEDE && block == 20..<24)
        let (payload, range, padding) = (view.payload.copied(), view.payloadRange, view.paddingLength)
        #expect(payload == [0x61, 0x62, 0x63] && range == 24..<27 && padding == 2)
    }

    @Test("Fixed-offset reads agree with the view")
    func fixedOffsets() {
        let bytes = Self.packet
        let (isRTP, length) = (RTPFixedHeader.isRTP(bytes.span), RTPFixedHeader.headerLength(of: bytes.span))
        let (marker, type) = (RTPFixedHeader.marker(of: bytes.span), RTPFixedHeader.payloadType(of: bytes.span))
        let (sequence, timestamp) = (
            RTPFixedHeader.sequenceNumber(of: bytes.span), RTPFixedHeader.timestamp(of: bytes.span)
        )
        let ssrc = RTPFixedHeader.ssrc(of: bytes.span)
        #expect(isRTP && length == 24 && marker && type == 96)
        #expect(sequence == 0x1234 && timestamp == 0xDEAD_BEEF && ssrc == 0x0102_0304)
    }

    @Test("The second bytes 192 to 223 belong to RTCP, RFC 5761 §4", arguments: [191, 192, 200, 223, 224] as [UInt8])
    func multiplexing(second: UInt8) {
        var bytes = Self.packet
        bytes[1] = second
        let isRTP = RTPFixedHeader.isRTP(bytes.span)
        #expect(isRTP == !(192...223 ~= second))
    }

    @Test("A packet cut anywhere in its header is truncated, and one cut later never reads past the end")
    func truncation() {
        for length in Self.packet.indices {
            let bytes = Array(Self.packet[..<length])
            if length < 24 {
                #expect(failure(of: bytes) == .truncated)
                let header = RTPFixedHeader.headerLength(of: bytes.span)
                #expect(header == nil)
            } else if failure(of: bytes) == nil, let view = try? RTPPacketView(parsing: bytes.span) {
                let sum = view.headerLength + view.payload.count + view.paddingLength
                #expect(sum == length)
            }
        }
    }

    @Test("Padding of zero, or longer than what follows the header, is malformed", arguments: [0, 6, 255] as [UInt8])
    func wrongPadding(count: UInt8) {
        var bytes = Self.packet
        bytes[bytes.count - 1] = count
        #expect(failure(of: bytes) == .malformed)
    }

    @Test("A packet of padding alone has an empty payload")
    func onlyPadding() throws {
        var bytes = Self.packet
        bytes[bytes.count - 1] = 5
        let view = try RTPPacketView(parsing: bytes.span)
        let (empty, padding) = (view.payload.isEmpty, view.paddingLength)
        #expect(empty && padding == 5)
    }

    @Test("Another version is unsupported", arguments: [0x00, 0x40, 0xC0] as [UInt8])
    func version(bits: UInt8) {
        var bytes = Self.packet
        bytes[0] = bytes[0] & 0x3F | bits
        #expect(failure(of: bytes) == .unsupported)
        let isRTP = RTPFixedHeader.isRTP(bytes.span)
        #expect(!isRTP)
    }

    private func failure(of bytes: [UInt8]) -> WireError? {
        do throws(WireError) {
            _ = try RTPPacketView(parsing: bytes.span)
            return nil
        } catch {
            return error
        }
    }
}
