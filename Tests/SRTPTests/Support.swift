// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire

/// The bytes that `text` spells in hexadecimal; anything else in it is skipped.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

extension SRTPKeyingMaterial {
    /// Keys whose bytes follow from a seed.
    static func seeded(_ profile: SRTPProfile, _ seed: UInt64 = 1) -> SRTPKeyingMaterial {
        var random = SeededRandom(seed: seed)
        func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
        let (key, salt) = (profile.keyLength, profile.saltLength)
        return SRTPKeyingMaterial(
            profile: profile,
            localKey: bytes(key),
            localSalt: bytes(salt),
            remoteKey: bytes(key),
            remoteSalt: bytes(salt)
        )
    }
}

/// An RTP header without extensions.
func header(ssrc: UInt32, sequence: UInt16, payloadType: UInt8 = 96, padded: Bool = false) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(UInt8(padded ? 0xA0 : 0x80))
    writer.write(payloadType)
    writer.write(sequence)
    writer.write(UInt32(sequence) &* 3000)
    writer.write(ssrc)
    return writer.bytes
}

extension SRTPSender {
    /// The sealed packet, built somewhere in the middle of a buffer whose other bytes must stay as they are.
    func sealed(
        _ header: [UInt8],
        prefix: [UInt8] = [],
        body: [UInt8] = [],
        padding: Int = 0,
        index: UInt64? = nil
    ) -> [UInt8] {
        let (before, after) = (7, 5)
        let length = header.count + prefix.count + body.count + padding + overhead
        var buffer = [UInt8](repeating: 0xEE, count: before + length + after)
        var target = buffer.mutableSpan
        target.store(header.span, at: before)
        let written = seal(
            into: &target,
            at: before,
            headerLength: header.count,
            prefix: prefix.span,
            body: body.span,
            padding: padding,
            ssrc: header.span.uint32(at: 8),
            index: index ?? UInt64(header.span.uint16(at: 2))
        )
        precondition(written == length && (buffer.prefix(before) + buffer.suffix(after)).allSatisfy { $0 == 0xEE })
        return Array(buffer[before..<before + length])
    }

    /// The packet of this SSRC, index and payload, sealed.
    func sealed(ssrc: UInt32, index: UInt64, body: [UInt8] = [1, 2, 3]) -> [UInt8] {
        sealed(header(ssrc: ssrc, sequence: UInt16(truncatingIfNeeded: index)), body: body, index: index)
    }

    /// The sealed compound packet.
    func sealedRTCP(_ packet: [UInt8]) -> [UInt8] {
        var buffer = [0xEE] + packet + [UInt8](repeating: 0xEE, count: rtcpOverhead + 1)
        var target = buffer.mutableSpan
        let written = sealRTCP(into: &target, at: 1, length: packet.count)
        precondition(written == packet.count + rtcpOverhead && buffer.first == 0xEE && buffer.last == 0xEE)
        return Array(buffer[1...written])
    }
}

extension SRTPReceiver {
    /// The plain packet and what was found out about it; opened in the middle of a buffer.
    func opened(_ packet: [UInt8]) throws(SRTPError) -> (plain: [UInt8], opened: SRTPOpened) {
        var buffer = [0xEE, 0xEE, 0xEE] + packet + [0xEE]
        var target = buffer.mutableSpan
        let opened = try open(&target, 3..<3 + packet.count)
        precondition(buffer.prefix(3) == [0xEE, 0xEE, 0xEE] && buffer.last == 0xEE)
        return (Array(buffer[3..<3 + opened.length]), opened)
    }

    /// The plain compound packet and what was found out about it.
    func openedRTCP(_ packet: [UInt8]) throws(SRTPError) -> (plain: [UInt8], opened: SRTPOpened) {
        var buffer = [0xEE, 0xEE, 0xEE] + packet + [0xEE]
        var target = buffer.mutableSpan
        let opened = try openRTCP(&target, 3..<3 + packet.count)
        precondition(buffer.prefix(3) == [0xEE, 0xEE, 0xEE] && buffer.last == 0xEE)
        return (Array(buffer[3..<3 + opened.length]), opened)
    }
}

/// A sender and the receiver of its packets.
final class Pair {
    let sender: SRTPSender
    let receiver: SRTPReceiver
    private var packets: [UInt32: [UInt64: [UInt8]]] = [:]

    init(_ profile: SRTPProfile, seed: UInt64 = 1) throws {
        let keys = SRTPKeyingMaterial.seeded(profile, seed)
        sender = try SRTPSender(keys)
        receiver = try SRTPReceiver(keys.reversed)
    }

    /// The one packet of this SSRC and index; asked for again, the same bytes, since no index is sealed twice.
    func sealed(ssrc: UInt32, index: UInt64) -> [UInt8] {
        if let packet = packets[ssrc]?[index] { return packet }
        let packet = sender.sealed(ssrc: ssrc, index: index)
        packets[ssrc, default: [:]][index] = packet
        return packet
    }
}
