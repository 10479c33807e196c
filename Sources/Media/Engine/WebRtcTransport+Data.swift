// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletDTLS
import SwiftletORTC
import SwiftletPeerLink
import SwiftletSCTP
import SwiftletWire

/// Data channels over the link: SCTP packets in and out of DTLS, messages to and from their streams.
extension WebRtcTransport {
    // MARK: The association

    /// Begins the association where somebody has use for it; else the peer may.
    func openChannels(now: Instant) {
        guard let channels, link.dtlsState == .connected, !channels.producers.isEmpty || !channels.consumers.isEmpty
        else { return }
        let association = association(of: channels)
        guard association.state == .new else { return }
        association.connect(now: now)
        settle(channels, now: now)
    }

    func association(of channels: DataChannels) -> SCTPAssociation {
        if let made = channels.association { return made }
        // Moves the generator on, of which the association gets a copy.
        _ = board.random.next()
        return channels.makeAssociation(board.random)
    }

    /// Takes an SCTP packet out of DTLS.
    func receiveData(_ packet: Span<UInt8>, now: Instant) {
        guard let channels, !isClosed else { return }
        association(of: channels).receive(packet, now: now)
        settle(channels, now: now)
    }

    /// Does what is due.
    func advanceChannels(to now: Instant) {
        guard let channels else { return }
        channels.association?.handleTimeout(now: now)
        settle(channels, now: now)
    }

    /// Does what the association wants done.
    private func settle(_ channels: DataChannels, now: Instant) {
        guard let association = channels.association else { return }
        while let output = association.poll() { handle(output, association, channels, now: now) }
        if association.hasPacketsToSend { takeTurn() }
        board.schedule(slot, noLaterThan: association.nextDeadline)
    }

    /// Says farewell to the peer's side of the association.
    func closeChannels(now: Instant) {
        guard let channels, let association = channels.association else { return }
        association.abort(now: now)
        _ = flushData(channels, now: now)
    }

    /// The link is gone, and with it the association.
    func linkEnded(now: Instant) {
        guard let channels, channels.association != nil, !channels.isEnded else { return }
        channels.end(now: now)
        board.notify(.sctpStateChanged(transportId: id, state: .closed, streams: nil))
    }

    /// Moves SCTP packets into DTLS, up to one burst.
    ///
    /// - Returns: Whether more waits.
    func flushData(_ channels: DataChannels, now: Instant) -> Bool {
        guard let association = channels.association, link.dtlsState == .connected else { return false }
        var packet: [UInt8] = []
        swap(&packet, &board.dataPacket)
        defer { swap(&packet, &board.dataPacket) }
        var burst = board.limits.bytesPerBurst
        var isDone = false
        while burst > 0, association.hasPacketsToSend {
            guard board.control.hasRoom else { return true }
            var room = packet.mutableSpan
            let length = association.transmit(into: &room, now: now)
            guard length > 0 else {
                // What it has must wait for the peer or for the clock.
                isDone = true
                break
            }
            _ = link.sendApplicationData(packet.span.extracting(0..<length), now: now)
            drainLink(now: now)
            burst -= length
        }
        while let output = association.poll() { handle(output, association, channels, now: now) }
        board.schedule(slot, noLaterThan: association.nextDeadline)
        return !isDone && association.hasPacketsToSend
    }

    // MARK: From the peer

    private func handle(
        _ output: SCTPAssociation.Output,
        _ association: SCTPAssociation,
        _ channels: DataChannels,
        now: Instant
    ) {
        switch output {
        case .stateChanged(let state):
            // Who closed the transport knows.
            guard !isClosed else { return }
            let streams = association.negotiated.map { NumSctpStreams(OS: $0.outgoingStreams, MIS: $0.incomingStreams) }
            board.notify(
                .sctpStateChanged(
                    transportId: id,
                    state: SctpState(state),
                    streams: state == .connected ? streams : nil
                )
            )
        case .message(let message): receive(message, association, channels, now: now)
        case .incomingStreamsReset(let streams):
            // None named stands for all, RFC 6525 §4.1.
            for stream in streams.isEmpty ? channels.streamsInUse : streams {
                closedByPeer(stream, association, channels, now: now)
            }
        case .outgoingStreamsReset(let streams):
            for stream in streams { channels.outgoing.resetDone(stream) }
        case .bufferedAmountLow(let stream, let amount):
            guard let consumer = channels.consumers[stream] else { return }
            board.notify(.dataConsumerBufferedAmountLow(dataConsumerId: consumer.id, amount: amount))
        }
    }

    private func receive(
        _ message: SCTPMessage,
        _ association: SCTPAssociation,
        _ channels: DataChannels,
        now: Instant
    ) {
        if message.payloadProtocol == .dataChannelControl {
            return receiveControl(message, association, channels, now: now)
        }
        guard let data = DataMessage(message) else { return channels.countStray() }
        if let producer = channels.producers[message.stream] {
            producer.receive(data, now: now)
        } else if channels.inBand[message.stream] != nil {
            guard !channels.hold(data, on: message.stream) else { return }
            // Nobody takes it: better no channel than one that loses messages it promised to keep.
            _ = channels.forget(message.stream)
            channels.outgoing.close(message.stream, byPeer: false)
            association.resetStream(message.stream, now: now)
            board.notify(.dataChannelClosed(transportId: id, streamId: message.stream))
        } else {
            channels.countStray()
        }
    }

