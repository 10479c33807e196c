// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// What a consumer is made with.
public struct ConsumerOptions: Sendable {
    /// The producer to consume.
    public var producerId: String
    /// What the peer can receive; payload types and extension ids are the peer's own.
    public var rtpCapabilities: RtpCapabilities
    /// Whether it starts paused; better so, until the peer is ready to receive.
    public var paused: Bool
    /// Whether lost packets are sent again; `nil` for video alone.
    public var enableRtx: Bool?
    /// The media section's id, unique in the transport; without one it is the next free number.
    public var mid: String?
    /// The application's own data.
    public var appData: JSONValue

    /// Options for a consumer; everything but what is received has a default.
    public init(
        producerId: String,
        rtpCapabilities: RtpCapabilities,
        paused: Bool = false,
        enableRtx: Bool? = nil,
        mid: String? = nil,
        appData: JSONValue = [:]
    ) {
        (self.producerId, self.rtpCapabilities, self.paused) = (producerId, rtpCapabilities, paused)
        (self.enableRtx, self.mid, self.appData) = (enableRtx, mid, appData)
    }
}

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
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Hashable, Sendable {
        /// Nothing is forwarded any more: it or its producer was paused.
        case pause
        /// It is forwarded again: neither it nor its producer is paused.
        case resume
        /// How well the stream arrives at the peer.
        case score(ConsumerScore)
        /// It is closed; the last event.
        case close
    }

    private struct State {
        var paused: Bool
        var producerPaused: Bool
        var score = ConsumerScore(score: 10, producerScore: 10, producerScores: [])

        var isStopped: Bool { paused || producerPaused }
    }

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
    private weak let transport: WebRtcTransport?
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

    /// What happens to the consumer, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The consumer's events from now on, in a sequence of the caller's own that ends with the consumer.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(
        transport: WebRtcTransport,
        producer: Producer,
        type: ConsumerType,
        rtpParameters: RtpParameters,
        options: ConsumerOptions
    ) {
        (producerId, kind, self.type, self.rtpParameters) = (producer.id, producer.kind, type, rtpParameters)
        (link, self.transport) = (transport.link, transport)
        core = ObjectCore(appData: options.appData)
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

    func begin(_ consumed: ControlReply.Consumed) {
        state.withLock { state in
            (state.paused, state.producerPaused) = (consumed.paused, consumed.producerPaused)
            state.score = consumed.score
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
        default:
            // Of other kinds of objects.
            return
        }
    }
}
