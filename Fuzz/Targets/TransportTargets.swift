// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletICE
import SwiftletSRTP
import SwiftletSTUN
import SwiftletWire

/// What stands between the socket and RTP.
enum TransportTargets {
    /// Any bytes are read as STUN; so are they as the attributes of a message whose header and length fit.
    static func stun(_ bytes: [UInt8]) throws(BrokenRule) {
        try readSTUN(bytes)
        let attributes = Array(bytes.prefix(1200)) + [UInt8](repeating: 0, count: (4 - min(bytes.count, 1200) % 4) % 4)
        let length = attributes.count
        let header: [UInt8] =
            [0, 1, UInt8(length >> 8), UInt8(length & 0xFF), 0x21, 0x12, 0xA4, 0x42] + [UInt8](repeating: 7, count: 12)
        try readSTUN(header + attributes)
    }

    private static func readSTUN(_ bytes: [UInt8]) throws(BrokenRule) {
        let fragment = STUN.peekLocalUsernameFragment(bytes.span)
        try require(fragment.map { 1...256 ~= $0.utf8.count } ?? true, "a fragment is within its limits")
        guard let view = try? STUNMessageView(parsing: bytes.span) else { return }
        try require(STUN.isMessage(bytes.span), "only messages are read")
        try require(view.unknownRequiredAttributes.count <= 8, "few unknown attributes are kept")
        _ = (view.username?.count, view.localUsernameFragment?.count)
        let key = HMACSHA1(key: ([1, 2, 3] as [UInt8]).span)
        try require(!view.isAuthentic(key: key) || view.hasIntegrity, "what has no integrity is not authentic")
    }

    /// A stream in any pieces yields the packets that lie in it, or breaks where a length is too large.
    static func deframer(_ bytes: [UInt8]) throws(BrokenRule) {
        let limit = 300
        let cuts = Array(bytes.prefix(4)).map { 1 + Int($0) }
        let stream = Array(bytes.dropFirst(4))
        let expected = frames(in: stream, limit: limit)
        var deframer = StreamDeframer(maximumFrameLength: limit)
        var found: [[UInt8]] = []
        var (offset, pieces) = (0, 0)
        do throws(WireError) {
            while offset < stream.count {
                let end = min(stream.count, offset + cuts[pieces % cuts.count])
                let taken = deframer.append(stream.span.extracting(offset..<end))
                (offset, pieces) = (offset + taken, pieces + 1)
                while let range = try deframer.nextFrame() {
                    let held = deframer.bytes
                    var frame: [UInt8] = []
                    for index in range { frame.append(held[index]) }
                    found.append(frame)
                }
                guard taken > 0 else { throw .truncated }
            }
        } catch {
            guard error == .malformed else { throw BrokenRule(description: "some of a drained stream is taken") }
            try require(expected.isBroken, "a stream breaks only where a length is too large")
        }
        try require(found == expected.frames, "a stream yields the packets that lie in it")
        try require(deframer.pending <= deframer.capacity, "what is held is bounded")
    }

    /// The packets of a stream that is there as a whole, up to a length that is too large.
    private static func frames(in stream: [UInt8], limit: Int) -> (frames: [[UInt8]], isBroken: Bool) {
        var frames: [[UInt8]] = []
        var offset = 0
        while stream.count - offset >= 2 {
            let length = Int(stream[offset]) << 8 | Int(stream[offset + 1])
            guard length <= limit else { return (frames, true) }
            guard stream.count - offset - 2 >= length else { break }
            if length > 0 { frames.append(Array(stream[offset + 2..<offset + 2 + length])) }
            offset += 2 + length
        }
        return (frames, false)
    }

    /// Bytes of a stranger are never opened; what we seal opens to itself, and once changed it does not.
    static func srtp(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        let profile = SRTPProfile.preferenceOrder[Int(input.byte() % 4)]
        guard let (sender, receiver) = try? pair(profile) else {
            throw BrokenRule(description: "keys of the right length are taken")
        }
        let flip = (offset: Int(input.word()), mask: input.byte())
        let sequence = input.word()
        let body = input.take(1200)
        try refuse(body, by: receiver)

        var packet = [UInt8](repeating: 0, count: 12 + body.count + sender.overhead)
        (packet[0], packet[1]) = (0x80, 96)
        (packet[2], packet[3], packet[11]) = (UInt8(sequence >> 8), UInt8(sequence & 0xFF), 9)
        var span = packet.mutableSpan
        let length = sender.seal(
            into: &span,
            at: 0,
            headerLength: 12,
            prefix: Span(),
            body: body.span,
            padding: 0,
            ssrc: 9,
            index: UInt64(sequence)
        )
        try require(length == packet.count, "a packet that fits is sealed")
        var sealed = packet
        if flip.mask != 0 {
            var changed = packet
            changed[flip.offset % changed.count] ^= flip.mask
            try refuse(changed, by: receiver)
        }
        let opened = open(&packet, by: receiver)
        try require(opened?.length == 12 + body.count && opened?.ssrc == 9, "what was sealed opens")
        try require(packet[12..<12 + body.count].elementsEqual(body), "what opens is what was sealed")
        try require(open(&sealed, by: receiver) == nil, "nothing opens twice")
    }

    private static func open(_ packet: inout [UInt8], by receiver: SRTPReceiver) -> SRTPOpened? {
        let whole = packet.indices
        var span = packet.mutableSpan
        return try? receiver.open(&span, whole)
    }

    private static func refuse(_ bytes: [UInt8], by receiver: SRTPReceiver) throws(BrokenRule) {
        for isRTCP in [false, true] {
            var copy = bytes
            var span = copy.mutableSpan
            let whole = 0..<bytes.count
            let opened = isRTCP ? try? receiver.openRTCP(&span, whole) : try? receiver.open(&span, whole)
            try require(opened == nil, "what we did not seal is not opened")
        }
    }

    private static func pair(_ profile: SRTPProfile) throws -> (SRTPSender, SRTPReceiver) {
        let key = [UInt8](0..<UInt8(profile.keyLength))
        let salt = [UInt8](0..<UInt8(profile.saltLength))
        let keys = SRTPKeyingMaterial(
            profile: profile,
            localKey: key,
            localSalt: salt,
            remoteKey: key,
            remoteSalt: salt
        )
        return (try SRTPSender(keys), try SRTPReceiver(keys))
    }
}
