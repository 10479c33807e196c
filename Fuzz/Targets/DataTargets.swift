// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSCTP
import SwiftletWire

/// What data channels are made of.
enum DataTargets {
    // MARK: Packets

    /// Any bytes are read as a packet, and as the chunks of one that is whole.
    static func packet(_ bytes: [UInt8]) throws(BrokenRule) {
        try readPacket(bytes)
        try readPacket([0x13, 0x88, 0x13, 0x88, 0, 0, 0, 1, 0, 0, 0, 0] + bytes)
    }

    private static func readPacket(_ bytes: [UInt8]) throws(BrokenRule) {
        guard let packet = try? SCTPPacketView(parsing: bytes.span) else { return }
        _ = packet.hasValidChecksum
        var (count, length) = (0, SCTPPacketView.headerLength)
        var chunks = packet.chunks
        while let chunk = chunks.next() {
            (count, length) = (count + 1, length + (chunk.bytes.count + 3) & ~3)
            try readChunk(chunk)
        }
        try require(count > 0, "a packet has a chunk")
        try require((count == 1) == packet.hasSingleChunk, "one chunk is one chunk")
        try require(bytes.count <= length && length < bytes.count + 4, "chunks fill their packet")
    }

    private static func readChunk(_ chunk: borrowing ChunkView) throws(BrokenRule) {
        switch chunk.type {
        case .data, .interleavedData: try readData(chunk)
        case .sack: try readSack(chunk)
        case .initiation, .initiationAck: try readInitiation(chunk)
        case .forwardTSN, .interleavedForwardTSN:
            guard let forward = try? ForwardTSNView(chunk) else { return }
            for index in 0..<forward.streamCount {
                let stream = forward.stream(at: index)
                try require(forward.isInterleaved || !stream.isUnordered, "FORWARD-TSN knows order only")
            }
        case .reconfiguration:
            guard let parameters = try? ReconfigurationParameter.parse(chunk), !parameters.isEmpty else { return }
            try require(parameters.count <= ReconfigurationParameter.maximumCount, "two parameters at most")
            let again = write { $0.append(parameters, into: &$1) }
            guard let view = try? ChunkView(parsing: again.span) else { throw BrokenRule(description: "unreadable") }
            try require((try? ReconfigurationParameter.parse(view)) == parameters, "RE-CONFIG reads as written")
        case .error, .abort:
            let causes = ErrorCause.parse(chunk)
            try require(causes.count <= ErrorCause.maximumCount, "causes are bounded")
            let again = write { $0.appendError(causes: causes, into: &$1) }
            guard let view = try? ChunkView(parsing: again.span) else { throw BrokenRule(description: "unreadable") }
            try require(ErrorCause.parse(view) == causes, "causes read as written")
        default:
            _ = (chunk.heartbeatInfo?.count, chunk.shutdownCumulativeTSN, chunk.reflectsTag)
        }
    }

    private static func readData(_ chunk: borrowing ChunkView) throws(BrokenRule) {
        guard let data = try? DataChunkView(chunk) else { return }
        let (header, isInterleaved) = (data.header, data.isInterleaved)
        let payload = data.payload.copied()
        let again = write { $0.append(header, isInterleaved: isInterleaved, payload: payload.span, into: &$1) }
        guard let view = try? ChunkView(parsing: again.span), let other = try? DataChunkView(view) else {
            throw BrokenRule(description: "data that was written is unreadable")
        }
        try require(other.header == header && other.isInterleaved == isInterleaved, "data reads as written")
        try require(other.payload.matches(data.payload), "payload reads as written")
    }

    private static func readSack(_ chunk: borrowing ChunkView) throws(BrokenRule) {
        guard let sack = try? SackView(chunk) else { return }
        var last: UInt16 = 0
        for index in 0..<sack.gapBlockCount {
            let block = sack.gapBlock(at: index)
            try require(block.start > last && block.end >= block.start, "gap blocks are in order")
            last = block.end
        }
        for index in 0..<sack.duplicateCount { _ = sack.duplicate(at: index) }
    }

