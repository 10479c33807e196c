// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Synchronization

/// A worker played by a script: answers at once and as a worker would, unless it is told otherwise.
final class ScriptedChannel: WorkerChannel {
    typealias Completion = @Sendable (Result<ControlReply, SwiftletError>) -> Void

    private struct State {
        var requests: [ControlRequest] = []
        var held: [(request: ControlRequest, completion: Completion)] = []
        var isHolding = false
        var refusal: SwiftletError?
        var wrongReply: ControlReply?
        /// Said right behind the answer to the next request, before anybody can act on the answer.
        var behindNextAnswer: (@Sendable (ControlRequest) -> [ControlNotification])?
        var consumersOfProducer: [String: [String]] = [:]
        var dataConsumersOfProducer: [String: [String]] = [:]
        var directTransports: Set<String> = []
        var subchannels: [String: Set<UInt16>] = [:]
        var hasEnded = false
    }

    let pid: Int32 = 4242
    private let handler: @Sendable (WorkerChannelEvent) -> Void
    private let state = Mutex(State())

    init(handler: @escaping @Sendable (WorkerChannelEvent) -> Void) { self.handler = handler }

    /// A worker behind a scripted channel.
    static func worker(_ settings: WorkerSettings = WorkerSettings()) async throws -> (Worker, ScriptedChannel) {
        let made = Mutex<ScriptedChannel?>(nil)
        let worker = try await Worker.start(settings) { handler in
            let channel = ScriptedChannel(handler: handler)
            made.withLock { $0 = channel }
            return channel
        }
        guard let channel = made.withLock({ $0 }) else { throw SwiftletError(.internal, "no channel was opened") }
        return (worker, channel)
    }

    /// What was asked so far, without the start.
    var requests: [ControlRequest] { state.withLock { Array($0.requests.dropFirst()) } }

    /// Leaves the next requests unanswered.
    func hold() { state.withLock { $0.isHolding = true } }

    /// Answers what was left unanswered, and from now on at once again.
    func answerHeld() {
        let held = state.withLock { state in
            state.isHolding = false
            defer { state.held = [] }
            return state.held.map { (Self.answer(to: $0.request, &state), $0.completion) }
        }
        for (answer, completion) in held { completion(.success(answer)) }
    }

    /// Refuses the next request.
    func refuseNext(_ error: SwiftletError) { state.withLock { $0.refusal = error } }

    /// Answers the next request with this, whatever it is.
    func answerNext(_ reply: ControlReply) { state.withLock { $0.wrongReply = reply } }

    func sayBehindNextAnswer(_ notifications: @escaping @Sendable (ControlRequest) -> [ControlNotification]) {
        state.withLock { $0.behindNextAnswer = notifications }
    }

    func say(_ notification: ControlNotification) { handler(.notification(notification)) }

    /// Ends as a killed process does.
    func die() { end(reason: "its channel ended", status: "signalled(9)") }

    func close() { end(reason: "closed", status: "exited(0)") }

    private func end(reason: String, status: String) {
        let held = state.withLock { state -> [Completion]? in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            defer { state.held = [] }
            return state.held.map(\.completion)
        }
        guard let held else { return }
        for completion in held { completion(.failure(SwiftletError(.workerLost, reason))) }
        handler(.ended(reason: reason))
        handler(.exited(status: status))
    }

    func send(_ request: ControlRequest, completion: @escaping Completion) {
        let (result, notifications) = state.withLock {
            state -> (Result<ControlReply, SwiftletError>?, [ControlNotification]) in
            state.requests.append(request)
            if state.hasEnded { return (.failure(SwiftletError(.workerLost, "gone")), []) }
            if state.isHolding {
                state.held.append((request, completion))
                return (nil, [])
            }
            if let refusal = state.refusal.take() { return (.failure(refusal), []) }
            if let reply = state.wrongReply.take() { return (.success(reply), []) }
            let notifications = Self.cascade(request, &state) + (state.behindNextAnswer.take()?(request) ?? [])
            return (.success(Self.answer(to: request, &state)), notifications)
        }
        if let result { completion(result) }
        for notification in notifications { say(notification) }
    }

    private static func cascade(_ request: ControlRequest, _ state: inout State) -> [ControlNotification] {
        switch request {
        case .consume(let consumer):
            state.consumersOfProducer[consumer.producerId, default: []].append(consumer.id)
            return []
        case .consumeBatch(let consumers):
            for one in consumers { state.consumersOfProducer[one.producerId, default: []].append(one.id) }
            return []
        case .closeProducer(let id):
            return (state.consumersOfProducer[id] ?? []).map { .consumerProducerClosed(consumerId: $0) }
        case .pauseProducer(let id):
            return (state.consumersOfProducer[id] ?? []).map { .consumerProducerPaused(consumerId: $0) }
        case .resumeProducer(let id):
            return (state.consumersOfProducer[id] ?? []).map { .consumerProducerResumed(consumerId: $0) }
        case .consumeData(let consumer):
            state.dataConsumersOfProducer[consumer.dataProducerId, default: []].append(consumer.id)
            return []
        case .closeDataProducer(let id):
            return (state.dataConsumersOfProducer[id] ?? []).map { .dataConsumerProducerClosed(dataConsumerId: $0) }
        case .pauseDataProducer(let id):
            return (state.dataConsumersOfProducer[id] ?? []).map { .dataConsumerProducerPaused(dataConsumerId: $0) }
        case .resumeDataProducer(let id):
            return (state.dataConsumersOfProducer[id] ?? []).map { .dataConsumerProducerResumed(dataConsumerId: $0) }
        default:
            return []
        }
    }

