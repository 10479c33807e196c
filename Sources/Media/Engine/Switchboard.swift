// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletDTLS
import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// What all transports of an engine share: who is where, what waits to be sent, when somebody is due, what is counted.
final class Switchboard {
    /// What is counted and told in dumps.
    struct Counters {
        var packetsReceived: UInt64 = 0
        var packetsForwarded: UInt64 = 0
        var packetsResent: UInt64 = 0
        var messages: UInt64 = 0
        /// Packets from addresses that no transport knows.
        var strays: UInt64 = 0
        /// STUN requests for a transport that is not there.
        var unknownFragments: UInt64 = 0
        /// Packets that SRTP refused.
        var unopened: UInt64 = 0
        /// Packets that were opened but are no RTP or RTCP.
        var malformed: UInt64 = 0
        /// Packets of streams that nobody announced.
        var unknownStreams: UInt64 = 0
        /// Packets that no store had memory for.
        var unstored: UInt64 = 0
        /// Intents that found their destination's list full.
        var intentsDropped: UInt64 = 0
        /// Intents whose packet had been evicted when their turn came.
        var intentsExpired: UInt64 = 0
        var sendFailures: UInt64 = 0
        var segmentationRefusals: UInt64 = 0
        var connectionsRefused: UInt64 = 0
        var outputsDropped: UInt64 = 0
        var paddingBytes: UInt64 = 0
    }

    let limits: EngineLimits
    let pool: PacketPool
    let dtls: DTLSContext
    var wall: WallClockAnchor
    /// For credentials and sequence numbers.
    var random: any RandomNumberGenerator & Sendable
    /// For report intervals.
    var jitter: SeededRandom
    var counters = Counters()

    private(set) var transports: [Transport?] = []
    /// Those with a link, by the same slots.
    private(set) var linked: [WebRtcTransport?] = []
    private var freeSlots: [Int32] = []
    private var deadlines: [Int64] = []
    /// Whether a slot stands in the order of turns.
    private var isQueued: [Bool] = []
    /// No transport is due before this.
    private(set) var earliest = Int64.max

    /// Every id in use, of whatever kind of object.
    private(set) var ids: Set<String> = []
    var servers: [String: WebRtcServer] = [:]
    var routers: [String: Router] = [:]
    private(set) var transportsByID: [String: Transport] = [:]
    private(set) var producers: [String: Producer] = [:]
    private(set) var consumers: [String: Consumer] = [:]
    private(set) var dataProducers: [String: DataProducer] = [:]
    private(set) var dataConsumers: [String: DataConsumer] = [:]
    private(set) var observers: [String: RtpObserver] = [:]
    /// No observer is due before this.
    private(set) var observerDeadline: Instant?

    var tuples: TupleTable
    /// Transports by the local ICE user name fragments that checks may come with.
    var fragments: [String: Int32] = [:]
    /// TCP connections; packets to them are framed.
    private(set) var connections: [SocketID: Connection] = [:]
    /// How many of them have not passed a check, and those in the order of their opening (with some that have).
    private(set) var unvalidatedCount = 0
    private var unvalidated: [Connection] = []

    var control: ControlQueue
    var ready: ReadyRing
    /// Those whose packets wait for company, see ``EngineLimits/flushWindow``, and until when, by slot.
    private var gathering: ReadyRing
    private var gatheredUntil: [Int64] = []
    private let flushWindow: Int64
    /// The time of what is being done.
    var moment: Int64 = 0
    /// Which consumer goes first, moved on with every batch.
    var turn = 0
    /// Where a stream puts the numbers it asks for.
    var nacks: [UInt16] = []
    /// Where a producer's report is put together.
    var blocks: [RTCPReportBlock] = []

    /// Where an SCTP packet is put together.
    var dataPacket = [UInt8](repeating: 0, count: 2048)

    private var outputs: [EngineOutput] = []
    private var nextOutput = 0

    init(
        limits: EngineLimits,
        dtls: DTLSContext,
        wall: WallClockAnchor,
        random: any RandomNumberGenerator & Sendable
    ) {
        (self.limits, self.dtls, self.wall) = (limits, dtls, wall)
        var random = random
        pool = PacketPool(capacity: limits.storedBytes)
        tuples = TupleTable(seed: (random.next(), random.next()))
        jitter = SeededRandom(seed: random.next())
        self.random = random
        control = ControlQueue(limit: limits.controlPackets)
        ready = ReadyRing(capacity: limits.transports)
        gathering = ReadyRing(capacity: limits.transports)
        flushWindow = min(max(limits.flushWindow, .zero), EngineLimits.longestFlushWindow).wholeNanoseconds
        nacks.reserveCapacity(256)
        blocks.reserveCapacity(32)
    }

