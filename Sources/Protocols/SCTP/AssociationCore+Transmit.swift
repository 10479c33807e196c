// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

extension AssociationCore {
    /// Writes the next packet.
    ///
    /// - Parameters:
    ///   - packet: Where to, ``SCTPConfiguration/maximumPacketSize`` bytes at least.
    ///   - now: When it leaves.
    /// - Returns: Its length, or 0 when there is nothing to send now.
    mutating func transmit(into packet: inout MutableSpan<UInt8>, now: Instant) -> Int {
        guard packet.count >= packetSize else { return 0 }
        isIdle = false
        var writer = PacketWriter(limit: packetSize)
        if let reply = replies.popFirst() {
            write(reply.content, with: &writer, into: &packet)
            return finish(writer, into: &packet, tag: reply.tag, computesChecksum: true)
        }
        guard hasPeer else {
            isIdle = true
            return 0
        }
        let hasCookie = pending.remove(.cookieEcho) != nil
        if hasCookie { _ = writer.appendCookieEcho(cookie.span, into: &packet) }
        if pending.remove(.cookieAck) != nil { _ = writer.append(.cookieAck, into: &packet) }
        if mayExchangeData || hasCookie {
            writeExchange(with: &writer, into: &packet, now: now)
            // Messages given up on the way may leave something to say: what to skip, or which stream to reset.
            if writer.isEmpty, !control.isEmpty || pending.contains(.forward) {
                writeExchange(with: &writer, into: &packet, now: now)
            }
        }
        guard !writer.isEmpty else {
            isIdle = true
            return 0
        }
        let computesChecksum = hasCookie || negotiated?.zeroChecksum != true
        return finish(writer, into: &packet, tag: peerTag, computesChecksum: computesChecksum)
    }

    /// Whether ``transmit(into:now:)`` may have something; never so once it had nothing and nothing happened since.
    var hasPacketsToSend: Bool {
        if isIdle { return false }
        if !replies.isEmpty { return true }
        guard mayExchangeData else {
            return pending.contains(.cookieEcho) || pending.contains(.cookieAck)
        }
        return !pending.isEmpty || receiver.sackIsDue || !control.isEmpty || hasDataToSend
    }

    /// Whether the windows are open for something that waits.
    private var hasDataToSend: Bool {
        guard outstanding.lostCount > 0 || !queue.isEmpty && maySendNewData else { return false }
        return outstanding.flight == 0
            || outstanding.flight < congestion.window && congestion.burst > 0
                && (outstanding.lostCount > 0 || outstanding.flight < peerWindow)
    }

    /// Writes all that may follow COOKIE ECHO and COOKIE ACK.
    private mutating func writeExchange(
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>,
        now: Instant
    ) {
        if receiver.sackIsDue || receiver.hasUnacknowledgedData && hasDataToSend {
            _ = receiver.writeSack(with: &writer, into: &packet)
        }
        requestReset(now: now)
        while let chunk = control.first, write(chunk, with: &writer, into: &packet) {
            _ = control.popFirst()
        }
        if pending.contains(.forward) { writeForward(with: &writer, into: &packet, now: now) }
        if pending.contains(.shutdown),
            writer.appendShutdown(cumulativeTSN: receiver.cumulativeTSN, into: &packet)
        {
            pending.remove(.shutdown)
        }
        if pending.contains(.shutdownAck), writer.append(.shutdownAck, into: &packet) {
            pending.remove(.shutdownAck)
        }
        writeData(with: &writer, into: &packet, now: now)
        // A stream that has now sent its last is reset with the next packet.
        requestReset(now: now)
    }

    // MARK: Data

    /// Writes lost chunks, a probe, and new fragments, as far as packet and windows go.
    private mutating func writeData(
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>,
        now: Instant
    ) {
        let before = writer.length
        writeLost(with: &writer, into: &packet, now: now)
        if pending.contains(.probe), writer.length == before {
            pending.remove(.probe)
            writeProbe(with: &writer, into: &packet, now: now)
        } else if maySendNewData, outstanding.lostCount == 0 {
            writeNew(with: &writer, into: &packet, now: now)
        }
        guard writer.length > before else { return }
        outstanding.endPacket()
        pending.remove(.fastRetransmission)
        congestion.sent(writer.length - before)
        lastSent = now
        guard phase != .cookieEchoed else { return }
        if timers.retransmission == nil { timers.retransmission = now + timeout.current }
        armProbe(now: now)
    }

    private mutating func writeLost(
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>,
        now: Instant
    ) {
        guard outstanding.lostCount > 0 else { return }
        let isFast = pending.contains(.fastRetransmission)
        while let number = outstanding.nextLost(now: now) {
            let chunk = outstanding.chunk(number)
            guard fits(chunk, writer) else { break }
            let flight = outstanding.flight
            guard isFast || flight == 0 || flight < congestion.window && congestion.burst > 0 else {
                isWindowFull = flight >= congestion.window
                break
            }
            outstanding.resent(number, now: now)
            counters.retransmissions += 1
            // RFC 9260 §7.2.4: sending the earliest chunk again starts the timer anew.
            if number == outstanding.first { timers.retransmission = nil }
            write(number, chunk, isUrgent: timeouts > 0, with: &writer, into: &packet)
        }
        dropAbandoned(now: now)
    }

