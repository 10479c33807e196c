// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire

/// An association with a peer that is honest or not, as the input says.
enum AssociationTarget {
    /// Whatever comes in whatever state, what leaves is well-formed, what is held is bounded, and time goes on.
    static func run(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        var subject = FuzzedAssociation(mode: input.byte())
        let head = input.byte()
        for _ in 0..<head & 15 { try subject.exchange() }
        while !input.isEmpty { try subject.step(&input) }
        try subject.settle()
    }
}

/// The association under test, an honest one as its peer, and a forger who knows tags and TSNs.
private struct FuzzedAssociation {
    private static let packetSize = 400
    private let configuration: SCTPConfiguration
    private let subject: SCTPAssociation
    private let peer: SCTPAssociation
    private var now = Instant(nanoseconds: 1_000_000_000)
    /// The tag that the subject wants to see.
    private var tag: UInt32 = 0
    /// The newest TSN it has sent.
    private var sentTSN: UInt32 = 0xFFFF_FFEF

    init(mode: UInt8) {
        var configuration = SCTPConfiguration()
        configuration.maximumPacketSize = Self.packetSize
        (configuration.receiveWindow, configuration.maximumReceiveMessageSize) = (20_000, 3000)
        (configuration.sendBufferSize, configuration.perStreamSendQueueLimit) = (30_000, 20_000)
        (configuration.incomingStreams, configuration.outgoingStreams) = (16, 16)
        (configuration.offersInterleaving, configuration.offersZeroChecksum) = (mode & 1 != 0, mode & 2 != 0)
        configuration.maximumRetransmissions = mode & 4 != 0 ? 3 : nil
        configuration.initialTSN = 0xFFFF_FFF0
        self.configuration = configuration
        subject = SCTPAssociation(configuration, random: SeededRandom(seed: 1))
        configuration.initialTSN = 100
        peer = SCTPAssociation(configuration, random: SeededRandom(seed: 2))
        if mode & 8 != 0 { subject.connect(now: now) }
        if mode & 24 != 8 { peer.connect(now: now) }
    }

    mutating func step(_ input: inout FuzzInput) throws(BrokenRule) {
        let step = input.byte()
        switch step & 15 {
        case 0: try exchange()
        case 1: try deliver(from: peer, to: subject)
        case 2: _ = try deliver(from: subject, to: nil)
        case 3:
            now = now + .milliseconds(Int(input.byte()) * Int(input.byte()))
            try timeout()
        case 4, 5: send(&input, by: step & 16 != 0 ? peer : subject)
        case 6: (step & 16 != 0 ? peer : subject).resetStream(UInt16(step >> 5), now: now)
        case 7:
            switch step >> 4 {
            case 0: subject.shutdown(now: now)
            case 1: subject.abort(now: now)
            case 2: peer.shutdown(now: now)
            case 3: peer.abort(now: now)
            case 4: subject.connect(now: now)
            default: subject.setBufferedAmountLowThreshold(Int(step), of: UInt16(step >> 5))
            }
        case 8...13: forge(&input, count: 1 + Int(step >> 5))
        default: subject.receive(input.chunk().span, now: now)
        }
        try check()
    }

    /// A packet each way.
    mutating func exchange() throws(BrokenRule) {
        _ = try deliver(from: subject, to: peer)
        _ = try deliver(from: peer, to: subject)
        try check()
    }

    @discardableResult
    private mutating func deliver(from sender: SCTPAssociation, to other: SCTPAssociation?) throws(BrokenRule) -> Bool {
        let mayHave = sender.hasPacketsToSend
        var buffer = [UInt8](repeating: 0, count: Self.packetSize)
        var span = buffer.mutableSpan
        let length = sender.transmit(into: &span, now: now)
        guard length > 0 else { return false }
        try require(mayHave, "one who has packets says so")
        try require(length <= Self.packetSize && length % 4 == 0, "packets are within their limits")
        let packet = buffer.span.extracting(0..<length)
        guard let view = try? SCTPPacketView(parsing: packet) else {
            throw BrokenRule(description: "unreadable packet")
        }
        try require(view.hasValidChecksum || view.hasZeroChecksum, "packets carry their checksum or none")
        if sender === subject {
            var chunks = view.chunks
            while let chunk = chunks.next() { note(chunk) }
        }
        other?.receive(packet, now: now)
        return true
    }