    // MARK: Transports

    /// A place for a new transport, or `nil` when there are too many.
    func takeSlot() -> Int32? {
        if let slot = freeSlots.popLast() { return slot }
        guard transports.count < limits.transports else { return nil }
        transports.append(nil)
        linked.append(nil)
        deadlines.append(.max)
        isQueued.append(false)
        gatheredUntil.append(0)
        return Int32(transports.count - 1)
    }

    /// The transport that a tuple or a fragment leads to.
    @inline(__always)
    func transport(at slot: Int32) -> WebRtcTransport? { linked[Int(slot)] }

    /// Puts a transport into the order of turns, or lets it gather packets first.
    @inline(__always)
    func enqueue(_ slot: Int32) {
        guard !isQueued[Int(slot)] else { return }
        isQueued[Int(slot)] = true
        guard flushWindow > 0 else { return ready.append(slot) }
        gatheredUntil[Int(slot)] = moment &+ flushWindow
        gathering.append(slot)
    }

    /// Puts a transport that has more than it could send behind the others.
    func enqueueAgain(_ slot: Int32) {
        guard !isQueued[Int(slot)] else { return }
        isQueued[Int(slot)] = true
        ready.append(slot)
    }

    /// Ends the gathering of those that have waited long enough.
    ///
    /// When one has, so have those that have waited for three quarters of it: a wake-up for each would cost more than
    /// what longer runs save.
    func endGathering(now: Instant) {
        guard let first = gathering.first, gatheredUntil[Int(first)] <= now.nanoseconds else { return }
        let limit = now.nanoseconds &+ flushWindow / 4
        while let slot = gathering.first, gatheredUntil[Int(slot)] <= limit {
            _ = gathering.popFirst()
            ready.append(slot)
        }
    }

    /// When the next has waited long enough.
    var gatheringDeadline: Instant? { gathering.first.map { Instant(nanoseconds: gatheredUntil[Int($0)]) } }

    /// Takes the transport whose turn it is; `nil` in the pair for one that has closed meanwhile.
    @inline(__always)
    func nextReady() -> Transport?? {
        guard let slot = ready.popFirst() else { return nil }
        isQueued[Int(slot)] = false
        return .some(transports[Int(slot)])
    }

    // MARK: Objects

    func add(server: WebRtcServer) {
        ids.insert(server.id)
        servers[server.id] = server
    }

    func remove(server: WebRtcServer) {
        ids.remove(server.id)
        servers[server.id] = nil
    }

    func add(router: Router) {
        ids.insert(router.id)
        routers[router.id] = router
    }

    func remove(router: Router) {
        ids.remove(router.id)
        routers[router.id] = nil
    }

    func add(transport: Transport) {
        ids.insert(transport.id)
        transportsByID[transport.id] = transport
        transports[Int(transport.slot)] = transport
        linked[Int(transport.slot)] = transport as? WebRtcTransport
    }

    func transportClosed(_ transport: Transport) {
        ids.remove(transport.id)
        transportsByID[transport.id] = nil
        transports[Int(transport.slot)] = nil
        linked[Int(transport.slot)] = nil
        deadlines[Int(transport.slot)] = .max
        freeSlots.append(transport.slot)
    }

    func add(producer: Producer) {
        ids.insert(producer.id)
        producers[producer.id] = producer
    }

    func producerClosed(_ producer: Producer) {
        ids.remove(producer.id)
        producers[producer.id] = nil
    }

    /// From so many on there may as well be all that are allowed.
    private static let manyConsumers = 2048

    func add(consumer: Consumer) {
        if consumers.count == Self.manyConsumers {
            // In a crowd these would grow again and again, at 24,576 entries for milliseconds in one turn.
            consumers.reserveCapacity(limits.consumers)
            ids.reserveCapacity(limits.consumers + limits.producers)
        }
        ids.insert(consumer.id)
        consumers[consumer.id] = consumer
    }

    func consumerClosed(_ consumer: Consumer) {
        ids.remove(consumer.id)
        consumers[consumer.id] = nil
    }

    func add(dataProducer: DataProducer) {
        ids.insert(dataProducer.id)
        dataProducers[dataProducer.id] = dataProducer
    }

    func dataProducerClosed(_ producer: DataProducer) {
        ids.remove(producer.id)
        dataProducers[producer.id] = nil
    }

