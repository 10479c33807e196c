// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
public import SwiftletORTC
import Synchronization

/// A link to one peer, over ICE, DTLS and SRTP, that carries what the peer sends, receives, or both.
public final class WebRtcTransport: Sendable {
    /// Something that befell a transport.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The router, or its worker, is closed; the last event.
        case routerClose
        /// The server that the transport listened on is closed; the last event.
        case listenServerClose
        /// ICE has come further, or lost the peer.
        case iceStateChange(IceState)
        /// Media leaves by another pair, or by none.
        case iceSelectedTupleChange(TransportTuple?)
        /// DTLS has come further, or failed.
        case dtlsStateChange(DtlsState)
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Sendable {
        /// A producer was created.
        case newProducer(Producer)
        /// A consumer was created.
        case newConsumer(Consumer)
        /// ICE has come further, or lost the peer.
        case iceStateChange(IceState)
        /// Media leaves by another pair, or by none.
        case iceSelectedTupleChange(TransportTuple?)
        /// DTLS has come further, or failed.
        case dtlsStateChange(DtlsState)
        /// The transport is closed; the last event.
        case close
    }

    private struct State {
        var iceParameters = IceParameters(usernameFragment: "", password: "")
        var iceCandidates: [IceCandidate] = []
        var iceState = IceState.new
        var iceSelectedTuple: TransportTuple?
        var dtlsParameters = DtlsParameters(role: .auto, fingerprints: [])
        var dtlsState = DtlsState.new
        var dtlsRemoteCert: String?
        var isConnecting = false
        var producers: [String: Producer] = [:]
        var consumers: [String: Consumer] = [:]
        /// What MIDs, payload types, extension ids and SSRCs mean across the consumers.
        var numbers = TransportNumbers()
        /// The canonical name that all of the peer's producers share.
        var cname: String?
    }

    /// Names the transport.
    public let id = Identifier.make()
    let link: WorkerLink
    private weak let router: Router?
    private let server: WebRtcServer?
    private let core: ObjectCore<Event, ObserverEvent>
    private let state = Mutex(State())

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the transport, or anything it lives in, is closed.
    public var closed: Bool { core.isClosed }
    /// Our role in ICE: always controlled.
    public var iceRole: IceRole { .controlled }
    /// Our ICE credentials; they change with ``restartIce()``.
    public var iceParameters: IceParameters { state.withLock { $0.iceParameters } }
    /// Where we can be reached.
    public var iceCandidates: [IceCandidate] { state.withLock { $0.iceCandidates } }
    /// How far ICE has come.
    public var iceState: IceState { state.withLock { $0.iceState } }
    /// The pair that media leaves by.
    public var iceSelectedTuple: TransportTuple? { state.withLock { $0.iceSelectedTuple } }
    /// Our fingerprints and role; the role is auto until ``connect(dtlsParameters:)``.
    public var dtlsParameters: DtlsParameters { state.withLock { $0.dtlsParameters } }
    /// How far DTLS has come.
    public var dtlsState: DtlsState { state.withLock { $0.dtlsState } }
    /// The peer's certificate in PEM, once DTLS is connected.
    public var dtlsRemoteCert: String? { state.withLock { $0.dtlsRemoteCert } }

