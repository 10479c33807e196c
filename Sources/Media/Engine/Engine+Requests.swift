// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl
import SwiftletORTC
package import SwiftletWire

/// Requests, one method for each.
extension Engine {
    /// Carries out one request.
    ///
    /// - Parameters:
    ///   - request: What the host asks. Resource usage and log settings are the worker's to answer, not the engine's.
    ///   - sockets: For requests that listen on sockets of their own: the bound sockets, one for each listen info and in
    ///     their order; elsewhere empty. When the request is refused they stay the caller's to close.
    ///   - now: The time.
    /// - Returns: What was done, or why it was refused.
    package func handle(
        _ request: ControlRequest,
        sockets: [BoundSocket] = [],
        now: Instant
    ) -> Result<ControlReply, ControlError> {
        board.moment = now.nanoseconds
        do throws(ControlError) {
            return .success(try carryOut(request, sockets, now: now))
        } catch {
            return .failure(error)
        }
    }

    private func carryOut(
        _ request: ControlRequest,
        _ sockets: [BoundSocket],
        now: Instant
    ) throws(ControlError) -> ControlReply {
        switch request {
        case .dumpWorker: return .workerDump(dump(pid: 0))
        case .start, .getResourceUsage, .updateSettings:
            throw ControlError(.unsupported, "not a request for the engine")
        case .createWebRtcServer(let request): return try createServer(request, sockets)
        case .closeWebRtcServer(let id): try closeServer(id, now: now)
        case .dumpWebRtcServer(let id): return .webRtcServerDump(dump(try server(id)))
        case .createRouter(let id): try createRouter(id)
        case .closeRouter(let id): try closeRouter(id, now: now)
        case .dumpRouter(let id): return .routerDump(try router(id).dump)
        case .createWebRtcTransport(let request): return try createTransport(request, sockets)
        case .createDirectTransport(let request): try createTransport(request, now: now)
        case .connectWebRtcTransport(let id, let parameters):
            return try connect(try webRtcTransport(id), parameters, now: now)
        case .restartIce(let id): return try restartICE(try webRtcTransport(id), now: now)
        case .setMaxIncomingBitrate(let id, let bitrate):
            try webRtcTransport(id).setMaxIncomingBitrate(bitrate, now: now)
        case .closeTransport(let id): try transport(id).close(now: now)
        case .getTransportStats(let id): return .transportStats(try webRtcTransport(id).statistics(now: now))
        case .dumpTransport(let id): return .transportDump(try webRtcTransport(id).dump)
        case .getDirectTransportStats(let id):
            return .directTransportStats(try directTransport(id).statistics(now: now))
        case .dumpDirectTransport(let id): return .directTransportDump(try directTransport(id).dump)
        case .sendRtcp(let id, let packet): try directTransport(id).receive(rtcp: packet.span, now: now)
        case .sendRtp(let id, let packet): try sendRtp(packet, to: id, now: now)
        case .produce(let request): return try produce(request, now: now)
        case .pauseProducer(let id): try producer(id).pause()
        case .resumeProducer(let id): try producer(id).resume(now: now)
        case .closeProducer(let id): try producer(id).close()
        case .getProducerStats(let id): return .producerStats(try producer(id).statistics(now: now))
        case .dumpProducer(let id): return .producerDump(try producer(id).dump)
        case .consume(let request): return .consumed(try consume(request, now: now))
        case .consumeBatch(let requests): return try consume(requests, now: now)
        case .pauseConsumer(let id): try consumer(id).pause()
        case .resumeConsumer(let id): try consumer(id).resume(now: now)
        case .closeConsumer(let id): try consumer(id).close()
        case .requestKeyFrame(let id): try consumer(id).requestKeyFrame(now: now)
        case .getConsumerStats(let id): return .consumerStats(try consumer(id).statistics(now: now))
        case .dumpConsumer(let id): return .consumerDump(try consumer(id).dump)
        case .setPreferredLayers(let id, let wish): return .preferredLayers(try consumer(id).prefer(wish, now: now))
        case .setPriority(let id, let priority): try setPriority(priority, of: try consumer(id), now: now)
        case .traceProducer(let id, let types): try producer(id).trace = TraceFilter(types)
        case .traceConsumer(let id, let types): try consumer(id).trace = TraceFilter(types).subtracting(.sr)
        case .createAudioLevelObserver, .createActiveSpeakerObserver, .closeRtpObserver, .pauseRtpObserver,
            .resumeRtpObserver, .addProducerToRtpObserver, .removeProducerFromRtpObserver, .dumpRtpObserver:
            return try carryOut(observing: request, now: now)
        case .produceData, .pauseDataProducer, .resumeDataProducer, .closeDataProducer, .getDataProducerStats,
            .dumpDataProducer, .sendFromDataProducer, .consumeData, .pauseDataConsumer, .resumeDataConsumer,
            .closeDataConsumer, .getDataConsumerStats, .dumpDataConsumer, .getBufferedAmount,
            .setBufferedAmountLowThreshold, .setSubchannels, .addSubchannel, .removeSubchannel,
            .sendFromDataConsumer:
            return try carryOut(data: request, now: now)
        }
        return .done
    }

