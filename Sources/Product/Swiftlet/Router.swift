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
        case newTransport(any Transport)
        /// An ``AudioLevelObserver`` or ``ActiveSpeakerObserver`` was created.
        case newRtpObserver(any RtpObserver)
        /// The router is closed; the last event.
        case close
    }

    /// A producer's place in the router, taken before the worker is asked.
    struct Place: Sendable {
        let mapping: RtpMapping
        let consumable: RtpParameters
    }

    private struct State {
        var rtpCapabilities: RtpCapabilities
        var transports: [String: any RouterMember] = [:]
        var producers: [String: Producer] = [:]
        var dataProducers: [String: DataProducer] = [:]
        /// The ids of data producers in use, those on their way included.
        var dataPlaces: Set<String> = []
        /// The ids in use, those on their way included, each with its SSRCs in the router.
        var places: [String: [UInt32]] = [:]
        /// All of those SSRCs.
        var ssrcs: Set<UInt32> = []
        var observers: [String: any RouterMember] = [:]
        /// Codecs and extensions of producers so far, at most ``Router/rememberedKinds``.
        var kinds: [(codecs: [RtpCodecParameters], headerExtensions: [RtpHeaderExtensionParameters])] = []
    }

    /// Producers that differ in codecs or extensions and are remembered, so that those alike share theirs.
    private static let rememberedKinds = 16

    /// Names the router.
    public let id = Identifier.make()
    let link: WorkerLink
    private weak let worker: Worker?
    private let core: ObjectCore<Event, ObserverEvent>
    private let state: Mutex<State>

    /// What peers are told to choose their own capabilities by.
    public var rtpCapabilities: RtpCapabilities { state.withLock { $0.rtpCapabilities } }

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
        (self.worker, link) = (worker, worker.link)
        core = ObjectCore(appData: appData)
        state = Mutex(State(rtpCapabilities: rtpCapabilities))
    }

    /// Makes an observer that tells who is loud.
    ///
    /// - Parameters:
    ///   - maxEntries: How many producers are told of at once, at most: 1 to 65535.
    ///   - threshold: The mean level in dBov, from −127 to 0, from which on a producer is loud.
    ///   - interval: Milliseconds between two events, 1 to 65535; the worker keeps it within 250 to 5000.
    ///   - appData: The application's own data.
    /// - Returns: An observer without producers.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for a number out of range, or with
    ///   ``SwiftletError/Code/closed``.
    public func createAudioLevelObserver(
        maxEntries: Int = 1,
        threshold: Int = -80,
        interval: Int = 1000,
        appData: JSONValue = [:]
    ) async throws(SwiftletError) -> AudioLevelObserver {
        try requireOpen()
        guard (-127...0).contains(threshold), let level = Int8(exactly: threshold) else {
            throw SwiftletError(.invalidArgument, "threshold is \(threshold), not within -127 to 0")
        }
        let entries = try Self.positive(maxEntries, "maxEntries")
        let milliseconds = try Self.positive(interval, "interval")
        let observer = AudioLevelObserver(router: self, appData: appData)
        let request = ControlRequest.CreateAudioLevelObserver(
            id: observer.id,
            routerId: id,
            maxEntries: entries,
            threshold: level,
            interval: milliseconds
        )
        try await create(observer, .createAudioLevelObserver(request))
        return observer
    }

    /// Makes an observer that tells who speaks.
    ///
    /// - Parameters:
    ///   - interval: Milliseconds between two decisions, 1 to 65535; the worker keeps it within 100 to 5000.
    ///   - appData: The application's own data.
    /// - Returns: An observer without producers.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for an interval out of range, or with
    ///   ``SwiftletError/Code/closed``.
    public func createActiveSpeakerObserver(
        interval: Int = 300,
        appData: JSONValue = [:]
    ) async throws(SwiftletError) -> ActiveSpeakerObserver {
        try requireOpen()
        let milliseconds = try Self.positive(interval, "interval")
        let observer = ActiveSpeakerObserver(router: self, appData: appData)
        let request = ControlRequest.CreateActiveSpeakerObserver(
            id: observer.id,
            routerId: id,
            interval: milliseconds
        )
        try await create(observer, .createActiveSpeakerObserver(request))
        return observer
    }

    /// Replaces the codecs that new producers and consumers negotiate with; ``rtpCapabilities`` follows.
    ///
    /// Producers keep what they negotiated, and so does who consumes them, now or later.
    ///
    /// - Parameter mediaCodecs: The codecs to route, preferred ones first; RTX is added by itself.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/unsupported`` or ``SwiftletError/Code/invalidArgument`` for a
    ///   codec, when nothing changes, or with ``SwiftletError/Code/closed``.
    public func updateMediaCodecs(_ mediaCodecs: [RtpCodecCapability]) throws(SwiftletError) {
        try requireOpen()
        let capabilities: RtpCapabilities
        do { capabilities = try ORTC.routerRtpCapabilities(mediaCodecs: mediaCodecs) } catch {
            throw SwiftletError(error)
        }
        state.withLock { $0.rtpCapabilities = capabilities }
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
                    routerCapabilities: state.rtpCapabilities,
                    avoiding: state.ssrcs,
                    using: &random
                )
                var consumable = try ORTC.consumableRtpParameters(
                    rtpParameters,
                    kind: kind,
                    routerCapabilities: state.rtpCapabilities,
                    mapping: mapping
                )
                Self.share(&consumable, &state)
                let ssrcs = mapping.encodings.map(\.mappedSsrc)
                state.places[producerId] = ssrcs
                state.ssrcs.formUnion(ssrcs)
                return Place(mapping: mapping, consumable: consumable)
            } catch {
                throw SwiftletError(error)
            }
        }
    }

    /// Gives producers with equal codecs and extensions the very same ones.
    private static func share(_ consumable: inout RtpParameters, _ state: inout State) {
        let (codecs, extensions) = (consumable.codecs, consumable.headerExtensions)
        if let known = state.kinds.first(where: { $0.codecs == codecs && $0.headerExtensions == extensions }) {
            (consumable.codecs, consumable.headerExtensions) = known
            return
        }
        if state.kinds.count == rememberedKinds { state.kinds.removeFirst() }
        state.kinds.append((codecs, extensions))
    }

    func add(_ producer: Producer) { state.withLock { $0.producers[producer.id] = producer } }

    func removeProducer(_ id: String) {
        state.withLock { state in
            state.producers[id] = nil
            if let ssrcs = state.places.removeValue(forKey: id) { state.ssrcs.subtract(ssrcs) }
        }
    }

    func dataProducer(_ id: String) -> DataProducer? { state.withLock { $0.dataProducers[id] } }

    /// Takes an id for a new data producer.
    ///
    /// - Throws: ``SwiftletError/Code/alreadyExists``.
    func reserve(dataProducerId id: String) throws(SwiftletError) {
        guard state.withLock({ $0.dataPlaces.insert(id).inserted }) else {
            throw SwiftletError(.alreadyExists, "a DataProducer with same id \"\(id)\" already exists")
        }
    }

    func add(_ producer: DataProducer) { state.withLock { $0.dataProducers[producer.id] = producer } }

    func removeDataProducer(_ id: String) {
        state.withLock { state in
            state.dataProducers[id] = nil
            state.dataPlaces.remove(id)
        }
    }

    /// Puts a transport in, which is then closed with the router.
    func add(_ transport: some RouterMember & Transport) { state.withLock { $0.transports[transport.id] = transport } }

    /// Tells monitoring tools of a transport.
    func tell(_ transport: some Transport) { core.observers.emit(.newTransport(transport)) }

    func removeObserver(_ id: String) { state.withLock { _ = $0.observers.removeValue(forKey: id) } }

    func removeTransport(_ id: String) { state.withLock { _ = $0.transports.removeValue(forKey: id) } }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        worker?.removeRouter(id)
        let (transports, observers) = state.withLock { (Array($0.transports.values), Array($0.observers.values)) }
        for transport in transports { transport.routerClosed() }
        for observer in observers { observer.routerClosed() }
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }

    /// Asks the worker for an observer, and enters it.
    private func create(
        _ observer: some RtpObserver & RouterMember & NotificationTarget,
        _ request: ControlRequest
    ) async throws(SwiftletError) {
        link.enter(observer.id, observer)
        do { try await link.request(request) } catch {
            link.remove(observer.id)
            throw error
        }
        state.withLock { $0.observers[observer.id] = observer }
        // Whatever closed the router may have been too early to find it where it was just entered.
        guard !closed else {
            observer.routerClosed()
            removeObserver(observer.id)
            throw SwiftletError(.closed, "router \(id) was closed meanwhile")
        }
        core.observers.emit(.newRtpObserver(observer))
    }

    private static func positive(_ value: Int, _ name: String) throws(SwiftletError) -> UInt16 {
        guard let number = UInt16(exactly: value), number > 0 else {
            throw SwiftletError(.invalidArgument, "\(name) is \(value), not within 1 to \(UInt16.max)")
        }
        return number
    }

    func requireOpen() throws(SwiftletError) {
        if closed { throw SwiftletError(.closed, "router \(id) is closed") }
    }
}