    /// Opening of a channel, or the answer to ours, RFC 8832 §5.
    private func receiveControl(
        _ message: SCTPMessage,
        _ association: SCTPAssociation,
        _ channels: DataChannels,
        now: Instant
    ) {
        let stream = message.stream
        guard let control = try? DataChannelControl(parsing: message.payload.span) else { return channels.countStray() }
        guard case .open(let opening) = control else {
            channels.consumers[stream]?.mayReorder = true
            return
        }
        guard channels.open(stream) else { return channels.countStray() }
        _ = try? association.send(
            SCTPMessage(
                stream: stream,
                payloadProtocol: .dataChannelControl,
                payload: DataChannelControl.acknowledgement.bytes
            ),
            now: now
        )
        board.notify(.dataChannelOpened(transportId: id, channel: InBandDataChannel(opening, on: stream)))
    }

    /// The peer has reset its side, RFC 8831 §6.7: ours follows.
    private func closedByPeer(
        _ stream: UInt16,
        _ association: SCTPAssociation,
        _ channels: DataChannels,
        now: Instant
    ) {
        let wasOpen = channels.forget(stream)
        let consumer = channels.consumers[stream]
        consumer?.isChannelClosed = true
        if channels.outgoing.answersReset(of: stream) {
            channels.outgoing.close(stream, byPeer: true)
            association.resetStream(stream, now: now)
        } else if channels.outgoing.isClosing(stream) {
            channels.outgoing.close(stream, byPeer: true)
        }
        guard wasOpen || consumer != nil || channels.producers[stream] != nil else { return }
        board.notify(.dataChannelClosed(transportId: id, streamId: stream))
    }

    // MARK: To the peer

    /// Hands a message to the association, which keeps it until the peer has it.
    func sendData(
        _ message: DataMessage,
        to consumer: DataConsumer,
        now: Instant
    ) throws(ControlError) -> Int {
        guard let channels, let stream = consumer.parameters?.streamId, !consumer.isChannelClosed else {
            throw ControlError(.invalidState, "the peer has closed the channel")
        }
        let association = association(of: channels)
        guard !channels.isEnded else { throw ControlError(.invalidState, "SCTP is closed") }
        switch association.state {
        case .new, .connecting:
            guard association.bufferedAmount(of: stream) + message.payload.count <= DataChannels.unconnectedLimit else {
                throw ControlError(.sendBufferFull, "SCTP is not connected yet, and enough waits for it")
            }
        case .connected: break
        case .failed, .closed: throw ControlError(.invalidState, "SCTP is \(association.state)")
        }
        let whole = SCTPMessage(
            stream: stream,
            payloadProtocol: message.payloadProtocol,
            payload: message.wirePayload,
            isUnordered: consumer.isUnordered,
            reliability: consumer.reliability
        )
        do throws(SCTPSendError) {
            let waiting = try association.send(whole, now: now)
            if association.hasPacketsToSend { takeTurn() }
            board.schedule(slot, noLaterThan: association.nextDeadline)
            return waiting
        } catch {
            throw ControlError(error)
        }
    }

    // MARK: Coming and going

    /// Joins a new data producer to its stream, and hands it what came before it.
    func add(_ producer: DataProducer, on stream: UInt16, now: Instant) {
        dataProducers.append(producer)
        guard let channels else { return }
        channels.producers[stream] = producer
        channels.outgoing.reopen(stream)
        for message in channels.takeHeld(of: stream) { producer.receive(message, now: now) }
        openChannels(now: now)
    }

    /// Joins a new data consumer to its stream, and opens the channel where the peer does not know of it.
    func add(_ consumer: DataConsumer, on stream: UInt16, now: Instant) {
        dataConsumers.append(consumer)
        guard let channels else { return }
        channels.consumers[stream] = consumer
        let association = association(of: channels)
        association.setBufferedAmountLowThreshold(Int(consumer.bufferedAmountLowThreshold), of: stream)
        if !consumer.mayReorder {
            let opening = DataChannelOpen(consumer)
            _ = try? association.send(
                SCTPMessage(stream: stream, payloadProtocol: .dataChannelControl, payload: opening.bytes),
                now: now
            )
        }
        openChannels(now: now)
        settle(channels, now: now)
    }

    func leave(_ producer: DataProducer, now: Instant) {
        guard let channels, let stream = producer.parameters?.streamId else { return }
        channels.producers[stream] = nil
        // A channel opened in band has one stream both ways: it is closed unless we send on it.
        guard channels.consumers[stream] == nil, channels.forget(stream) else { return }
        close(stream, channels, now: now)
    }

    func leave(_ consumer: DataConsumer, now: Instant) {
        // Once the peer has closed the channel its stream may be another's already.
        guard let channels, let stream = consumer.parameters?.streamId, channels.consumers[stream] === consumer else {
            return
        }
        channels.consumers[stream] = nil
        // What the peer closed we have answered, and a second reset would find nobody to answer it.
        guard !consumer.isChannelClosed, !channels.outgoing.isClosing(stream) else { return }
        close(stream, channels, now: now)
    }

    private func close(_ stream: UInt16, _ channels: DataChannels, now: Instant) {
        guard let association = channels.association else { return channels.outgoing.release(stream) }
        channels.outgoing.close(stream, byPeer: false)
        association.resetStream(stream, now: now)
        settle(channels, now: now)
    }
}

extension ControlError {
    init(_ error: SCTPSendError) {
        self =
            switch error {
            case .invalidStream: ControlError(.invalidState, "the peer has no such stream, or it is being closed")
            case .messageTooLong: ControlError(.invalidArgument, "the message is longer than maxSendMessageSize")
            case .emptyMessage: ControlError(.invalidArgument, "the message is empty")
            case .sendBufferFull: ControlError(.sendBufferFull, "sctpsendbufferfull")
            case .closed: ControlError(.invalidState, "SCTP is closed")
            }
    }
}