    /// What happens on the transport, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The transport's events from now on, in a sequence of the caller's own that ends with the transport.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(router: Router, server: WebRtcServer?, appData: JSONValue) {
        (self.router, self.server, link) = (router, server, router.link)
        core = ObjectCore(appData: appData)
    }

    // MARK: - The link

    /// Tells the transport of the peer's fingerprints and DTLS role; once.
    ///
    /// - Parameter dtlsParameters: What the peer says of itself.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidState`` the second time, with
    ///   ``SwiftletError/Code/invalidArgument`` for bad parameters, or with ``SwiftletError/Code/closed``.
    public func connect(dtlsParameters: DtlsParameters) async throws(SwiftletError) {
        try requireOpen()
        let parameters: DtlsParameters
        do { parameters = try ORTC.validated(dtlsParameters) } catch { throw SwiftletError(error) }
        let isFirst = state.withLock { state in
            defer { state.isConnecting = true }
            return !state.isConnecting
        }
        guard isFirst else { throw SwiftletError(.invalidState, "connect() already called") }
        do {
            let request = ControlRequest.connectWebRtcTransport(id: id, dtlsParameters: parameters)
            try await link.request(request) { [self] reply -> Void? in
                guard case .connected(let role) = reply else { return nil }
                return state.withLock { $0.dtlsParameters.role = role }
            }
        } catch {
            state.withLock { $0.isConnecting = false }
            throw error
        }
    }

    /// Makes new ICE credentials; the old ones hold until the peer uses the new.
    ///
    /// - Returns: What the peer has to be told.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/closed``.
    public func restartIce() async throws(SwiftletError) -> IceParameters {
        try requireOpen()
        return try await link.request(.restartIce(transportId: id)) { [self] reply in
            guard case .iceParameters(let parameters) = reply else { return nil }
            state.withLock { $0.iceParameters = parameters }
            return parameters
        }
    }

    /// Limits what the peer sends, in bits per second; 0 lifts the limit.
    public func setMaxIncomingBitrate(_ bitrate: UInt32) async throws(SwiftletError) {
        try requireOpen()
        try await link.request(.setMaxIncomingBitrate(transportId: id, bitrate: bitrate))
    }

    /// What the transport has seen so far.
    public func getStats() async throws(SwiftletError) -> [WebRtcTransportStat] {
        try requireOpen()
        return try await link.request(.getTransportStats(id: id)) {
            if case .transportStats(let stat) = $0 { [stat] } else { nil }
        }
    }

    /// The inside of the transport, for people who debug.
    public func dump() async throws(SwiftletError) -> TransportDump {
        try requireOpen()
        return try await link.request(.dumpTransport(id: id)) {
            if case .transportDump(let dump) = $0 { dump } else { nil }
        }
    }

    /// Closes the transport with its producers and consumers; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await link.request(.closeTransport(id: id))
    }

    // MARK: - Media

    /// Takes media from the peer into the router.
    ///
    /// - Parameter options: What the peer sends.
    /// - Returns: The producer.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` or ``SwiftletError/Code/unsupported`` for
    ///   bad parameters or a codec that the router lacks, with ``SwiftletError/Code/alreadyExists`` for an id, SSRC, MID
    ///   or RID in use, or with ``SwiftletError/Code/closed``.
    public func produce(_ options: ProducerOptions) async throws(SwiftletError) -> Producer {
        try requireOpen()
        guard let router, !router.closed else { throw closedError }
        var parameters: RtpParameters
        do {
            parameters = try ORTC.validatedProducer(options.rtpParameters, kind: options.kind)
        } catch {
            throw SwiftletError(error)
        }
        parameters.rtcp.cname = cname(offered: parameters.rtcp.cname)
        let producerId = options.id ?? Identifier.make()
        guard (1...128).contains(producerId.utf8.count) else {
            throw SwiftletError(.invalidArgument, "id has to be 1 to 128 bytes long")
        }
        let place = try router.reserve(producerId: producerId, kind: options.kind, rtpParameters: parameters)
        let producer = Producer(
            id: producerId,
            transport: self,
            router: router,
            options: options,
            rtpParameters: parameters,
            consumable: place.consumable
        )
        let request = ControlRequest.Produce(
            id: producerId,
            transportId: id,
            kind: options.kind,
            rtpParameters: parameters,
            rtpMapping: place.mapping,
            keyFrameRequestDelay: options.keyFrameRequestDelay,
            paused: options.paused
        )
        link.enter(producerId, producer)
        do {
            try await link.request(.produce(request)) { reply -> Void? in
                guard case .produced(let type) = reply else { return nil }
                return producer.begin(type)
            }
        } catch {
            link.remove(producerId)
            router.removeProducer(producerId)
            throw error
        }
        state.withLock { $0.producers[producerId] = producer }
        router.add(producer)
        if closed { producer.transportClosed() }
        // Whatever closed it may have been too early to find it where it was just entered.
        guard !producer.closed else {
            removeProducer(producerId)
            router.removeProducer(producerId)
            throw closedError
        }
        core.observers.emit(.newProducer(producer))
        return producer
    }

    /// Sends a producer's media to the peer.
    ///
    /// - Parameter options: Which producer, and what the peer can receive.
    /// - Returns: The consumer, whose parameters the peer has to be told.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/notFound`` for an unknown producer, with
    ///   ``SwiftletError/Code/unsupported`` when no codec is common, with ``SwiftletError/Code/invalidArgument`` for bad
    ///   capabilities, layers below 0, a MID in use or a payload type that has another meaning here, or with
    ///   ``SwiftletError/Code/closed``.
    public func consume(_ options: ConsumerOptions) async throws(SwiftletError) -> Consumer {
        try requireOpen()
        guard let router, !router.closed else { throw closedError }
        guard let producer = router.producer(options.producerId) else {
            throw SwiftletError(.notFound, "Producer with id \"\(options.producerId)\" not found")
        }
        try options.preferredLayers?.check()
        let resolved = try reserve(options, producer.consumableRtpParameters)
        let type = ConsumerType(producer.type)
        let consumer = Consumer(
            transport: self,
            producer: producer,
            type: type,
            rtpParameters: resolved.rtpParameters,
            options: options
        )
        let request = ControlRequest.Consume(
            id: consumer.id,
            transportId: id,
            producerId: producer.id,
            kind: producer.kind,
            type: type,
            rtpParameters: resolved.rtpParameters,
            codecMapping: resolved.codecMapping,
            consumableRtpEncodings: producer.consumableRtpParameters.encodings,
            paused: options.paused,
            preferredLayers: options.preferredLayers,
            ignoreDtx: options.ignoreDtx
        )
        link.enter(consumer.id, consumer)
        state.withLock { $0.consumers[consumer.id] = consumer }
        do {
            try await link.request(.consume(request)) { reply -> Void? in
                guard case .consumed(let consumed) = reply else { return nil }
                return consumer.begin(consumed)
            }
        } catch {
            consumer.abandon()
            throw error
        }
        guard !closed else {
            consumer.transportClosed()
            throw closedError
        }
        core.observers.emit(.newConsumer(consumer))
        return consumer
    }

    /// Negotiates a consumer and takes its numbers.
    private func reserve(
        _ options: ConsumerOptions,
        _ consumable: RtpParameters
    ) throws(SwiftletError) -> ConsumerRtpParameters {
        try state.withLock { state throws(SwiftletError) in
            do throws(ORTCError) {
                var random = SystemRandomNumberGenerator()
                let mid = options.mid ?? state.numbers.makeMid()
                let resolved = try ORTC.consumerRtpParameters(
                    consumable,
                    capabilities: options.rtpCapabilities,
                    mid: mid,
                    enableRtx: options.enableRtx,
                    forwardDependencyDescriptor: options.forwardDependencyDescriptor,
                    avoiding: state.numbers.ssrcs,
                    using: &random
                )
                try state.numbers.reserve(resolved.rtpParameters)
                return resolved
            } catch {
                throw SwiftletError(error)
            }
        }
    }

    private func cname(offered: String?) -> String {
        state.withLock { state in
            if let cname = state.cname { return cname }
            var random = SystemRandomNumberGenerator()
            let cname = offered ?? ORTC.randomCname(using: &random)
            state.cname = cname
            return cname
        }
    }

    // MARK: - Told by what it lives in and by what lives in it

    func begin(_ parameters: ControlReply.WebRtcTransport) {
        state.withLock { state in
            state.iceParameters = parameters.iceParameters
            state.iceCandidates = parameters.iceCandidates
            state.dtlsParameters = parameters.dtlsParameters
        }
    }

    func routerClosed() { _ = end(with: .routerClose) }

    func listenServerClosed() { _ = end(with: .listenServerClose) }

    func removeProducer(_ id: String) { state.withLock { _ = $0.producers.removeValue(forKey: id) } }

    func remove(_ consumer: Consumer) {
        state.withLock { state in
            guard state.consumers.removeValue(forKey: consumer.id) != nil else { return }
            state.numbers.release(consumer.rtpParameters)
        }
    }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        link.remove(id)
        let (producers, consumers) = state.withLock { state in
            (state.iceState, state.iceSelectedTuple, state.dtlsState) = (.closed, nil, .closed)
            return (Array(state.producers.values), Array(state.consumers.values))
        }
        for producer in producers { producer.transportClosed() }
        for consumer in consumers { consumer.transportClosed() }
        router?.removeTransport(id)
        server?.remove(self)
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }

    private func requireOpen() throws(SwiftletError) {
        if closed { throw closedError }
    }

    private var closedError: SwiftletError { SwiftletError(.closed, "transport \(id) is closed") }
}

extension WebRtcTransport: NotificationTarget {
    func handle(_ notification: ControlNotification) {
        switch notification {
        case .iceStateChanged(_, let iceState):
            state.withLock { $0.iceState = iceState }
            core.events.emit(.iceStateChange(iceState))
            core.observers.emit(.iceStateChange(iceState))
        case .iceSelectedTupleChanged(_, let tuple):
            state.withLock { $0.iceSelectedTuple = tuple }
            core.events.emit(.iceSelectedTupleChange(tuple))
            core.observers.emit(.iceSelectedTupleChange(tuple))
        case .dtlsStateChanged(_, let dtlsState, let certificate):
            state.withLock { state in
                state.dtlsState = dtlsState
                if let certificate { state.dtlsRemoteCert = certificate }
            }
            core.events.emit(.dtlsStateChange(dtlsState))
            core.observers.emit(.dtlsStateChange(dtlsState))
        case .listenServerClosed:
            listenServerClosed()
        default:
            // Of other kinds of objects.
            return
        }
    }
}