    /// Writes one packet beyond the window: something new, or else the last chunk again; RFC 8985 §7.3.
    private mutating func writeProbe(
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>,
        now: Instant
    ) {
        let before = writer.length
        congestion.allowPacket()
        if maySendNewData, outstanding.flight < peerWindow {
            writeNew(with: &writer, into: &packet, now: now, beyondWindow: true)
        }
        if writer.length == before, let number = outstanding.lastInFlight {
            let chunk = outstanding.chunk(number)
            guard fits(chunk, writer) else { return }
            if let message = chunk.message, Int(chunk.transmissions) > message.retransmissions { return }
            outstanding.resent(number, now: now)
            counters.retransmissions += 1
            write(number, chunk, isUrgent: true, with: &writer, into: &packet)
        }
        guard writer.length > before else { return }
        isProbing = true
        counters.tailProbes += 1
        timers.retransmission = now + timeout.current
    }

    private mutating func writeNew(
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>,
        now: Instant,
        beyondWindow: Bool = false
    ) {
        if outstanding.isEmpty, !queue.isEmpty { noteIdle(now: now) }
        while !queue.isEmpty {
            let flight = outstanding.flight
            guard beyondWindow || flight < congestion.window else {
                isWindowFull = true
                return
            }
            guard congestion.burst > 0, !outstanding.isFull else { return }
            var room = (writer.room - dataHeaderLength) & ~3
            // A window of nothing is probed with one chunk, RFC 9260 §6.1 A.
            if flight > 0 { room = min(room, peerWindow - flight) }
            guard room > 0 else { return }
            switch queue.next(room: room, least: leastFragment, now: now) {
            case .fragment(let fragment):
                let number = outstanding.append(fragment, now: now)
                write(
                    number,
                    outstanding.chunk(number),
                    isUrgent: beyondWindow,
                    with: &writer,
                    into: &packet
                )
                if flight == 0, fragment.length > peerWindow { return }
            case .expired(let message):
                outstanding.abandon(message)
                dropAbandoned(now: now)
            case .nothing: return
            }
        }
        isWindowFull = false
    }

    private func fits(_ chunk: SentChunk, _ writer: PacketWriter) -> Bool {
        PacketWriter.dataLength(payload: Int(chunk.length), isInterleaved: isInterleaving)
            <= writer.room
    }

    /// Writes one DATA or I-DATA chunk.
    private mutating func write(
        _ number: Int64,
        _ chunk: SentChunk,
        isUrgent: Bool,
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>
    ) {
        guard let message = chunk.message else { return }
        counters.dataChunksSent += 1
        let (offset, count, payload) = (Int(chunk.offset), Int(chunk.length), message.payload)
        var flags: UInt8 = message.isUnordered ? DataChunkFlags.unordered.rawValue : 0
        if offset == 0 { flags |= DataChunkFlags.beginning.rawValue }
        if chunk.isLast { flags |= DataChunkFlags.end.rawValue }
        if isUrgent { flags |= DataChunkFlags.immediate.rawValue }
        let header = DataChunkHeader(
            tsn: OutstandingData.tsn(number),
            stream: message.stream,
            messageIdentifier: message.identifier,
            payloadProtocol: message.payloadProtocol,
            fragmentNumber: chunk.index,
            flags: DataChunkFlags(rawValue: flags)
        )
        _ = writer.append(
            header,
            isInterleaved: isInterleaving,
            payload: payload.span.extracting(offset..<offset + count),
            into: &packet
        )
    }

    // MARK: Pieces

    private mutating func write(
        _ chunk: Control,
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>
    ) -> Bool {
        switch chunk {
        case .heartbeat(let info): writer.appendHeartbeat(info: info.span, into: &packet)
        case .heartbeatAck(let value): writer.appendHeartbeatAck(value: value.span, into: &packet)
        case .error(let causes): writer.appendError(causes: causes, into: &packet)
        case .reconfiguration(let parameters): writer.append(parameters, into: &packet)
        }
    }

    private mutating func write(
        _ reply: Reply.Content,
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>
    ) {
        switch reply {
        case .initiation(let chunk): _ = writer.append(chunk, into: &packet)
        case .error(let causes): _ = writer.appendError(causes: causes, into: &packet)
        case .abort(let causes): _ = writer.appendAbort(causes: causes, into: &packet)
        case .shutdownAck: _ = writer.append(.shutdownAck, into: &packet)
        case .shutdownComplete: _ = writer.append(.shutdownComplete, into: &packet)
        }
    }

    private mutating func finish(
        _ writer: PacketWriter,
        into packet: inout MutableSpan<UInt8>,
        tag: UInt32,
        computesChecksum: Bool
    ) -> Int {
        counters.packetsSent += 1
        return writer.finish(
            into: &packet,
            sourcePort: configuration.localPort,
            destinationPort: configuration.remotePort,
            verificationTag: tag,
            computesChecksum: computesChecksum
        )
    }
}
