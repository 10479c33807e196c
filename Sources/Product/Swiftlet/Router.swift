// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// A place where producers meet consumers: a meeting, usually.
public final class Router: Sendable {
    /// Something that befell a router.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The worker was closed or died; the last event.
        case workerClose
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Sendable {
        /// A transport was created.
        case newTransport(WebRtcTransport)
        /// The router is closed; the last event.
        case close
    }

    /// A producer's place in the router, taken before the worker is asked.
    struct Place: Sendable {
        let mapping: RtpMapping
        let consumable: RtpParameters
    }

    private struct State {
        var transports: [String: WebRtcTransport] = [:]
        var producers: [String: Producer] = [:]
        /// The ids in use, those on their way included, each with its SSRCs in the router.
        var places: [String: [UInt32]] = [:]
    }

    /// Names the router.
    public let id = Identifier.make()
    /// What peers are told to choose their own capabilities by.
    public let rtpCapabilities: RtpCapabilities
    let link: WorkerLink
    private weak let worker: Worker?
    private let core: ObjectCore<Event, ObserverEvent>
    private let state = Mutex(State())

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the router, or its worker, is closed.
    public var closed: Bool { core.isClosed }

    /// What happens in the router, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The router's events from now on, in a sequence of the caller's own that ends with the router.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(worker: Worker, rtpCapabilities: RtpCapabilities, appData: JSONValue) {
        (self.worker, link, self.rtpCapabilities) = (worker, worker.link, rtpCapabilities)
        core = ObjectCore(appData: appData)
    }

    /// Makes a link for one peer, to send, to receive, or both.
    ///
    /// - Parameter options: Where it listens, and more.
    /// - Returns: A transport whose parameters the peer has to be told.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for bad options, with
    ///   ``SwiftletError/Code/socket`` when nothing can be bound, or with ``SwiftletError/Code/closed``.
    public func createWebRtcTransport(
        _ options: WebRtcTransportOptions
    ) async throws(SwiftletError) -> WebRtcTransport {
        try requireOpen()
        let (listen, server) = try place(of: options.listen)
        let transport = WebRtcTransport(router: self, server: server, appData: options.appData)
        let request = ControlRequest.CreateWebRtcTransport(
            id: transport.id,
            routerId: id,
            listen: listen,
            enableUdp: options.enableUdp,
            enableTcp: options.enableTcp,
            preferUdp: options.preferUdp,
            preferTcp: options.preferTcp,
            iceConsentTimeout: options.clampedConsentTimeout,
            initialAvailableOutgoingBitrate: options.initialAvailableOutgoingBitrate
        )
        link.enter(transport.id, transport)
        do {
            try await link.request(.createWebRtcTransport(request)) { reply -> Void? in
                guard case .webRtcTransport(let parameters) = reply else { return nil }
                return transport.begin(parameters)
            }
        } catch {
            link.remove(transport.id)
            throw error
        }
        state.withLock { $0.transports[transport.id] = transport }
        server?.add(transport)
        if closed { transport.routerClosed() }
        if let server, server.closed { transport.listenServerClosed() }
        // Whatever closed it may have been too early to find it where it was just entered.
        guard !transport.closed else {
            removeTransport(transport.id)
            server?.remove(transport)
            throw SwiftletError(.closed, "router \(id) or the transport's server was closed meanwhile")
        }
        core.observers.emit(.newTransport(transport))
        return transport
    }

    /// Whether a peer of these capabilities can consume a producer; false for an unknown producer or bad capabilities.
    public func canConsume(producerId: String, rtpCapabilities: RtpCapabilities) -> Bool {
        guard let producer = producer(producerId) else { return false }
        return ORTC.canConsume(producer.consumableRtpParameters, capabilities: rtpCapabilities)
    }

    /// Closes the router and everything in it; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await link.request(.closeRouter(id: id))
    }

    /// The inside of the router, for people who debug.
    public func dump() async throws(SwiftletError) -> RouterDump {
        try requireOpen()
        return try await link.request(.dumpRouter(id: id)) { if case .routerDump(let dump) = $0 { dump } else { nil } }
    }

    // MARK: - Told by the worker and by what is in the router

    func workerClosed() { _ = end(with: .workerClose) }

    func producer(_ id: String) -> Producer? { state.withLock { $0.producers[id] } }

    /// Takes an id and SSRCs for a new producer.
    ///
    /// - Throws: ``SwiftletError/Code/alreadyExists``, or what ``ORTC`` says against the parameters.
    func reserve(
        producerId: String,
        kind: MediaKind,
        rtpParameters: RtpParameters
    ) throws(SwiftletError) -> Place {
        try state.withLock { state throws(SwiftletError) in
            guard state.places[producerId] == nil else {
                throw SwiftletError(.alreadyExists, "a Producer with same id \"\(producerId)\" already exists")
            }
            do throws(ORTCError) {
                var random = SystemRandomNumberGenerator()
                let mapping = try ORTC.producerRtpMapping(
                    rtpParameters,
                    routerCapabilities: rtpCapabilities,
                    avoiding: Set(state.places.values.joined()),
                    using: &random
                )
                let consumable = try ORTC.consumableRtpParameters(
                    rtpParameters,
                    kind: kind,
                    routerCapabilities: rtpCapabilities,
                    mapping: mapping
                )
                state.places[producerId] = mapping.encodings.map(\.mappedSsrc)
                return Place(mapping: mapping, consumable: consumable)
            } catch {
                throw SwiftletError(error)
            }
        }
    }

    func add(_ producer: Producer) { state.withLock { $0.producers[producer.id] = producer } }

    func removeProducer(_ id: String) {
        state.withLock { state in
            state.producers[id] = nil
            state.places[id] = nil
        }
    }

    func removeTransport(_ id: String) { state.withLock { _ = $0.transports.removeValue(forKey: id) } }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        worker?.removeRouter(id)
        for transport in state.withLock({ Array($0.transports.values) }) { transport.routerClosed() }
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }

    private func requireOpen() throws(SwiftletError) {
        if closed { throw SwiftletError(.closed, "router \(id) is closed") }
    }

    private func place(
        of listen: WebRtcTransportOptions.Listen
    ) throws(SwiftletError) -> (ControlRequest.CreateWebRtcTransport.Listen, WebRtcServer?) {
        switch listen {
        case .infos(let infos):
            try infos.check()
            return (.infos(infos), nil)
        case .server(let server):
            guard server.link === link else {
                throw SwiftletError(.invalidArgument, "listen: WebRtcServer \(server.id) belongs to another worker")
            }
            guard !server.closed else { throw SwiftletError(.closed, "WebRtcServer \(server.id) is closed") }
            return (.server(id: server.id), server)
        }
    }
}