    /// Learns what a forger needs.
    private mutating func note(_ chunk: borrowing ChunkView) {
        if let initiation = try? InitChunk(chunk), chunk.type == .initiation || chunk.type == .initiationAck {
            tag = initiation.initiateTag
        }
        if chunk.type == .data || chunk.type == .interleavedData, let data = try? DataChunkView(chunk) {
            if data.header.tsn.isNewer(than: sentTSN) { sentTSN = data.header.tsn }
        }
    }

    private func send(_ input: inout FuzzInput, by sender: SCTPAssociation) {
        let flags = input.byte()
        let reliability: SCTPReliability =
            flags & 2 == 0
            ? .reliable : flags & 4 == 0 ? .retransmissions(Int(flags >> 6)) : .lifetime(.milliseconds(9))
        let message = SCTPMessage(
            stream: UInt16(flags >> 3 & 3),
            payloadProtocol: .binary,
            payload: [UInt8](repeating: flags, count: Int(input.byte()) * 8),
            isUnordered: flags & 1 != 0,
            reliability: reliability
        )
        _ = try? sender.send(message, now: now)
    }

    // MARK: Forging

    /// Hands the subject a packet of made-up chunks with the tag it wants and the right checksum.
    private mutating func forge(_ input: inout FuzzInput, count: Int) {
        var packet = [UInt8](repeating: 0, count: 1500)
        var writer = PacketWriter(limit: packet.count)
        var span = packet.mutableSpan
        var isInitiation = false
        for _ in 0..<count {
            let kind = input.byte()
            isInitiation = isInitiation || kind & 15 == 1
            guard append(kind, &input, &writer, &span) else { break }
        }
        guard !writer.isEmpty else { return }
        let length = writer.finish(
            into: &span,
            sourcePort: 5000,
            destinationPort: 5000,
            verificationTag: isInitiation ? 0 : tag
        )
        subject.receive(packet.span.extracting(0..<length), now: now)
    }

    private func append(
        _ kind: UInt8,
        _ input: inout FuzzInput,
        _ writer: inout PacketWriter,
        _ packet: inout MutableSpan<UInt8>
    ) -> Bool {
        switch kind & 15 {
        case 0, 2: return appendData(kind >> 4, &input, &writer, &packet)
        case 1:
            let flags = input.byte()
            let initiation = InitChunk(
                initiateTag: input.long(),
                advertisedWindow: input.long(),
                outgoingStreams: input.word(),
                incomingStreams: input.word(),
                initialTSN: input.long(),
                capabilities: SCTPCapabilities(rawValue: flags & 15),
                cookie: flags & 16 != 0 ? input.chunk() : []
            )
            return writer.append(initiation, into: &packet)
        case 3, 4:
            var gaps: [GapBlock] = []
            var last: UInt16 = 0
            for _ in 0..<kind >> 4 {
                let start = last &+ UInt16(input.byte() & 7)
                last = start &+ UInt16(input.byte() & 7)
                gaps.append(GapBlock(start: start, end: last))
            }
            let window = input.word()
            let duplicates: [UInt32] = []
            return writer.appendSack(
                cumulativeTSN: sentTSN &+ 2 &- UInt32(input.byte() & 31),
                advertisedWindow: UInt32(window) << 4,
                gapBlocks: gaps.span,
                duplicates: duplicates.span,
                into: &packet
            )
        case 5, 6:
            let streams = (0..<kind >> 4).map { _ in
                SkippedStream(stream: UInt16(input.byte() & 31), messageIdentifier: UInt32(input.byte()))
            }
            return writer.appendForwardTSN(
                cumulativeTSN: 100 &+ UInt32(input.byte()),
                streams: streams.span,
                isInterleaved: kind & 16 != 0,
                into: &packet
            )
        case 7, 8: return appendReconfiguration(kind >> 4, &input, &writer, &packet)
        default:
            let (type, flags) = (input.byte(), input.byte())
            let value = input.chunk()
            return writer.append(ChunkType(rawValue: type), flags: flags, value: value.span, into: &packet)
        }
    }

