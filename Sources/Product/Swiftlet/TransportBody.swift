// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import Synchronization

/// What transports of every kind have in common: their place in the router, and what is in them.
final class TransportBody: Sendable {
    /// What a transport carries messages over.
    enum DataPath: Hashable, Sendable {
        /// Nothing; data channels are not enabled.
        case none
        /// An SCTP association with the peer.
        case sctp
        /// The channel to the worker.
        case direct
    }

    private struct State {
        var isClosed = false
        var producers: [String: Producer] = [:]
        var consumers: [String: Consumer] = [:]
        var dataProducers: [String: DataProducer] = [:]
        var dataConsumers: [String: DataConsumer] = [:]
        /// What MIDs, payload types, extension ids and SSRCs mean across the consumers.
        var numbers = TransportNumbers()
        /// What was negotiated for consumers so far.
        var templates = ConsumerTemplates()
        /// The canonical name that all of the peer's producers share.
        var cname: String?
    }

    let id = Identifier.make()
    let type: TransportType
    let dataPath: DataPath
    /// The longest message that leaves the router here, in bytes.
    let maxSendMessageSize: Int
    /// The longest message that enters the router here, in bytes.
    let maxReceiveMessageSize: Int
    let link: WorkerLink
    private weak let router: Router?
    private let state = Mutex(State())

    init(
        router: Router,
        type: TransportType,
        dataPath: DataPath,
        maxSendMessageSize: Int,
        maxReceiveMessageSize: Int
    ) {
        (self.router, link, self.type, self.dataPath) = (router, router.link, type, dataPath)
        (self.maxSendMessageSize, self.maxReceiveMessageSize) = (maxSendMessageSize, maxReceiveMessageSize)
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    var closedError: SwiftletError { SwiftletError(.closed, "transport \(id) is closed") }

    func requireOpen() throws(SwiftletError) {
        if isClosed { throw closedError }
    }

    /// The router, while both are open.
    func openRouter() throws(SwiftletError) -> Router {
        try requireOpen()
        guard let router, !router.closed else { throw closedError }
        return router
    }

    /// Closes everything in the transport, once, and leaves the router.
    func close() {
        let last = state.withLock { state in
            state.isClosed = true
            return state
        }
        link.remove(id)
        for producer in last.producers.values { producer.transportClosed() }
        for consumer in last.consumers.values { consumer.transportClosed() }
        for producer in last.dataProducers.values { producer.transportClosed() }
        for consumer in last.dataConsumers.values { consumer.transportClosed() }
        router?.removeTransport(id)
    }

    // MARK: - Media

    func produce(_ options: ProducerOptions) async throws(SwiftletError) -> Producer {
        let router = try openRouter()
        var parameters: RtpParameters
        do {
            parameters = try ORTC.validatedProducer(options.rtpParameters, kind: options.kind)
        } catch {
            throw SwiftletError(error)
        }
        parameters.rtcp.cname = cname(offered: parameters.rtcp.cname)
        let producerId = try Identifier.checked(options.id)
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
        router.add(producer)
        // Whatever closed the transport meanwhile did not find the producer in it.
        if !enter({ $0.producers[producerId] = producer }) { producer.transportClosed() }
        guard !producer.closed else {
            removeProducer(producerId)
            router.removeProducer(producerId)
            throw closedError
        }
        return producer
    }

    /// Negotiates a consumer and takes its numbers.
    func reserve(
        _ options: ConsumerOptions,
        _ consumable: RtpParameters
    ) throws(SwiftletError) -> ConsumerRtpParameters {
        try state.withLock { state throws(SwiftletError) in
            do throws(ORTCError) {
                var random = SystemRandomNumberGenerator()
                let template = try state.templates.template(of: consumable, options)
                let mid = options.mid ?? state.numbers.makeMid()
                let resolved = try ORTC.consumerRtpParameters(
                    consumable,
                    by: template,
                    mid: mid,
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

    // MARK: - Told by what is in the transport

    func removeProducer(_ id: String) { state.withLock { _ = $0.producers.removeValue(forKey: id) } }

    /// Puts a consumer in; `false` when the transport is closed.
    func add(_ consumer: Consumer) -> Bool { enter { $0.consumers[consumer.id] = consumer } }

    func remove(_ consumer: Consumer) {
        state.withLock { state in
            state.consumers[consumer.id] = nil
            state.numbers.release(consumer.rtpParameters)
        }
    }

    /// Puts a data producer in; `false` when the transport is closed.
    func add(_ dataProducer: DataProducer) -> Bool { enter { $0.dataProducers[dataProducer.id] = dataProducer } }

    func removeDataProducer(_ id: String) { state.withLock { _ = $0.dataProducers.removeValue(forKey: id) } }

    /// Puts a data consumer in; `false` when the transport is closed.
    func add(_ dataConsumer: DataConsumer) -> Bool { enter { $0.dataConsumers[dataConsumer.id] = dataConsumer } }

    func removeDataConsumer(_ id: String) { state.withLock { _ = $0.dataConsumers.removeValue(forKey: id) } }

    private func enter(_ change: (inout State) -> Void) -> Bool {
        state.withLock { state in
            if !state.isClosed { change(&state) }
            return !state.isClosed
        }
    }
}

extension Identifier {
    /// The id that the application chose, or one that is made.
    static func checked(_ chosen: String?) throws(SwiftletError) -> String {
        guard let chosen else { return make() }
        guard (1...128).contains(chosen.utf8.count) else {
            throw SwiftletError(.invalidArgument, "id has to be 1 to 128 bytes long")
        }
        return chosen
    }
}
