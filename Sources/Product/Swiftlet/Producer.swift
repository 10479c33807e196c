// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// What a producer is made with.
public struct ProducerOptions: Sendable {
    /// Sound or picture.
    public var kind: MediaKind
    /// What the peer sends.
    public var rtpParameters: RtpParameters
    /// A name of the application's choice, unique in the router; without one it is made.
    public var id: String?
    /// Whether it starts paused.
    public var paused: Bool
    /// Milliseconds between two requests for a key frame to the peer, at least.
    public var keyFrameRequestDelay: UInt32
    /// The application's own data.
    public var appData: JSONValue

    /// Options for a producer; everything but what is sent has a default.
    public init(
        kind: MediaKind,
        rtpParameters: RtpParameters,
        id: String? = nil,
        paused: Bool = false,
        keyFrameRequestDelay: UInt32 = 0,
        appData: JSONValue = [:]
    ) {
        (self.kind, self.rtpParameters, self.id) = (kind, rtpParameters, id)
        (self.paused, self.keyFrameRequestDelay, self.appData) = (paused, keyFrameRequestDelay, appData)
    }
}

/// Media that a peer sends into a router.
///
/// Lives until ``close()``, or until its transport, router or worker closes; after that every other method throws
/// ``SwiftletError/Code/closed``.
public final class Producer: Sendable {
    /// Something that befell a producer.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The transport, or something it lives in, is closed; the last event.
        case transportClose
        /// How well the streams arrive.
        case score([ProducerScore])
        /// The peer turned its camera.
        case videoOrientationChange(ProducerVideoOrientation)
        /// Which encodings and layers anybody wants has changed; whoever sends them may stop the others.
        case demand(ProducerDemand)
        /// One of those asked for by ``Producer/enableTraceEvent(_:)`` passed.
        case trace(TraceEvent)
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Hashable, Sendable {
        /// It was paused.
        case pause
        /// It was resumed.
        case resume
        /// How well the streams arrive.
        case score([ProducerScore])
        /// The peer turned its camera.
        case videoOrientationChange(ProducerVideoOrientation)
        /// Which encodings and layers anybody wants has changed.
        case demand(ProducerDemand)
        /// One of those asked for by ``Producer/enableTraceEvent(_:)`` passed.
        case trace(TraceEvent)
        /// It is closed; the last event.
        case close
    }

    private struct State {
        var type = ProducerType.simple
        var paused: Bool
        var score: [ProducerScore] = []
        var demand: ProducerDemand?
    }

    /// Names the producer, uniquely in its router.
    public let id: String
    /// Sound or picture.
    public let kind: MediaKind
    /// What the peer sends, as it was accepted.
    public let rtpParameters: RtpParameters
    /// What the router makes of it, before it is fitted to a consumer.
    package let consumableRtpParameters: RtpParameters
    private let link: WorkerLink
    private weak let transport: TransportBody?
    private let isDirect: Bool
    private weak let router: Router?
    private let core: ObjectCore<Event, ObserverEvent>
    private let state: Mutex<State>

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the producer, or anything it lives in, is closed.
    public var closed: Bool { core.isClosed }
    /// How its streams relate to each other.
    public var type: ProducerType { state.withLock { $0.type } }
    /// Whether it is paused.
    public var paused: Bool { state.withLock { $0.paused } }
    /// How well the streams arrive, as last told.
    public var score: [ProducerScore] { state.withLock { $0.score } }
    /// Which encodings and layers anybody wants, as last told; `nil` for a producer without layers and until then.
    public var demand: ProducerDemand? { state.withLock { $0.demand } }

