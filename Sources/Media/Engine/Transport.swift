// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletControl
import SwiftletORTC
import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// What one peer sends and receives, whatever its packets travel by.
///
/// A subclass brings the way: ``WebRtcTransport`` a link over the network, ``DirectTransport`` the host itself. What is
/// done for every packet is in extensions, which are called without looking a method up.
class Transport {
    let id: String
    /// Its place in the switchboard.
    let slot: Int32
    let board: Switchboard
    let router: Router
    private(set) var isClosed = false

    /// In order of creation.
    private(set) var producers: [Producer] = []
    private var producersByHandle: [Producer?] = []
    /// By slot; slots are used again.
    private(set) var consumers: [Consumer?] = []
    private(set) var consumersBySSRC: [UInt32: Consumer] = [:]
    /// In order of creation.
    var dataProducers: [DataProducer] = []
    /// In order of creation.
    var dataConsumers: [DataConsumer] = []
    var streamRouter = StreamRouter()
    var incoming = IncomingExtensions()

    /// Feedback to the peer about what it sends.
    var feedback = TransportFeedbackGenerator()
    var remb: RembGenerator?
    var maxIncomingBitrate: UInt32 = 0

    /// What waits for this destination; made with the first consumer.
    private(set) var intents: IntentQueue?
    /// Whether packets can be sent and received.
    final var isReady = false
    /// Bytes that sealing adds to a packet.
    final var sealOverhead = 0
    /// Whether it must never seal two packets under one index.
    final var sealsOnce = false
    /// The number of the next packet that carries one.
    var transportSequence: UInt16 = 0
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

    init(id: String, slot: Int32, board: Switchboard, router: Router) {
        (self.id, self.slot, self.board, self.router) = (id, slot, board, router)
        lossBudget = LossBudget(thresholds: board.limits.lossThresholds)
    }

    var isProducing: Bool { !producers.isEmpty }
    var allConsumers: [Consumer] { consumers.compactMap(\.self) }

    @inline(__always)
    final func producer(handle: Int) -> Producer? { producersByHandle[handle] }

    /// The consumer that sends `ssrc`, RTX included.
    final func consumer(ssrc: UInt32) -> Consumer? { consumersBySSRC[ssrc] }

    // MARK: What a way brings

    /// Sends what waits, up to one burst, as far as batch and budget allow.
    ///
    /// - Returns: Whether more waits.
    func flush(into batch: inout TransmitBatch, budget: inout SendBudget, now: Instant) -> Bool { false }

    /// Sends one RTCP compound.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - write: Writes into the room given and returns how many bytes, 0 for nothing.
    func sendRTCP(now: Instant, _ write: (inout MutableSpan<UInt8>, Range<Int>) -> Int) {}

    /// When something of the way itself is due.
    var wayDeadline: Instant? { nil }

    /// Does what of that is due.
    func advanceWay(to now: Instant) {}

    /// Ends the way, after everything that used it.
    func closeWay(now: Instant) {}

    /// Hands a message of a data producer over for sending to the peer of `consumer`.
    ///
    /// - Returns: Bytes that wait on its stream behind it.
    func send(_ message: DataMessage, to consumer: DataConsumer, now: Instant) throws(ControlError) -> Int { 0 }

    /// Bytes that wait to be sent for `consumer`.
    func bufferedAmount(of consumer: DataConsumer) -> Int { 0 }

    /// Sets when to tell that little waits.
    func setBufferedAmountLowThreshold(_ threshold: UInt32, of consumer: DataConsumer) {}

    /// A data producer is no more.
    func dataProducerClosed(_ producer: DataProducer, now: Instant) {
        dataProducers.removeAll { $0 === producer }
    }

    /// A data consumer is no more.
    func dataConsumerClosed(_ consumer: DataConsumer, now: Instant) {
        dataConsumers.removeAll { $0 === consumer }
    }

    // MARK: Sending

    /// The list of what waits, made when it is first asked for.
    final func makeIntents() -> IntentQueue {
        if let intents { return intents }
        let made = IntentQueue(capacity: board.limits.intentsPerTransport)
        intents = made
        return made
    }

    /// Adds a packet to what waits for this destination; `queue` is what ``makeIntents()`` gave.
    @inline(__always)
    final func enqueue(_ intent: SendIntent, on queue: IntentQueue) -> Bool {
        guard queue.append(intent) else {
            board.counters.intentsDropped &+= 1
            return false
        }
        takeTurn()
        return true
    }

    /// Sees to it that ``flush(into:budget:now:)`` is called.
    @inline(__always)
    final func takeTurn() {
        guard !isQueued else { return }
        isQueued = true
        board.enqueue(slot)
    }

    /// Begins or stops to send and receive, as ``isReady`` says now.
    final func readinessChanged(now: Instant) {
        if isReady, reportDeadline == nil { reportDeadline = now + RTCPTiming.first }
        for consumer in consumers { consumer?.update(now: now) }
        if !isReady { intents?.removeAll() }
        guard isReady else { return }
        for producer in producers {
            for stream in producer.streams {
                if let stream, producer.isKeyFrameAwaited(on: stream) {
                    producer.requestKeyFrame(of: stream, now: now)
                }
            }
        }
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
        for encoding in consumer.parameters.encodings {
            for ssrc in [encoding.ssrc, encoding.rtx?.ssrc].compactMap(\.self) { consumersBySSRC[ssrc] = nil }
        }
        board.consumerClosed(consumer)
    }

    /// Ends its consumers, which says nothing to the host: it knows why.
    func closeConsumers() {
        for consumer in allConsumers { consumer.close() }
    }

    /// Ends its data consumers, which says nothing to the host either.
    final func closeDataConsumers(now: Instant) {
        for consumer in dataConsumers { consumer.close(now: now) }
    }

    /// Ends it with everything in it; consumers elsewhere tell the host that their producer is gone.
    final func close(now: Instant) {
        guard !isClosed else { return }
        isClosed = true
        closeConsumers()
        closeDataConsumers(now: now)
        for producer in producers { producer.close() }
        for producer in dataProducers { producer.close(now: now) }
        closeWay(now: now)
        router.transports.removeAll { $0 === self }
        board.transportClosed(self)
    }
}