    private func carryOut(observing request: ControlRequest, now: Instant) throws(ControlError) -> ControlReply {
        switch request {
        case .createAudioLevelObserver(let request): try createObserver(request)
        case .createActiveSpeakerObserver(let request): try createObserver(request)
        case .closeRtpObserver(let id): try observer(id).close()
        case .pauseRtpObserver(let id): try observer(id).pause()
        case .resumeRtpObserver(let id): try observer(id).resume(now: now)
        case .addProducerToRtpObserver(let id, let producer): try observe(producer, by: id, now: now)
        case .removeProducerFromRtpObserver(let id, let producer): try stopObserving(producer, by: id)
        case .dumpRtpObserver(let id): return .rtpObserverDump(try observer(id).dump)
        default: break
        }
        return .done
    }

    private func carryOut(data request: ControlRequest, now: Instant) throws(ControlError) -> ControlReply {
        switch request {
        case .produceData(let request): try produceData(request, now: now)
        case .pauseDataProducer(let id): try dataProducer(id).pause()
        case .resumeDataProducer(let id): try dataProducer(id).resume()
        case .closeDataProducer(let id): try dataProducer(id).close(now: now)
        case .getDataProducerStats(let id): return .dataProducerStats(try dataProducer(id).statistics(now: now))
        case .dumpDataProducer(let id): return .dataProducerDump(try dataProducer(id).dump)
        case .sendFromDataProducer(let request): try send(request, now: now)
        case .consumeData(let request): return try consumeData(request, now: now)
        case .pauseDataConsumer(let id): try dataConsumer(id).pause()
        case .resumeDataConsumer(let id): try dataConsumer(id).resume()
        case .closeDataConsumer(let id): try dataConsumer(id).close(now: now)
        case .getDataConsumerStats(let id): return .dataConsumerStats(try dataConsumer(id).statistics(now: now))
        case .dumpDataConsumer(let id): return .dataConsumerDump(try dataConsumer(id).dump)
        case .getBufferedAmount(let id):
            let consumer = try dataConsumer(id)
            return .bufferedAmount(consumer.transport.bufferedAmount(of: consumer))
        case .setBufferedAmountLowThreshold(let id, let threshold):
            setThreshold(threshold, of: try dataConsumer(id))
        case .setSubchannels(let id, let all): return try subscribe(try dataConsumer(id)) { $0 = Set(all) }
        case .addSubchannel(let id, let one): return try subscribe(try dataConsumer(id)) { $0.insert(one) }
        case .removeSubchannel(let id, let one): return try subscribe(try dataConsumer(id)) { $0.remove(one) }
        case .sendFromDataConsumer(let id, let ppid, let payload):
            return try send(payload, ppid, to: try dataConsumer(id), now: now)
        default: break
        }
        return .done
    }

    /// Closes everything: transports say farewell, the sockets are given back.
    package func close(now: Instant) {
        for router in Array(board.routers.values) { close(router, now: now) }
        for server in Array(board.servers.values) { try? closeServer(server.id, now: now) }
    }

    // MARK: Objects

    func server(_ id: String) throws(ControlError) -> WebRtcServer {
        guard let server = board.servers[id] else { throw ControlError(.notFound, "no WebRtcServer with id \"\(id)\"") }
        return server
    }