    func add(dataConsumer: DataConsumer) {
        ids.insert(dataConsumer.id)
        dataConsumers[dataConsumer.id] = dataConsumer
    }

    func dataConsumerClosed(_ consumer: DataConsumer) {
        ids.remove(consumer.id)
        dataConsumers[consumer.id] = nil
    }

    func add(observer: RtpObserver) {
        ids.insert(observer.id)
        observers[observer.id] = observer
    }

    func remove(observer: RtpObserver) {
        ids.remove(observer.id)
        observers[observer.id] = nil
    }

    // MARK: Connections

    /// Takes in a TCP connection, or refuses it where there are too many.
    func add(connection: Connection) {
        guard unvalidatedCount < limits.unvalidatedConnections, connections.count < limits.connections else {
            counters.connectionsRefused &+= 1
            emit(.closeConnection(connection.tuple.socket))
            return
        }
        connections[connection.tuple.socket] = connection
        // Most of a churn of connections is closed long before its time: what is done with is not kept till then.
        if unvalidated.count >= 2 * limits.unvalidatedConnections {
            unvalidated.removeAll { $0.isClosed || $0.slot != nil }
        }
        unvalidated.append(connection)
        unvalidatedCount += 1
    }

    /// Notes that a connection passed a check of a transport.
    func validate(_ socket: SocketID, slot: Int32) {
        guard let connection = connections[socket] else { return }
        if connection.slot == nil { unvalidatedCount -= 1 }
        connection.slot = slot
    }

    /// Forgets a connection, which its owner is to close unless it has ended by itself.
    func remove(connection socket: SocketID, close: Bool) {
        guard let connection = connections.removeValue(forKey: socket) else { return }
        if connection.slot == nil { unvalidatedCount -= 1 }
        connection.close()
        if close { emit(.closeConnection(socket)) }
    }

    /// When the oldest connection without a check has had its time.
    var connectionDeadline: Instant? { unvalidated.first.map { $0.opened + limits.unvalidatedConnectionTime } }

    /// Closes connections that passed no check in time.
    func expireConnections(now: Instant) {
        while let first = unvalidated.first, first.opened + limits.unvalidatedConnectionTime <= now {
            unvalidated.removeFirst()
            if first.slot == nil, !first.isClosed { remove(connection: first.tuple.socket, close: true) }
        }
    }

    // MARK: Time

    /// Sets when a transport is due.
    func schedule(_ slot: Int32, at deadline: Int64) {
        deadlines[Int(slot)] = deadline
        if deadline < earliest { earliest = deadline }
    }

    /// Makes a transport due no later than `deadline`.
    @inline(__always)
    func schedule(_ slot: Int32, noLaterThan deadline: Instant?) {
        guard let deadline, deadline.nanoseconds < deadlines[Int(slot)] else { return }
        schedule(slot, at: deadline.nanoseconds)
    }

    /// Calls `body` with every transport that is due; each says in return when it is due next.
    func advance(to now: Instant, _ body: (Transport) -> Instant?) {
        guard now.nanoseconds >= earliest else { return }
        earliest = .max
        for index in deadlines.indices where deadlines[index] != .max {
            if deadlines[index] <= now.nanoseconds, let transport = transports[index] {
                let next = body(transport)
                // The transport may have closed, or said itself that it is due earlier.
                deadlines[index] = transports[index] == nil ? .max : next?.nanoseconds ?? .max
            }
            earliest = min(earliest, deadlines[index])
        }
    }

    /// Makes observers due no later than `deadline`.
    func schedule(observerAt deadline: Instant) {
        observerDeadline = SwiftletWire.earliest(observerDeadline, deadline)
    }

    /// Lets every observer that is due look at its producers.
    func advanceObservers(to now: Instant) {
        guard let due = observerDeadline, due <= now else { return }
        observerDeadline = nil
        for observer in observers.values {
            observer.advance(to: now)
            observerDeadline = SwiftletWire.earliest(observerDeadline, observer.deadline)
        }
    }

    // MARK: Outputs

    func emit(_ output: EngineOutput) {
        guard outputs.count - nextOutput < limits.outputs else {
            counters.outputsDropped &+= 1
            return
        }
        outputs.append(output)
    }

    func notify(_ notification: ControlNotification) { emit(.notify(notification)) }

    func nextOutputToTell() -> EngineOutput? {
        guard nextOutput < outputs.count else {
            outputs.removeAll(keepingCapacity: true)
            nextOutput = 0
            return nil
        }
        defer { nextOutput += 1 }
        return outputs[nextOutput]
    }
}
