// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

extension AssociationCore {
    /// Takes in one packet.
    mutating func receive(_ packet: Span<UInt8>, now: Instant) {
        isIdle = false
        guard let view = try? SCTPPacketView(parsing: packet) else { return breach() }
        counters.packetsReceived += 1
        guard view.sourcePort == configuration.remotePort,
            view.destinationPort == configuration.localPort
        else {
            return stray()
        }
        let (first, tag) = (view.firstChunkType, view.verificationTag)
        guard mayLackChecksum(view, first) || view.hasValidChecksum else {
            counters.checksumErrors += 1
            return
        }
        var chunks = view.chunks
        switch first {
        case .initiation:
            // What stands behind it, against RFC 9260 §4.3, is not looked at.
            guard tag == 0, let chunk = chunks.next() else { return stray() }
            return receiveInitiation(chunk, now: now)
        case .cookieEcho:
            guard let chunk = chunks.next() else { return }
            guard receiveCookie(chunk, tag: tag, now: now) else { return stray() }
        case .abort, .shutdownComplete:
            guard let chunk = chunks.next(), tag == (chunk.reflectsTag ? peerTag : ownTag), tag != 0
            else {
                return stray()
            }
            return first == .abort ? receiveAbort(now: now) : receiveShutdownComplete(now: now)
        default:
            guard tag == ownTag else { return stray() }
        }
        while let chunk = chunks.next() {
            guard receive(chunk, now: now) else { break }
        }
        guard hasPeer else { return }
        receiver.endPacket(now: now)
        answerDeferredReset(now: now)
    }

    /// Whether zero in place of the checksum is as we allowed it, RFC 9653 §5.3.
    private func mayLackChecksum(_ view: borrowing SCTPPacketView, _ first: ChunkType) -> Bool {
        configuration.offersZeroChecksum && view.hasZeroChecksum && first != .initiation
            && first != .cookieEcho
    }

    private mutating func stray() { counters.strayPackets += 1 }

    /// Takes in one chunk that carries our tag.
    ///
    /// - Returns: Whether those behind it are looked at.
    private mutating func receive(_ chunk: borrowing ChunkView, now: Instant) -> Bool {
        let type = chunk.type
        if type == .initiationAck {
            receiveInitiationAck(chunk, now: now)
            return false
        }
        if type == .shutdownAck {
            receiveShutdownAck(now: now)
            return hasPeer
        }
        guard hasPeer else {
            stray()
            return false
        }
        switch type {
        case .data, .interleavedData: return receiveData(chunk, now: now)
        case .sack: receiveSack(chunk, now: now)
        case .forwardTSN, .interleavedForwardTSN: return receiveForward(chunk, now: now)
        case .heartbeat: receiveHeartbeat(chunk)
        case .heartbeatAck: receiveHeartbeatAck(chunk, now: now)
        case .cookieAck: receiveCookieAck(now: now)
        case .cookieEcho, .padding: break
        case .error: receiveError(chunk, now: now)
        case .reconfiguration: receiveReconfiguration(chunk, now: now)
        case .shutdown: receiveShutdown(chunk, now: now)
        case .abort:
            receiveAbort(now: now)
            return false
        default: return receiveUnknown(chunk, now: now)
        }
        return hasPeer
    }

    /// Begins to receive from the peer's first TSN.
    mutating func beginReceiving(tsn: UInt32) {
        while let output = nextEvent() { outputs.append(output) }
        receiver = SCTPReceiver(
            initialTSN: tsn,
            isInterleaved: isInterleaving,
            incomingStreams: negotiated?.incomingStreams ?? 0,
            maximumMessageSize: configuration.maximumReceiveMessageSize,
            window: max(1500, configuration.receiveWindow)
        )
    }

    private mutating func receiveData(_ chunk: borrowing ChunkView, now: Instant) -> Bool {
        guard phase != .shutdownAckSent else { return true }
        guard let data = try? DataChunkView(chunk) else {
            breach()
            return true
        }
        counters.dataChunksReceived += 1
        switch receiver.receive(data) {
        case .accepted, .dropped: break
        case .duplicate: counters.duplicates += 1
        case .invalidStream:
            breach()
            report(.invalidStream(data.header.stream), now: now)
        case .noUserData:
            breach()
            abort(with: .noUserData(tsn: data.header.tsn), now: now)
            return false
        case .messageTooLong, .violation:
            breach()
            abort(with: ErrorCause(.protocolViolation), now: now)
            return false
        case .exhausted:
            abort(with: ErrorCause(.outOfResource), now: now)
            return false
        }
        // Who waits for the end hears at once what arrived, RFC 9260 §9.2.
        if phase == .shutdownSent {
            receiver.requestSack()
            pending.insert(.shutdown)
        }
        return true
    }

    private mutating func receiveForward(_ chunk: borrowing ChunkView, now: Instant) -> Bool {
        guard let forward = try? ForwardTSNView(chunk) else {
            breach()
            return true
        }
        guard negotiated?.partialReliability == true, receiver.receive(forward) else {
            breach()
            abort(with: ErrorCause(.protocolViolation), now: now)
            return false
        }
        return true
    }

    /// Does with a chunk of unknown type what its upper bits say, RFC 9260 §3.2.
    private mutating func receiveUnknown(_ chunk: borrowing ChunkView, now: Instant) -> Bool {
        if chunk.type.isReportedWhenUnknown { report(.unrecognizedChunk(chunk), now: now) }
        return chunk.type.isSkippedWhenUnknown
    }

    /// Tells the peer of an error, a few times a second at most.
    private mutating func report(_ cause: ErrorCause, now: Instant) {
        guard errorBudget.take(now: now) else { return }
        enqueue(.error([cause]))
    }

    // MARK: Outputs

    /// What befell the association, oldest first.
    mutating func poll() -> Output? {
        if let output = outputs.popFirst() ?? nextEvent() { return output }
        guard let low = queue.low.popFirst() else { return nil }
        return .bufferedAmountLow(stream: low.stream, amount: low.amount)
    }

    private mutating func nextEvent() -> Output? {
        switch receiver.poll() {
        case .message(let message):
            counters.messagesReceived += 1
            counters.bytesReceived += UInt64(message.payload.count)
            return .message(message)
        case .streamsReset(let streams): return .incomingStreamsReset(streams)
        case nil: return nil
        }
    }
}