    private static func readInitiation(_ chunk: borrowing ChunkView) throws(BrokenRule) {
        guard var initiation = try? InitChunk(chunk) else { return }
        try require(initiation.unrecognized.count <= InitChunk.maximumReports, "reports are bounded")
        initiation.unrecognized = []
        let again = write { $0.append(initiation, into: &$1) }
        guard let view = try? ChunkView(parsing: again.span) else { throw BrokenRule(description: "unreadable") }
        try require((try? InitChunk(view)) == initiation, "INIT reads as written")
    }

    /// The chunk that a writer makes.
    private static func write(_ chunk: (inout PacketWriter, inout MutableSpan<UInt8>) -> Bool) -> [UInt8] {
        var buffer = [UInt8](repeating: 0xEE, count: 8192)
        var writer = PacketWriter(limit: buffer.count)
        var span = buffer.mutableSpan
        guard chunk(&writer, &span) else { return [] }
        return Array(buffer[SCTPPacketView.headerLength..<writer.length])
    }

    // MARK: Cookies and channels

    /// Cookies come back as they went out, and nothing else opens.
    static func stateCookie(_ bytes: [UInt8]) throws(BrokenRule) {
        let key = HMACSHA1(key: ([1, 2, 3] as [UInt8]).span)
        let now = Instant(nanoseconds: 1_000_000_000)
        func open(_ bytes: [UInt8]) -> StateCookie.Opening {
            StateCookie.open(bytes.span, key: key, now: now, lifetime: .seconds(60))
        }
        try require(open(bytes) == .forged, "what is made up is not ours")
        var input = FuzzInput(bytes)
        let peer = InitChunk(
            initiateTag: input.long(),
            advertisedWindow: input.long(),
            outgoingStreams: input.word(),
            incomingStreams: input.word(),
            initialTSN: input.long(),
            capabilities: SCTPCapabilities(rawValue: input.byte())
        )
        let cookie = StateCookie(
            created: now,
            localTag: input.long(),
            localInitialTSN: input.long(),
            peer: peer,
            localTieTag: input.long(),
            peerTieTag: input.long()
        )
        var sealed = cookie.sealed(with: key)
        try require(open(sealed) == .valid(cookie), "a cookie opens to what went in")
        sealed[Int(input.byte()) % sealed.count] ^= max(1, input.byte())
        try require(open(sealed) == .forged, "a change is found")
    }

    /// What reads as a message of the channels' own protocol reads the same when it is written.
    static func dataChannelControl(_ bytes: [UInt8]) throws(BrokenRule) {
        guard let message = try? DataChannelControl(parsing: bytes.span) else { return }
        if case .open(let open) = message {
            let names = open.label.utf8.count + open.protocol.utf8.count
            try require(names + DataChannelOpen.fixedLength == bytes.count, "names fill their message")
        }
        try require((try? DataChannelControl(parsing: message.bytes.span)) == message, "it reads as written")
    }

    // MARK: Receiving

    /// Whatever chunks come, what is held is bounded, and is let go in the end.
    static func receiver(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        let mode = input.byte()
        var subject = FuzzedReceiver(isInterleaved: mode & 1 != 0, initialTSN: mode & 2 != 0 ? 0xFFFF_FFF8 : 7)
        while !input.isEmpty {
            guard try subject.step(&input) else { return }
            try subject.check()
        }
        try subject.finish()
    }
}

/// A receiver that is fed from an input.
private struct FuzzedReceiver {
    private static let (window, longest) = (20_000, 3000)

    private let isInterleaved: Bool
    private let receiver: SCTPReceiver
    private var now = Instant(nanoseconds: 0)
    private var request: UInt32 = 0

    init(isInterleaved: Bool, initialTSN: UInt32) {
        self.isInterleaved = isInterleaved
        receiver = SCTPReceiver(
            initialTSN: initialTSN,
            isInterleaved: isInterleaved,
            incomingStreams: 6,
            maximumMessageSize: Self.longest,
            window: Self.window
        )
    }

