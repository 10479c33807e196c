// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// A link to one peer, over ICE and DTLS, that carries what the peer sends, receives, or both: media over SRTP, messages
/// over SCTP.
public final class WebRtcTransport: Transport {
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
        /// SCTP has come further, or failed; with connected, ``WebRtcTransport/sctpNegotiatedStreams`` are known.
        case sctpStateChange(SctpState)
        /// The peer opened a data channel in band, RFC 8832.
        ///
        /// Its messages are held, within limits, for a data producer on its stream; a data consumer on the same stream
        /// sends back.
        case dataChannelOpened(InBandDataChannel)
        /// The peer closed the data channel on a stream; the data producer there gets no more messages.
        case dataChannelClosed(streamId: UInt16)
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Sendable {
        /// A producer was created.
        case newProducer(Producer)
        /// A consumer was created.
        case newConsumer(Consumer)
        /// A data producer was created.
        case newDataProducer(DataProducer)
        /// A data consumer was created.
        case newDataConsumer(DataConsumer)
        /// ICE has come further, or lost the peer.
        case iceStateChange(IceState)
        /// Media leaves by another pair, or by none.
        case iceSelectedTupleChange(TransportTuple?)
        /// DTLS has come further, or failed.
        case dtlsStateChange(DtlsState)
        /// SCTP has come further, or failed.
        case sctpStateChange(SctpState)
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
        var sctpParameters: SctpParameters?
        var sctpState: SctpState?
        var sctpNegotiatedStreams: NumSctpStreams?
    }

    let body: TransportBody
    private let server: WebRtcServer?
    private let core: ObjectCore<Event, ObserverEvent>
    private let state = Mutex(State())

    /// Names the transport.
    public var id: String { body.id }
    /// ``TransportType/webRtc``.
    public var type: TransportType { body.type }

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
    /// What the peer has to know to open data channels; `nil` where they are not enabled.
    public var sctpParameters: SctpParameters? { state.withLock { $0.sctpParameters } }
    /// How far SCTP has come; `nil` where data channels are not enabled.
    public var sctpState: SctpState? { state.withLock { $0.sctpState } }
    /// How many streams there are each way, once SCTP is connected.
    public var sctpNegotiatedStreams: NumSctpStreams? { state.withLock { $0.sctpNegotiatedStreams } }