    func router(_ id: String) throws(ControlError) -> Router {
        guard let router = board.routers[id] else { throw ControlError(.notFound, "no Router with id \"\(id)\"") }
        return router
    }

    func webRtcTransport(_ id: String) throws(ControlError) -> WebRtcTransport {
        guard let linked = try transport(id) as? WebRtcTransport else {
            throw ControlError(.unsupported, "transport \"\(id)\" is no WebRTC transport")
        }
        return linked
    }

    func transport(_ id: String) throws(ControlError) -> Transport {
        guard let transport = board.transportsByID[id] else {
            throw ControlError(.notFound, "no Transport with id \"\(id)\"")
        }
        return transport
    }

    func producer(_ id: String) throws(ControlError) -> Producer {
        guard let producer = board.producers[id] else { throw ControlError(.notFound, "no Producer with id \"\(id)\"") }
        return producer
    }

    func consumer(_ id: String) throws(ControlError) -> Consumer {
        guard let consumer = board.consumers[id] else { throw ControlError(.notFound, "no Consumer with id \"\(id)\"") }
        return consumer
    }

    /// Refuses ids that are in use, or absurd.
    func checkFree(_ id: String) throws(ControlError) {
        guard !id.isEmpty, id.utf8.count <= 256 else {
            throw ControlError(.invalidArgument, "an id has 1 to 256 bytes")
        }
        guard !board.ids.contains(id) else { throw ControlError(.alreadyExists, "id \"\(id)\" is in use") }
    }

    func checkRoom(_ count: Int, _ limit: Int, _ what: String) throws(ControlError) {
        guard count < limit else { throw ControlError(.limitReached, "at most \(limit) \(what)") }
    }

    private func setPriority(_ priority: UInt8, of consumer: Consumer, now: Instant) throws(ControlError) {
        guard priority > 0 else { throw ControlError(.invalidArgument, "a priority is from 1 to 255") }
        consumer.priority = priority
        consumer.choose(now: now)
    }

    // MARK: Servers and routers

    private func createServer(
        _ request: ControlRequest.CreateWebRtcServer,
        _ sockets: [BoundSocket]
    ) throws(ControlError) -> ControlReply {
        try checkFree(request.id)
        try checkRoom(board.servers.count, limits.servers, "servers")
        let listening = try listening(request.listenInfos, sockets)
        board.add(server: WebRtcServer(id: request.id, sockets: listening))
        return .webRtcServer(listening.map(\.address))
    }

    func listening(_ infos: [TransportListenInfo], _ sockets: [BoundSocket]) throws(ControlError) -> [ListeningSocket] {
        guard !infos.isEmpty else { throw ControlError(.invalidArgument, "no listen infos") }
        guard infos.count == sockets.count else {
            throw ControlError(.internal, "a socket for each listen info is needed")
        }
        for (info, socket) in zip(infos, sockets) {
            let fits = info.protocol == .udp ? socket.kind == .udp : socket.kind == .tcpListener
            guard fits else { throw ControlError(.internal, "a socket does not fit its listen info") }
        }
        return zip(infos, sockets).map { ListeningSocket(socket: $1, info: $0) }
    }

    private func closeServer(_ id: String, now: Instant) throws(ControlError) {
        let server = try server(id)
        for transport in server.transports {
            transport.closeConsumers()
            transport.closeDataConsumers(now: now)
        }
        for transport in server.transports {
            board.notify(.listenServerClosed(transportId: transport.id))
            transport.close(now: now)
        }
        board.remove(server: server)
        for socket in server.sockets { board.emit(.closeSocket(socket.socket.id)) }
    }

    private func createRouter(_ id: String) throws(ControlError) {
        try checkFree(id)
        try checkRoom(board.routers.count, limits.routers, "routers")
        board.add(router: Router(id: id))
    }

    private func closeRouter(_ id: String, now: Instant) throws(ControlError) { close(try router(id), now: now) }

    private func close(_ router: Router, now: Instant) {
        for observer in router.observers { observer.close() }
        for transport in router.transports {
            transport.closeConsumers()
            transport.closeDataConsumers(now: now)
        }
        for transport in router.transports { transport.close(now: now) }
        board.remove(router: router)
    }
}