    /// Does what the input says next.
    ///
    /// - Returns: `false` when the association would be aborted.
    mutating func step(_ input: inout FuzzInput) throws(BrokenRule) -> Bool {
        let step = input.byte()
        switch step & 7 {
        case 0...4: return feed(&input, flags: step >> 4)
        case 5:
            let count = Int(step >> 4)
            var streams: [SkippedStream] = []
            let point = receiver.cumulativeTSN &+ UInt32(input.byte() & 31) &- 4
            for _ in 0..<count {
                let (stream, identifier) = (input.byte(), input.byte())
                streams.append(
                    SkippedStream(
                        stream: UInt16(stream & 7),
                        isUnordered: isInterleaved && stream & 8 != 0,
                        messageIdentifier: stream & 16 != 0 ? UInt32(identifier) &- 8 & 0xFFFF : UInt32(identifier)
                    )
                )
            }
            return forward(to: point, streams)
        case 6:
            if step & 8 != 0 { request &+= 1 }
            let last = receiver.cumulativeTSN &+ UInt32(input.byte() & 31) &- 4
            let streams = input.take(Int(step >> 6)).map { UInt16($0 & 7) }
            _ = receiver.reset(OutgoingReset(request: request, response: 0, lastTSN: last, streams: streams))
        default:
            now = now + .milliseconds(Int(input.byte()) * 4)
            receiver.endPacket(now: now)
            receiver.handleTimeout(now: now)
            try require(receiver.nextDeadline.map { $0 > now } ?? true, "what was due has been done")
        }
        return true
    }

    private func feed(_ input: inout FuzzInput, flags: UInt8) -> Bool {
        let (name, length) = (input.byte(), Int(input.byte()))
        let header = DataChunkHeader(
            tsn: receiver.cumulativeTSN &+ UInt32(input.byte() & 63) &- 2,
            stream: UInt16(name & 7),
            messageIdentifier: UInt32(name >> 3),
            payloadProtocol: 51,
            fragmentNumber: flags & 2 != 0 ? 0 : UInt32(input.byte()),
            flags: DataChunkFlags(rawValue: flags)
        )
        let payload = [UInt8](repeating: name, count: length * 4)
        var buffer = [UInt8](repeating: 0, count: 1200)
        var writer = PacketWriter(limit: buffer.count)
        var span = buffer.mutableSpan
        _ = writer.append(header, isInterleaved: isInterleaved, payload: payload.span, into: &span)
        guard
            let chunk = try? ChunkView(
                parsing: buffer.span.extracting(SCTPPacketView.headerLength..<writer.length)
                    .extracting(first: 4 + (isInterleaved ? 16 : 12) + payload.count)
            ), let data = try? DataChunkView(chunk)
        else { return false }
        switch receiver.receive(data) {
        case .accepted, .duplicate, .dropped, .invalidStream: return true
        case .noUserData, .messageTooLong, .violation, .exhausted: return false
        }
    }

    private func forward(to point: UInt32, _ streams: [SkippedStream]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1200)
        var writer = PacketWriter(limit: buffer.count)
        var span = buffer.mutableSpan
        _ = writer.appendForwardTSN(
            cumulativeTSN: point,
            streams: streams.span,
            isInterleaved: isInterleaved,
            into: &span
        )
        guard
            let chunk = try? ChunkView(
                parsing: buffer.span.extracting(SCTPPacketView.headerLength..<writer.length)
            ), let forward = try? ForwardTSNView(chunk)
        else { return false }
        return receiver.receive(forward)
    }

    /// Polls, and holds what came and what stays to the rules.
    func check() throws(BrokenRule) {
        while let event = receiver.poll() {
            guard case .message(let message) = event else { continue }
            try require(1...Self.longest ~= message.payload.count, "messages are within their limits")
            try require(message.stream < 6, "messages are of streams agreed on")
            try require(message.payload.allSatisfy { $0 & 7 == UInt8(message.stream) }, "no message is of two streams")
        }
        let held = receiver.heldBytes
        try require(0...Self.window + Self.window / 2 + 2000 ~= held, "what is held is bounded")
        try require(receiver.advertisedWindow == UInt32(max(0, Self.window - held)), "the window is what is left")
    }

    /// Gives up all that is missing and begins anew on all streams, upon which nothing must be left.
    mutating func finish() throws(BrokenRule) {
        try require(forward(to: receiver.cumulativeTSN &+ 70_000, []), "giving up is always possible")
        request &+= 1
        let last = receiver.cumulativeTSN
        let result = receiver.reset(OutgoingReset(request: request, response: 0, lastTSN: last, streams: []))
        try require(result == .performed, "nothing is missing any more")
        try check()
        try require(receiver.heldBytes == 0, "nothing is held for ever")
    }
}
