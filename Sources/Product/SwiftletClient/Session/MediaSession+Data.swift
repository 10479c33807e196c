// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletDTLS
import SwiftletPeerLink
import SwiftletSCTP
package import SwiftletWire

/// How messages travel on a channel.
package struct DataDelivery: Hashable, Sendable {
    package var isUnordered: Bool
    /// How often a message is sent again; `nil` for as often as it takes.
    package var maximumRetransmits: UInt16?
    /// How long a message is tried; `nil` for as long as it takes.
    package var maximumLifetime: Duration?

    package init(isUnordered: Bool = false, maximumRetransmits: UInt16? = nil, maximumLifetime: Duration? = nil) {
        (self.isUnordered, self.maximumRetransmits) = (isUnordered, maximumRetransmits)
        self.maximumLifetime = maximumLifetime
    }

    var reliability: SCTPReliability {
        if let maximumRetransmits { return .retransmissions(Int(maximumRetransmits)) }
        return maximumLifetime.map { .lifetime($0) } ?? .reliable
    }
}

/// Data channels, by streams that signalling has agreed on.
extension MediaSession {
    /// What travels for no bytes, RFC 8831 §6.6.
    private static let placeholder: [UInt8] = [0]

    // MARK: Sending

    /// Begins a channel to send by.
    ///
    /// - Returns: Its stream; `nil` when the link takes no data channels, is gone, or has no stream left.
    package func openChannel(_ delivery: DataDelivery, now: Instant) -> UInt16? {
        guard let one = links[TransportSide.sending.rawValue], let data = data(of: one) else { return nil }
        let stream = data.open(isUnordered: delivery.isUnordered, reliability: delivery.reliability)
        settleData(one, now: now)
        return stream
    }

    /// Gives a channel the name under which it is counted.
    package func nameChannel(_ stream: UInt16, _ id: String) {
        links[TransportSide.sending.rawValue]?.data?.senders[stream]?.id = id
    }

    /// Ends a channel, once what waits on it was sent.
    ///
    /// - Returns: Whether the server will hear of it, behind the last message; else it has to be told.
    @discardableResult
    package func closeChannel(_ stream: UInt16, now: Instant) -> Bool {
        guard let one = links[TransportSide.sending.rawValue], let data = one.data else { return false }
        data.giveUp(stream, SwiftletClientError(.closed, "the channel was closed"))
        guard data.senders.removeValue(forKey: stream) != nil else { return false }
        defer { settleData(one, now: now) }
        return data.close(stream, now: now)
    }

    /// Sends a message.
    ///
    /// - Returns: Why it cannot be sent, or `nil`.
    package func sendData(_ bytes: [UInt8], isText: Bool, on stream: UInt16, now: Instant) -> SwiftletClientError? {
        guard let one = links[TransportSide.sending.rawValue], let data = one.data, let sender = data.senders[stream]
        else { return SwiftletClientError(.closed, "the channel was closed") }
        let type: SCTPPayloadProtocol =
            if bytes.isEmpty { isText ? .emptyString : .emptyBinary } else { isText ? .string : .binary }
        let message = SCTPMessage(
            stream: stream,
            payloadProtocol: type,
            payload: bytes.isEmpty ? Self.placeholder : bytes,
            isUnordered: sender.isUnordered,
            reliability: sender.reliability
        )
        do throws(SCTPSendError) {
            _ = try data.association.send(message, now: now)
        } catch {
            data.senders[stream]?.counts.dropped &+= 1
            counts.dataSent.dropped &+= 1
            return SwiftletClientError(error, length: bytes.count)
        }
        data.senders[stream]?.counts.add(bytes.count)
        counts.dataSent.add(bytes.count)
        settleData(one, now: now)
        return nil
    }

    /// Bytes of a channel that have not left yet.
    package func bufferedAmount(of stream: UInt16) -> Int {
        guard let data = links[TransportSide.sending.rawValue]?.data, data.senders[stream] != nil else { return 0 }
        return data.association.bufferedAmount(of: stream)
    }

    /// Has `done` called once at most `limit` bytes of a channel are left, or when that will never be.
    package func drainChannel(
        _ stream: UInt16,
        to limit: Int,
        _ done: @escaping @Sendable (SwiftletClientError?) -> Void
    ) {
        guard let data = links[TransportSide.sending.rawValue]?.data, let sender = data.senders[stream] else {
            return done(SwiftletClientError(.closed, "the channel was closed"))
        }
        if data.isLost { return done(SwiftletClientError(.mediaLost, "the association ended")) }
        guard data.association.bufferedAmount(of: stream) > max(limit, 0) else { return done(nil) }
        guard sender.waiters.count < DataLink.maximumWaiters else {
            return done(SwiftletClientError(.resources, "too many wait for this channel"))
        }
        data.senders[stream]?.waiters.append(.init(limit: max(limit, 0), done: done))
    }

    // MARK: Receiving