    /// What happens to the producer, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The producer's events from now on, in a sequence of the caller's own that ends with the producer.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(
        id: String,
        transport: TransportBody,
        router: Router,
        options: ProducerOptions,
        rtpParameters: RtpParameters,
        consumable: RtpParameters
    ) {
        (self.id, kind, self.rtpParameters, consumableRtpParameters) = (id, options.kind, rtpParameters, consumable)
        (link, self.transport, self.router) = (transport.link, transport, router)
        isDirect = transport.type == .direct
        core = ObjectCore(appData: options.appData)
        state = Mutex(State(paused: options.paused))
    }

    /// Sends a packet as the producer's peer; on a direct transport, where the application is the peer.
    ///
    /// - Parameter packet: RTP in the clear, as ``rtpParameters`` have it.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/unsupported`` where a peer sends, with
    ///   ``SwiftletError/Code/invalidArgument`` for what is no RTP of this producer, with
    ///   ``SwiftletError/Code/sendBufferFull`` when 16 MiB wait for the worker already, or with
    ///   ``SwiftletError/Code/closed``.
    public func send(rtp packet: [UInt8]) async throws(SwiftletError) {
        try requireOpen()
        guard isDirect else {
            throw SwiftletError(.unsupported, "send(): producer \(id) is not on a direct transport")
        }
        try await link.request(.sendRtp(producerId: id, packet: packet))
    }

    /// Stops forwarding to every consumer.
    public func pause() async throws(SwiftletError) {
        try await setPaused(true)
    }

    /// Forwards to every consumer again.
    public func resume() async throws(SwiftletError) {
        try await setPaused(false)
    }

    /// Chooses what is told by ``Event/trace(_:)`` from now on, for people who debug.
    ///
    /// - Parameter types: What to tell; nothing by default. ``TraceEventType/rtp`` tells of every packet, and more than a
    ///   reader takes is dropped.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/closed``.
    public func enableTraceEvent(_ types: Set<TraceEventType> = []) async throws(SwiftletError) {
        try requireOpen()
        try await link.request(.traceProducer(id: id, types: types))
    }

    /// What its streams have seen so far.
    public func getStats() async throws(SwiftletError) -> [RtpStreamStat] {
        try requireOpen()
        return try await link.request(.getProducerStats(id: id)) {
            if case .producerStats(let stats) = $0 { stats } else { nil }
        }
    }

    /// The inside of the producer, for people who debug.
    public func dump() async throws(SwiftletError) -> ProducerDump {
        try requireOpen()
        return try await link.request(.dumpProducer(id: id)) {
            if case .producerDump(let dump) = $0 { dump } else { nil }
        }
    }

    /// Ends the producer and every consumer of it; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await link.request(.closeProducer(id: id))
    }

    // MARK: - Told by the transport

    func begin(_ type: ProducerType) { state.withLock { $0.type = type } }

    func transportClosed() { _ = end(with: .transportClose) }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        link.remove(id)
        transport?.removeProducer(id)
        router?.removeProducer(id)
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }

    private func setPaused(_ paused: Bool) async throws(SwiftletError) {
        try requireOpen()
        try await link.request(paused ? .pauseProducer(id: id) : .resumeProducer(id: id)) { [self] reply -> Void? in
            guard case .done = reply else { return nil }
            let changed = state.withLock { state in
                defer { state.paused = paused }
                return state.paused != paused
            }
            if changed { core.observers.emit(paused ? .pause : .resume) }
            return ()
        }
    }

    private func requireOpen() throws(SwiftletError) {
        if closed { throw SwiftletError(.closed, "producer \(id) is closed") }
    }
}

extension Producer: NotificationTarget {
    func handle(_ notification: ControlNotification) {
        switch notification {
        case .producerScore(_, let scores):
            state.withLock { $0.score = scores }
            core.events.emit(.score(scores))
            core.observers.emit(.score(scores))
        case .producerVideoOrientationChanged(_, let orientation):
            core.events.emit(.videoOrientationChange(orientation))
            core.observers.emit(.videoOrientationChange(orientation))
        case .producerDemand(_, let demand):
            state.withLock { $0.demand = demand }
            core.events.emit(.demand(demand))
            core.observers.emit(.demand(demand))
        case .producerTrace(_, let event):
            core.events.emit(.trace(event))
            core.observers.emit(.trace(event))
        default:
            // Of other kinds of objects.
            return
        }
    }
}
