// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletICE
import SwiftletORTC
import SwiftletPeerLink
import SwiftletRTP
import SwiftletSCTP
import SwiftletSRTP
import SwiftletStreams
import SwiftletWire

/// The transport of a peer behind a link of ICE, DTLS and SRTP.
final class WebRtcTransport: Transport {
    /// The server it listens on, or `nil` with sockets of its own.
    let server: WebRtcServer?
    /// Where it listens.
    let sockets: [ListeningSocket]
    let candidates: [IceCandidate]
    let link: PeerLink
    /// Where media goes, and whether it goes by TCP.
    private(set) var destination: Tuple?
    private(set) var isStream = false
    /// The peer's addresses that belong to this transport.
    private var tuples: [Tuple] = []
    /// Whether runs of packets may leave as one message.
    var usesRuns = true
    /// Its data channels; `nil` where they are not enabled.
    let channels: DataChannels?

    init(
        id: String,
        slot: Int32,
        board: Switchboard,
        router: Router,
        server: WebRtcServer?,
        sockets: [ListeningSocket],
        candidates: [IceCandidate],
        link: PeerLink,
        sctp: SctpOptions?
    ) {
        (self.server, self.sockets, self.candidates, self.link) = (server, sockets, candidates, link)
        channels = sctp.map { DataChannels($0, limits: board.limits) }
        super.init(id: id, slot: slot, board: board, router: router)
    }

    // MARK: The link

    /// Does what the link wants done.
    func drainLink(now: Instant) {
        while let output = link.poll() { handle(output, now: now) }
        if link.isReady != isReady {
            isReady = link.isReady
            if let sender = link.sender { (sealOverhead, sealsOnce) = (sender.overhead, sender.profile.isAEAD) }
            readinessChanged(now: now)
        }
        reschedule()
    }

    private func handle(_ output: PeerLink.Output, now: Instant) {
        switch output {
        case .send(let bytes, let tuple):
            traffic.sent.add(bytes.count, now: now)
            board.control.append(bytes.span, to: tuple)
        case .iceStateChanged(let state):
            board.notify(.iceStateChanged(transportId: id, state: IceState(state)))
        case .selectedTupleChanged(let tuple):
            destination = tuple
            isStream = tuple.map { board.connections[$0.socket] != nil } ?? false
            let described = tuple.map(describe)
            board.notify(.iceSelectedTupleChanged(transportId: id, tuple: described))
        case .tupleAdded(let tuple): take(tuple, now: now)
        case .tupleRemoved(let tuple): release(tuple)
        case .usernameFragmentRetired(let fragment):
            if board.fragments[fragment] == slot { board.fragments[fragment] = nil }
        case .dtlsStateChanged(let state):
            let certificate = state == .connected ? link.remoteCertificatePEM : nil
            board.notify(
                .dtlsStateChanged(transportId: id, state: DtlsState(state), remoteCertificate: certificate)
            )
            switch state {
            case .connected: openChannels(now: now)
            case .failed, .closed: linkEnded(now: now)
            case .new, .connecting: break
            }
        case .applicationData(let packet): receiveData(packet.span, now: now)
        }
    }

    /// Packets from `tuple` are this transport's from now on, whoever had them before.
    private func take(_ tuple: Tuple, now: Instant) {
        if let former = board.tuples.insert(tuple, slot: slot), let other = board.transport(at: former) {
            other.link.remove(tuple, now: now)
            other.drainLink(now: now)
        }
        board.validate(tuple.socket, slot: slot)
        if !tuples.contains(tuple) { tuples.append(tuple) }
    }

    private func release(_ tuple: Tuple) {
        tuples.removeAll { $0 == tuple }
        board.tuples.remove(tuple, slot: slot)
        // A connection belongs to one transport: one that is no longer wanted has no other use.
        guard let connection = board.connections[tuple.socket], connection.slot == slot else { return }
        board.remove(connection: tuple.socket, close: true)
    }

    /// A tuple as the host knows it: our announced address and the peer's.
    func describe(_ tuple: Tuple) -> TransportTuple {
        let listener = board.connections[tuple.socket]?.listener ?? tuple.socket
        let own = sockets.first { $0.socket.id == listener }
        return TransportTuple(
            localAddress: own.map { $0.info.announcedAddress ?? $0.socket.local.host } ?? "",
            localPort: own?.socket.local.port ?? 0,
            remoteIp: tuple.remote.host,
            remotePort: tuple.remote.port,
            protocol: own?.info.protocol ?? .udp
        )
    }

    // MARK: The way of a transport

    override var wayDeadline: Instant? { earliest(link.nextDeadline, channels?.nextDeadline) }

    override func advanceWay(to now: Instant) {
        if let deadline = link.nextDeadline, deadline <= now {
            link.handleTimeout(now: now)
            drainLink(now: now)
        }
        if let deadline = channels?.nextDeadline, deadline <= now { advanceChannels(to: now) }
    }

    override func sendRTCP(now: Instant, _ write: (inout MutableSpan<UInt8>, Range<Int>) -> Int) {
        guard isReady, let sender = link.sender, let destination else { return }
        var length = 0
        board.control.append(to: destination, capacity: RTCPTiming.maximumCompound + sender.rtcpOverhead) {
            (bytes: inout MutableSpan<UInt8>, start: Int) -> Int in
            let plain = write(&bytes, start..<start + RTCPTiming.maximumCompound)
            length = plain > 0 ? sender.sealRTCP(into: &bytes, at: start, length: plain) : 0
            return length
        }
        if length > 0 { traffic.sent.add(length, now: now) }
    }

    override func flush(into batch: inout TransmitBatch, budget: inout SendBudget, now: Instant) -> Bool {
        let hasMedia = flushMedia(into: &batch, budget: &budget, now: now)
        guard let channels else { return hasMedia }
        return flushData(channels, now: now) || hasMedia
    }

    override func send(_ message: DataMessage, to consumer: DataConsumer, now: Instant) throws(ControlError) -> Int {
        try sendData(message, to: consumer, now: now)
    }

    override func bufferedAmount(of consumer: DataConsumer) -> Int {
        consumer.parameters.flatMap { channels?.association?.bufferedAmount(of: $0.streamId) } ?? 0
    }

    override func setBufferedAmountLowThreshold(_ threshold: UInt32, of consumer: DataConsumer) {
        guard let channels, let stream = consumer.parameters?.streamId else { return }
        association(of: channels).setBufferedAmountLowThreshold(Int(threshold), of: stream)
    }

    override func dataProducerClosed(_ producer: DataProducer, now: Instant) {
        super.dataProducerClosed(producer, now: now)
        leave(producer, now: now)
    }

    override func dataConsumerClosed(_ consumer: DataConsumer, now: Instant) {
        super.dataConsumerClosed(consumer, now: now)
        leave(consumer, now: now)
    }

    override func closeWay(now: Instant) {
        closeChannels(now: now)
        for fragment in link.usernameFragments where board.fragments[fragment] == slot {
            board.fragments[fragment] = nil
        }
        link.close(now: now)
        while let output = link.poll() {
            if case .send(let bytes, let tuple) = output { board.control.append(bytes.span, to: tuple) }
        }
        for tuple in tuples { release(tuple) }
        if server == nil { for socket in sockets { board.emit(.closeSocket(socket.socket.id)) } }
        server?.transports.removeAll { $0 === self }
    }
}

extension IceState {
    init(_ state: ICELiteAgent.State) {
        self =
            switch state {
            case .new: .new
            case .connected: .connected
            case .completed: .completed
            case .disconnected: .disconnected
            case .closed: .closed
            }
    }
}
