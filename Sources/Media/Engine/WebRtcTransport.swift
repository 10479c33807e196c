// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletICE
import SwiftletORTC
import SwiftletPeerLink
import SwiftletSRTP
import SwiftletStreams
import SwiftletWire

/// One peer's transport: its link, what it produces, what it consumes, and what waits to be sent to it.
final class WebRtcTransport {
    let id: String
    /// Its place in the switchboard.
    let slot: Int32
    let board: Switchboard
    let router: Router
    /// The server it listens on, or `nil` with sockets of its own.
    let server: WebRtcServer?
    /// Where it listens.
    let sockets: [ListeningSocket]
    let candidates: [IceCandidate]
    let link: PeerLink
    private(set) var isClosed = false

    /// In order of creation.
    private(set) var producers: [Producer] = []
    private var producersByHandle: [Producer?] = []
    /// By slot; slots are used again.
    private(set) var consumers: [Consumer?] = []
    private(set) var consumersBySSRC: [UInt32: Consumer] = [:]
    var streamRouter = StreamRouter()
    var incoming = IncomingExtensions()

    /// Feedback to the peer about what it sends.
    var feedback = TransportFeedbackGenerator()
    var remb: RembGenerator?
    var maxIncomingBitrate: UInt32 = 0

    /// What waits for this destination; made with the first consumer.
    private(set) var intents: IntentQueue?
    /// Where media goes, and whether it goes by TCP.
    private(set) var destination: Tuple?
    private(set) var isStream = false
    private(set) var isReady = false
    /// The peer's addresses that belong to this transport.
    private var tuples: [Tuple] = []
    private(set) var sealOverhead = 16
    /// Whether the suite must never seal two packets under one index.
    private(set) var sealsOnce = true
    /// The number of the next packet that carries one.
    var transportSequence: UInt16 = 0
    /// Whether runs of packets may leave as one message.
    var usesRuns = true
    /// Whether it stands in the order of turns for sure; the switchboard knows for all.
    var isQueued = false

    var reportDeadline: Instant?
    var traffic = TransportTraffic()
    /// The SSRC of the peer that told us its reference time last, RFC 3611 §4.4.
    var peerReference: UInt32?
    /// What the peer last said it can take, by REMB.
    var remoteEstimate: UInt64?
    /// How far the peer's wall clock is from ours.
    var senderClock = SenderClock()
    /// What the way to the peer carries of video, as far as its reports tell.
    var lossBudget: LossBudget

    init(
        id: String,
        slot: Int32,
        board: Switchboard,
        router: Router,
        server: WebRtcServer?,
        sockets: [ListeningSocket],
        candidates: [IceCandidate],
        link: PeerLink
    ) {
        (self.id, self.slot, self.board, self.router) = (id, slot, board, router)
        (self.server, self.sockets, self.candidates, self.link) = (server, sockets, candidates, link)
        lossBudget = LossBudget(thresholds: board.limits.lossThresholds)
    }

    var isProducing: Bool { !producers.isEmpty }
    var allConsumers: [Consumer] { consumers.compactMap(\.self) }

    @inline(__always)
    func producer(handle: Int) -> Producer? { producersByHandle[handle] }

    /// The consumer that sends `ssrc`, RTX included.
    func consumer(ssrc: UInt32) -> Consumer? { consumersBySSRC[ssrc] }

    // MARK: Sending

    /// The list of what waits, made when it is first asked for.
    func makeIntents() -> IntentQueue {
        if let intents { return intents }
        let made = IntentQueue(capacity: board.limits.intentsPerTransport)
        intents = made
        return made
    }

    /// Adds a packet to what waits for this destination; `queue` is what ``makeIntents()`` gave.
    @inline(__always)
    func enqueue(_ intent: SendIntent, on queue: IntentQueue) -> Bool {
        guard queue.append(intent) else {
            board.counters.intentsDropped &+= 1
            return false
        }
        if !isQueued {
            isQueued = true
            board.enqueue(slot)
        }
        return true
    }

    // MARK: The link

    /// Does what the link wants done.
    func drainLink(now: Instant) {
        while let output = link.poll() { handle(output, now: now) }
        let ready = link.isReady
        if ready != isReady { readinessChanged(to: ready, now: now) }
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
        case .applicationData: break
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

    private func readinessChanged(to ready: Bool, now: Instant) {
        isReady = ready
        if ready, let sender = link.sender {
            (sealOverhead, sealsOnce) = (sender.overhead, sender.profile.isAEAD)
            if reportDeadline == nil { reportDeadline = now + RTCPTiming.first }
        }
        for consumer in consumers { consumer?.update(now: now) }
        if !ready { intents?.removeAll() }
        guard ready else { return }
        for producer in producers {
            for stream in producer.streams {
                if let stream, producer.isKeyFrameAwaited(on: stream) {
                    producer.requestKeyFrame(of: stream, now: now)
                }
            }
        }
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

    // MARK: Producers and consumers

    /// A handle for a new producer.
    var nextProducerHandle: Int { producersByHandle.firstIndex { $0 == nil } ?? producersByHandle.count }

    func add(_ producer: Producer) {
        producers.append(producer)
        if producer.handle == producersByHandle.count {
            producersByHandle.append(producer)
        } else {
            producersByHandle[producer.handle] = producer
        }
    }

    /// A slot for a new consumer.
    var nextConsumerSlot: UInt16 { UInt16(consumers.firstIndex { $0 == nil } ?? consumers.count) }

    func add(_ consumer: Consumer, now: Instant) {
        if Int(consumer.slot) == consumers.count {
            consumers.append(consumer)
        } else {
            consumers[Int(consumer.slot)] = consumer
        }
        for encoding in consumer.parameters.encodings {
            for ssrc in [encoding.ssrc, encoding.rtx?.ssrc].compactMap(\.self) { consumersBySSRC[ssrc] = consumer }
        }
        consumer.producer.consumers.append(consumer)
        consumer.update(now: now)
        reschedule()
    }

    func producerClosed(_ producer: Producer) {
        streamRouter.unregister(producer: producer.handle)
        producersByHandle[producer.handle] = nil
        producers.removeAll { $0 === producer }
        board.producerClosed(producer)
    }

    func consumerClosed(_ consumer: Consumer) {
        intents?.removeAll(of: consumer.slot)
        consumers[Int(consumer.slot)] = nil
        consumersBySSRC = consumersBySSRC.filter { $0.value !== consumer }
        board.consumerClosed(consumer)
    }

    /// Ends its consumers, which says nothing to the host: it knows why.
    func closeConsumers() {
        for consumer in allConsumers { consumer.close() }
    }

    /// Ends it with everything in it; consumers elsewhere tell the host that their producer is gone.
    func close(now: Instant) {
        guard !isClosed else { return }
        isClosed = true
        closeConsumers()
        for producer in producers { producer.close() }
        for fragment in link.usernameFragments where board.fragments[fragment] == slot {
            board.fragments[fragment] = nil
        }
        link.close(now: now)
        while let output = link.poll() {
            if case .send(let bytes, let tuple) = output { board.control.append(bytes.span, to: tuple) }
        }
        for tuple in tuples { release(tuple) }
        if server == nil { for socket in sockets { board.emit(.closeSocket(socket.socket.id)) } }
        router.transports.removeAll { $0 === self }
        server?.transports.removeAll { $0 === self }
        board.transportClosed(self)
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