    private func appendData(
        _ flags: UInt8,
        _ input: inout FuzzInput,
        _ writer: inout PacketWriter,
        _ packet: inout MutableSpan<UInt8>
    ) -> Bool {
        let name = input.byte()
        let header = DataChunkHeader(
            tsn: 100 &+ UInt32(input.byte()),
            stream: UInt16(name & 31),
            messageIdentifier: UInt32(name >> 5),
            payloadProtocol: 53,
            fragmentNumber: UInt32(input.byte() & 7),
            flags: DataChunkFlags(rawValue: flags)
        )
        let payload = [UInt8](repeating: name, count: Int(input.byte()))
        let isInterleaved = configuration.offersInterleaving != (name == 0xFF)
        return writer.append(header, isInterleaved: isInterleaved, payload: payload.span, into: &packet)
    }

    private func appendReconfiguration(
        _ kinds: UInt8,
        _ input: inout FuzzInput,
        _ writer: inout PacketWriter,
        _ packet: inout MutableSpan<UInt8>
    ) -> Bool {
        var parameters: [ReconfigurationParameter] = []
        for kind in kinds & 8 != 0 ? [kinds & 3, kinds >> 2 & 1] : [kinds & 7] {
            let number = 98 &+ UInt32(input.byte() & 7)
            let own = 0xFFFF_FFEE &+ UInt32(input.byte() & 7)
            let streams = input.take(Int(input.byte() & 3)).map { UInt16($0 & 31) }
            switch kind {
            case 0:
                let last = 99 &+ UInt32(input.byte())
                parameters.append(
                    .outgoingReset(OutgoingReset(request: number, response: own, lastTSN: last, streams: streams))
                )
            case 1:
                let result = ReconfigurationResult(rawValue: UInt32(input.byte() & 7))
                parameters.append(.response(ReconfigurationResponse(request: own, result: result)))
            case 2: parameters.append(.incomingReset(request: number, streams: streams))
            case 3: parameters.append(.tsnReset(request: number))
            case 4: parameters.append(.addOutgoingStreams(request: number, count: UInt16(streams.count)))
            default: parameters.append(.addIncomingStreams(request: number, count: UInt16(streams.count)))
            }
        }
        return writer.append(parameters, into: &packet)
    }

    // MARK: Rules

    private mutating func timeout() throws(BrokenRule) {
        for one in [subject, peer] {
            guard let deadline = one.nextDeadline, deadline <= now else { continue }
            one.handleTimeout(now: now)
            try require(one.nextDeadline.map { $0 > now } ?? true, "what was due has been done")
        }
    }

    private func check() throws(BrokenRule) {
        while let output = subject.poll() {
            guard case .message(let message) = output else { continue }
            let limit = configuration.maximumReceiveMessageSize
            try require(1...limit ~= message.payload.count, "messages are within their limits")
            try require(message.stream < 16, "messages are of streams agreed on")
        }
        while peer.poll() != nil {}
        try require(0...configuration.receiveWindow * 3 / 2 + 2000 ~= subject.heldBytes, "what is received is bounded")
        try require(0...configuration.sendBufferSize ~= subject.bufferedAmount, "what is to be sent is bounded")
        for stream in 0..<16 as Range<UInt16> {
            try require(subject.bufferedAmount(of: stream) >= 0, "no stream owes bytes")
        }
    }

    /// Lets two minutes pass, in which it must come to rest.
    mutating func settle() throws(BrokenRule) {
        for _ in 0..<40 {
            var packets = 0
            while try deliver(from: subject, to: nil) {
                packets += 1
                try require(packets < 400, "at one moment only so many packets leave")
            }
            now = now + .seconds(3)
            try timeout()
            try check()
        }
    }
}