    /// Takes what comes on a stream from now on.
    ///
    /// - Returns: Whether there is a link for it.
    package func subscribeData(_ id: String, stream: UInt16, now: Instant) -> Bool {
        guard let one = links[TransportSide.receiving.rawValue], let data = data(of: one) else { return false }
        data.receivers[stream] = DataLink.Receiver(id: id)
        settleData(one, now: now)
        return true
    }

    /// Takes it no more.
    ///
    /// - Parameters:
    ///   - id: Whose.
    ///   - isRefused: Whether we are who ends it, so that the server has to be told.
    ///   - now: The time.
    package func unsubscribeData(_ id: String, isRefused: Bool, now: Instant) {
        guard let one = links[TransportSide.receiving.rawValue], let data = one.data,
            let stream = data.receivers.first(where: { $0.value.id == id })?.key
        else { return }
        data.receivers[stream] = nil
        guard isRefused else { return }
        _ = data.close(stream, now: now)
        settleData(one, now: now)
    }

    // MARK: The association

    /// The data channels of a link, made when they are first asked for.
    private func data(of one: SessionLink) -> DataLink? {
        if let data = one.data { return data.isLost ? nil : data }
        guard let longest = one.maximumMessageSize, !one.isLost else { return nil }
        let data = DataLink(longest: longest, seed: secretSeed())
        one.data = data
        return data
    }

    /// Takes an SCTP packet out of DTLS; what it brings about is done by ``settleData(_:now:)``.
    func takeData(_ one: SessionLink, _ packet: [UInt8], now: Instant) {
        guard let data = data(of: one) else {
            counts.brokenDatagrams &+= 1
            return
        }
        data.association.receive(packet.span, now: now)
        while let output = data.association.poll() { handle(output, one, data, now: now) }
    }

    /// Moves packets into DTLS, and tells what happened.
    func settleData(_ one: SessionLink, now: Instant) {
        guard let data = one.data, !data.isLost else { return }
        if one.link.dtlsState == .connected {
            if data.association.state == .new, data.isInUse { data.association.connect(now: now) }
            // The outputs of one packet at a time, for a link keeps few.
            while data.transmit(over: one.link, now: now) { drainOutputs(one, now: now) }
        }
        while let output = data.association.poll() { handle(output, one, data, now: now) }
        data.settleWaiters()
    }

    /// Does what is due.
    func advanceData(_ one: SessionLink, now: Instant) {
        one.data?.association.handleTimeout(now: now)
        settleData(one, now: now)
    }

    /// The link is gone, and with it the association.
    func loseData(_ one: SessionLink, _ error: SwiftletClientError) {
        guard let data = one.data, !data.isLost else { return }
        data.isLost = true
        data.giveUp(nil, error)
    }

    private func handle(_ output: SCTPAssociation.Output, _ one: SessionLink, _ data: DataLink, now: Instant) {
        switch output {
        case .stateChanged(.failed), .stateChanged(.closed):
            guard !one.isLost, !data.isLost else { return }
            loseData(one, SwiftletClientError(.mediaLost, "the association ended"))
            tell(.channelsLost(one.side))
        case .stateChanged, .bufferedAmountLow: break
        case .message(let message): take(message, data, now: now)
        case .incomingStreamsReset(let streams): data.noteReset(byServer: streams, now: now)
        case .outgoingStreamsReset(let streams): data.noteReset(streams)
        }
    }

    private func take(_ message: SCTPMessage, _ data: DataLink, now: Instant) {
        let isText: Bool
        switch message.payloadProtocol {
        case .string, .emptyString, .partialString: isText = true
        case .binary, .emptyBinary, .partialBinary: isText = false
        default: return
        }
        guard let receiver = data.receivers[message.stream] else {
            counts.strayMessages &+= 1
            return
        }
        let bytes = message.payloadProtocol.isEmpty ? [] : message.payload
        data.receivers[message.stream]?.counts.add(bytes.count)
        counts.dataReceived.add(bytes.count)
        let arrival = wall.unixNanoseconds(at: now)
        tell(.message(receiver.id, DataMessage(bytes: bytes, isText: isText, arrival: arrival)))
    }

    /// Adds what was counted of data channels.
    func addData(to statistics: inout ClientStatistics) {
        for one in links {
            guard let data = one?.data else { continue }
            for sender in data.senders.values {
                if let id = sender.id { statistics.dataPublications[id] = sender.counts }
            }
            for receiver in data.receivers.values { statistics.dataSubscriptions[receiver.id] = receiver.counts }
            statistics.dataRetransmissions &+= data.association.counters.retransmissions
            statistics.dataMessagesAbandoned &+= data.association.counters.abandonedMessages
        }
    }
}

extension SwiftletClientError {
    init(_ error: SCTPSendError, length: Int) {
        self =
            switch error {
            case .invalidStream: SwiftletClientError(.closed, "the server has closed the channel")
            case .messageTooLong: SwiftletClientError(.messageTooLong, "the server takes no \(length) bytes at once")
            case .emptyMessage: SwiftletClientError(.messageTooLong, "the message is empty")
            case .sendBufferFull: SwiftletClientError(.bufferFull, "too much waits to be sent")
            case .closed: SwiftletClientError(.mediaLost, "the association ended")
            }
    }
}
