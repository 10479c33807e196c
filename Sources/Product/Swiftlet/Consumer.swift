// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// A producer's media on its way to one peer.
///
/// Lives until ``close()``, or until its producer, transport, router or worker closes; after that every other method
/// throws ``SwiftletError/Code/closed``.
public final class Consumer: Sendable {
    /// Something that befell a consumer.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The transport, or something it lives in, is closed; the last event.
        case transportClose
        /// The producer is closed; the last event.
        case producerClose
        /// The producer was paused.
        case producerPause
        /// The producer was resumed.
        case producerResume
        /// How well the stream arrives at the peer.
        case score(ConsumerScore)
        /// Other layers are forwarded now, or nothing: while paused, for want of media, or of bandwidth even for the
        /// lowest layer. Of producers with several layers alone.
        case layersChange(ConsumerLayers?)
        /// One of those asked for by ``Consumer/enableTraceEvent(_:)`` passed.
        case trace(TraceEvent)
        /// A packet for the application, on a direct transport alone.
        case rtp([UInt8])
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Hashable, Sendable {
        /// Nothing is forwarded any more: it or its producer was paused.
        case pause
        /// It is forwarded again: neither it nor its producer is paused.
        case resume
        /// How well the stream arrives at the peer.
        case score(ConsumerScore)
        /// Other layers are forwarded now, or nothing.
        case layersChange(ConsumerLayers?)
        /// One of those asked for by ``Consumer/enableTraceEvent(_:)`` passed.
        case trace(TraceEvent)
        /// It is closed; the last event.
        case close
    }

    private struct State {
        var paused: Bool
        var producerPaused: Bool
        var score = ConsumerScore(score: 10, producerScore: 10, producerScores: [])
        var preferredLayers: ConsumerLayers?
        var currentLayers: ConsumerLayers?
        var priority = Consumer.lowestPriority

        var isStopped: Bool { paused || producerPaused }
    }

    /// The priority of consumers that were given none.
    public static let lowestPriority = 1
    /// The priority above all others.
    public static let highestPriority = 255

    /// Names the consumer.
    public let id = Identifier.make()
    /// The producer it shows.
    public let producerId: String
    /// Sound or picture.
    public let kind: MediaKind
    /// How it chooses among the producer's streams.
    public let type: ConsumerType
    /// What the peer receives, and has to be told.
    public let rtpParameters: RtpParameters
    private let link: WorkerLink
    private weak let transport: TransportBody?
    private let core: ObjectCore<Event, ObserverEvent>
    private let state: Mutex<State>

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the consumer, or anything it lives in, is closed.
    public var closed: Bool { core.isClosed }
    /// Whether it is paused itself.
    public var paused: Bool { state.withLock { $0.paused } }
    /// Whether its producer is paused.
    public var producerPaused: Bool { state.withLock { $0.producerPaused } }
    /// How well the stream arrives at the peer, as last told.
    public var score: ConsumerScore { state.withLock { $0.score } }
    /// Which layers the peer gets at most, or `nil` for a producer without layers.
    public var preferredLayers: ConsumerLayers? { state.withLock { $0.preferredLayers } }
    /// Which layers are forwarded now, or `nil` for none and for a producer without layers.
    public var currentLayers: ConsumerLayers? { state.withLock { $0.currentLayers } }
    /// How it ranks among its transport's consumers where there is not enough bandwidth for all, from 1 to 255.
    public var priority: Int { state.withLock { $0.priority } }