    /// What a producer of three sizes and three rates makes of a wish.
    private static func clamped(_ layers: ConsumerLayers?) -> ConsumerLayers {
        ConsumerLayers(
            spatialLayer: min(layers?.spatialLayer ?? 2, 2),
            temporalLayer: min(layers?.temporalLayer ?? 2, 2)
        )
    }

    private static func answer(to request: ControlRequest, _ state: inout State) -> ControlReply {
        switch request {
        case .createDirectTransport(let transport):
            state.directTransports.insert(transport.id)
            return .done
        case .consumeData(let consumer):
            state.subchannels[consumer.id] = Set(consumer.subchannels)
            let isDirect = state.directTransports.contains(consumer.transportId)
            return .dataConsumed(dataConsumed(consumer, isDirect: isDirect))
        case .setSubchannels(let id, let subchannels):
            state.subchannels[id] = Set(subchannels)
            return .subchannels(state.subchannels[id, default: []].sorted())
        case .addSubchannel(let id, let subchannel):
            state.subchannels[id, default: []].insert(subchannel)
            return .subchannels(state.subchannels[id, default: []].sorted())
        case .removeSubchannel(let id, let subchannel):
            state.subchannels[id, default: []].remove(subchannel)
            return .subchannels(state.subchannels[id, default: []].sorted())
        default:
            return answer(to: request)
        }
    }

    /// As a worker that takes stream 3 where it may choose.
    private static func dataConsumed(
        _ consumer: ControlRequest.ConsumeData,
        isDirect: Bool
    ) -> ControlReply.DataConsumed {
        ControlReply.DataConsumed(
            sctpStreamParameters: isDirect
                ? nil
                : SctpStreamParameters(
                    streamId: consumer.streamId ?? 3,
                    ordered: consumer.ordered,
                    maxPacketLifeTime: consumer.maxPacketLifeTime,
                    maxRetransmits: consumer.maxRetransmits
                ),
            paused: consumer.paused,
            dataProducerPaused: false
        )
    }

    /// The MID of consumers that are refused where several are asked for.
    static let refusedMid = "refused"

    private static func consumed(_ consumer: ControlRequest.Consume) -> ControlReply.Consumed {
        ControlReply.Consumed(
            paused: consumer.paused,
            producerPaused: false,
            score: ConsumerScore(score: 10, producerScore: 10, producerScores: [10]),
            preferredLayers: consumer.preferredLayers
        )
    }

    private static func answer(to request: ControlRequest) -> ControlReply {
        let ice = IceParameters(usernameFragment: "ufrag", password: "password", iceLite: true)
        return switch request {
        case .createWebRtcServer(let server):
            .webRtcServer(server.listenInfos.map { ListenAddress(protocol: $0.protocol, ip: $0.ip, port: 44444) })
        case .createWebRtcTransport(let transport):
            .webRtcTransport(
                .init(
                    iceParameters: ice,
                    iceCandidates: [
                        IceCandidate(
                            foundation: "udpcandidate",
                            priority: 1,
                            address: "127.0.0.1",
                            protocol: .udp,
                            port: 44444
                        )
                    ],
                    dtlsParameters: DtlsParameters(role: .auto, fingerprints: []),
                    sctpParameters: transport.sctp.map {
                        SctpParameters(maxMessageSize: Int($0.maxReceiveMessageSize))
                    }
                )
            )
        case .connectWebRtcTransport: .connected(localRole: .client)
        case .restartIce: .iceParameters(IceParameters(usernameFragment: "new", password: "new", iceLite: true))
        case .produce: .produced(type: .simple)
        case .consume(let consumer):
            .consumed(consumed(consumer))
        case .consumeBatch(let consumers):
            .consumedBatch(
                consumers.map { consumer in
                    consumer.rtpParameters.mid == refusedMid
                        ? .failure(ControlError(.limitReached, "at most so many consumers"))
                        : .success(consumed(consumer))
                }
            )
        case .setPreferredLayers(_, let layers): .preferredLayers(clamped(layers))
        case .dumpRtpObserver(let id):
            .rtpObserverDump(
                RtpObserverDump(id: id, routerId: "r", type: "audiolevel", paused: false, producerIds: [])
            )
        case .getResourceUsage: .resourceUsage(WorkerResourceUsage(userTime: 7))
        case .dumpRouter(let id): .routerDump(RouterDump(id: id, transportIds: [], consumerIdsByProducerId: [:]))
        case .getTransportStats(let id): .transportStats(WebRtcTransportStat(transportId: id, timestamp: 1))
        case .getProducerStats, .getConsumerStats: .producerStats([])
        case .getBufferedAmount: .bufferedAmount(7)
        case .sendFromDataConsumer(_, _, let payload): .bufferedAmount(payload.count)
        case .getDirectTransportStats(let id):
            .directTransportStats(
                DirectTransportStat(
                    transportId: id,
                    timestamp: 1,
                    bytesReceived: 2,
                    recvBitrate: 3,
                    bytesSent: 4,
                    sendBitrate: 5
                )
            )
        case .getDataProducerStats:
            .dataProducerStats(
                DataProducerStat(timestamp: 1, label: "l", protocol: "p", messagesReceived: 2, bytesReceived: 3)
            )
        case .getDataConsumerStats:
            .dataConsumerStats(
                DataConsumerStat(
                    timestamp: 1,
                    label: "l",
                    protocol: "p",
                    messagesSent: 2,
                    bytesSent: 3,
                    messagesDropped: 4,
                    bufferedAmount: 5
                )
            )
        default: .done
        }
    }
}