    /// What happens on the transport, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The transport's events from now on, in a sequence of the caller's own that ends with the transport.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(router: Router, server: WebRtcServer?, options: WebRtcTransportOptions) {
        body = TransportBody(
            router: router,
            type: .webRtc,
            dataPath: options.enableSctp ? .sctp : .none,
            maxSendMessageSize: options.maxSendMessageSize,
            maxReceiveMessageSize: options.maxReceiveMessageSize
        )
        self.server = server
        core = ObjectCore(appData: options.appData)
        if options.enableSctp { state.withLock { $0.sctpState = .new } }
    }

    // MARK: - The link

    /// Tells the transport of the peer's fingerprints and DTLS role; once.
    ///
    /// - Parameter dtlsParameters: What the peer says of itself.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidState`` the second time, with
    ///   ``SwiftletError/Code/invalidArgument`` for bad parameters, or with ``SwiftletError/Code/closed``.
    public func connect(dtlsParameters: DtlsParameters) async throws(SwiftletError) {
        try body.requireOpen()
        let parameters: DtlsParameters
        do { parameters = try ORTC.validated(dtlsParameters) } catch { throw SwiftletError(error) }
        let isFirst = state.withLock { state in
            defer { state.isConnecting = true }
            return !state.isConnecting
        }
        guard isFirst else { throw SwiftletError(.invalidState, "connect() already called") }
        do {
            let request = ControlRequest.connectWebRtcTransport(id: id, dtlsParameters: parameters)
            try await body.link.request(request) { [self] reply -> Void? in
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
        try body.requireOpen()
        return try await body.link.request(.restartIce(transportId: id)) { [self] reply in
            guard case .iceParameters(let parameters) = reply else { return nil }
            state.withLock { $0.iceParameters = parameters }
            return parameters
        }
    }

    /// Limits what the peer sends, in bits per second; 0 lifts the limit.
    public func setMaxIncomingBitrate(_ bitrate: UInt32) async throws(SwiftletError) {
        try body.requireOpen()
        try await body.link.request(.setMaxIncomingBitrate(transportId: id, bitrate: bitrate))
    }

    /// What the transport has seen so far.
    public func getStats() async throws(SwiftletError) -> [WebRtcTransportStat] {
        try body.requireOpen()
        return try await body.link.request(.getTransportStats(id: id)) {
            if case .transportStats(let stat) = $0 { [stat] } else { nil }
        }
    }

    /// The inside of the transport, for people who debug.
    public func dump() async throws(SwiftletError) -> TransportDump {
        try body.requireOpen()
        return try await body.link.request(.dumpTransport(id: id)) {
            if case .transportDump(let dump) = $0 { dump } else { nil }
        }
    }

    /// Closes the transport with its producers and consumers; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await body.link.request(.closeTransport(id: id))
    }

    // MARK: - Media and messages

    /// Takes media from the peer into the router.
    public func produce(_ options: ProducerOptions) async throws(SwiftletError) -> Producer {
        let producer = try await body.produce(options)
        core.observers.emit(.newProducer(producer))
        return producer
    }

    /// Sends a producer's media to the peer.
    public func consume(_ options: ConsumerOptions) async throws(SwiftletError) -> Consumer {
        let consumer = try await body.consume(options)
        core.observers.emit(.newConsumer(consumer))
        return consumer
    }

    /// Sends many producers' media to the peer.
    public func consume(
        _ options: [ConsumerOptions]
    ) async throws(SwiftletError) -> [Result<Consumer, SwiftletError>] {
        let results = try await body.consume(options)
        for case .success(let consumer) in results { core.observers.emit(.newConsumer(consumer)) }
        return results
    }

    /// Takes messages from the peer into the router; with ``WebRtcTransportOptions/enableSctp``.
    public func produceData(_ options: DataProducerOptions) async throws(SwiftletError) -> DataProducer {
        let producer = try await body.produceData(options)
        core.observers.emit(.newDataProducer(producer))
        return producer
    }

    /// Sends a data producer's messages to the peer; with ``WebRtcTransportOptions/enableSctp``.
    public func consumeData(_ options: DataConsumerOptions) async throws(SwiftletError) -> DataConsumer {
        let consumer = try await body.consumeData(options)
        core.observers.emit(.newDataConsumer(consumer))
        return consumer
    }

    // MARK: - Told by what it lives in

    func begin(_ parameters: ControlReply.WebRtcTransport) {
        state.withLock { state in
            state.iceParameters = parameters.iceParameters
            state.iceCandidates = parameters.iceCandidates
            state.dtlsParameters = parameters.dtlsParameters
            state.sctpParameters = parameters.sctpParameters
        }
    }

    func listenServerClosed() { _ = end(with: .listenServerClose) }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        state.withLock { state in
            (state.iceState, state.iceSelectedTuple, state.dtlsState) = (.closed, nil, .closed)
            if state.sctpState != nil { state.sctpState = .closed }
        }
        body.close()
        server?.remove(self)
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }
}

extension WebRtcTransport: RouterMember {
    func routerClosed() { _ = end(with: .routerClose) }
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
        case .sctpStateChanged(_, let sctpState, let streams):
            state.withLock { state in
                state.sctpState = sctpState
                if let streams { state.sctpNegotiatedStreams = streams }
            }
            core.events.emit(.sctpStateChange(sctpState))
            core.observers.emit(.sctpStateChange(sctpState))
        case .dataChannelOpened(_, let channel):
            core.events.emit(.dataChannelOpened(channel))
        case .dataChannelClosed(_, let streamId):
            core.events.emit(.dataChannelClosed(streamId: streamId))
        case .listenServerClosed:
            listenServerClosed()
        default:
            // Of other kinds of objects.
            return
        }
    }
}