    /// What happens to the consumer, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The consumer's events from now on, in a sequence of the caller's own that ends with the consumer.
    ///
    /// On a direct transport packets are among them, and a reader may fall ``EventSource/bufferedPayloads`` events or
    /// ``EventSource/bufferedPayloadBytes`` behind.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(
        transport: TransportBody,
        producer: Producer,
        type: ConsumerType,
        rtpParameters: RtpParameters,
        options: ConsumerOptions
    ) {
        (producerId, kind, self.type, self.rtpParameters) = (producer.id, producer.kind, type, rtpParameters)
        (link, self.transport) = (transport.link, transport)
        core = ObjectCore(
            appData: options.appData,
            payloadBytes: transport.type == .direct ? Self.payloadBytes(of:) : nil
        )
        state = Mutex(State(paused: options.paused, producerPaused: producer.paused))
    }

    /// Stops sending to the peer.
    public func pause() async throws(SwiftletError) {
        try requireOpen()
        try await change(.pauseConsumer(id: id)) { $0.paused = true }
    }

    /// Sends to the peer again, video from a key frame on.
    public func resume() async throws(SwiftletError) {
        try requireOpen()
        try await change(.resumeConsumer(id: id)) { $0.paused = false }
    }

    /// Sets which layers the peer gets at most.
    ///
    /// ``preferredLayers`` tells what became of it: layers above the producer's mean its highest, and a consumer of a
    /// producer without layers has none.
    ///
    /// - Parameter layers: A picture size and a frame rate; `nil` for the highest of both.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for layers below 0, or with
    ///   ``SwiftletError/Code/closed``.
    public func setPreferredLayers(_ layers: ConsumerLayers?) async throws(SwiftletError) {
        try requireOpen()
        try layers?.check()
        try await link.request(.setPreferredLayers(consumerId: id, layers: layers)) { [self] reply -> Void? in
            guard case .preferredLayers(let layers) = reply else { return nil }
            return state.withLock { $0.preferredLayers = layers }
        }
    }

    /// Sets how it ranks among its transport's consumers where there is not enough bandwidth for all.
    ///
    /// - Parameter priority: From 1, as every consumer has at first, to 255.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for a priority out of range, or with
    ///   ``SwiftletError/Code/closed``.
    public func setPriority(_ priority: Int) async throws(SwiftletError) {
        try requireOpen()
        guard let value = UInt8(exactly: priority), priority >= Self.lowestPriority else {
            throw SwiftletError(
                .invalidArgument,
                "priority is \(priority), not within \(Self.lowestPriority) to \(Self.highestPriority)"
            )
        }
        try await change(.setPriority(consumerId: id, priority: value)) { $0.priority = priority }
    }

    /// Makes it rank lowest again.
    public func unsetPriority() async throws(SwiftletError) { try await setPriority(Self.lowestPriority) }

    /// Chooses what is told by ``Event/trace(_:)`` from now on, for people who debug.
    ///
    /// - Parameter types: Everything but ``TraceEventType/sr``; nothing by default. ``TraceEventType/rtp`` tells of every
    ///   packet, and more than a reader takes is dropped.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for sender reports, which a consumer does
    ///   not get, or with ``SwiftletError/Code/closed``.
    public func enableTraceEvent(_ types: Set<TraceEventType> = []) async throws(SwiftletError) {
        try requireOpen()
        guard !types.contains(.sr) else {
            throw SwiftletError(.invalidArgument, "types: sr is traced on producers alone")
        }
        try await link.request(.traceConsumer(id: id, types: types))
    }

    /// Asks the producer's peer for a key frame; without effect on sound.
    public func requestKeyFrame() async throws(SwiftletError) {
        try requireOpen()
        try await link.request(.requestKeyFrame(consumerId: id))
    }

    /// What its stream, and the producer's stream in use, have seen so far.
    public func getStats() async throws(SwiftletError) -> [RtpStreamStat] {
        try requireOpen()
        return try await link.request(.getConsumerStats(id: id)) {
            if case .consumerStats(let stats) = $0 { stats } else { nil }
        }
    }

    /// The inside of the consumer, for people who debug.
    public func dump() async throws(SwiftletError) -> ConsumerDump {
        try requireOpen()
        return try await link.request(.dumpConsumer(id: id)) {
            if case .consumerDump(let dump) = $0 { dump } else { nil }
        }
    }

    /// Ends the consumer; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await link.request(.closeConsumer(id: id))
    }

    // MARK: - Told by the transport

    /// How much an event carries.
    private static func payloadBytes(of event: Event) -> Int {
        if case .rtp(let packet) = event { packet.count } else { 0 }
    }

    func begin(_ consumed: ControlReply.Consumed) {
        state.withLock { state in
            (state.paused, state.producerPaused) = (consumed.paused, consumed.producerPaused)
            (state.score, state.preferredLayers) = (consumed.score, consumed.preferredLayers)
        }
    }

    func transportClosed() { _ = end(with: .transportClose) }

    /// The worker refused it.
    func abandon() { _ = end(with: nil) }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        link.remove(id)
        transport?.remove(self)
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }

    private func change(
        _ request: ControlRequest,
        _ apply: @escaping @Sendable (inout State) -> Void
    ) async throws(SwiftletError) {
        try await link.request(request) { [self] reply -> Void? in
            guard case .done = reply else { return nil }
            return update(apply)
        }
    }

    /// Changes the state, and tells observers when forwarding stops or starts by it.
    private func update(_ apply: (inout State) -> Void) {
        let (before, after) = state.withLock { state in
            let before = state.isStopped
            apply(&state)
            return (before, state.isStopped)
        }
        if before != after { core.observers.emit(after ? .pause : .resume) }
    }

    private func requireOpen() throws(SwiftletError) {
        if closed { throw SwiftletError(.closed, "consumer \(id) is closed") }
    }
}

extension Consumer: NotificationTarget {
    func handle(_ notification: ControlNotification) {
        switch notification {
        case .consumerProducerClosed:
            _ = end(with: .producerClose)
        case .consumerProducerPaused:
            update { $0.producerPaused = true }
            core.events.emit(.producerPause)
        case .consumerProducerResumed:
            update { $0.producerPaused = false }
            core.events.emit(.producerResume)
        case .consumerScore(_, let score):
            state.withLock { $0.score = score }
            core.events.emit(.score(score))
            core.observers.emit(.score(score))
        case .consumerLayersChanged(_, let layers):
            state.withLock { $0.currentLayers = layers }
            core.events.emit(.layersChange(layers))
            core.observers.emit(.layersChange(layers))
        case .consumerRtp(_, let packet):
            core.events.emit(.rtp(packet))
        case .consumerTrace(_, let event):
            core.events.emit(.trace(event))
            core.observers.emit(.trace(event))
        default:
            // Of other kinds of objects.
            return
        }
    }
}
