// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC

extension TransportBody {
    func produceData(_ options: DataProducerOptions) async throws(SwiftletError) -> DataProducer {
        let router = try openRouter()
        try requireDataPath()
        let parameters = try streamParameters(options)
        try Self.checkNames(options.label, options.protocol)
        let producerId = try Identifier.checked(options.id)
        try router.reserve(dataProducerId: producerId)
        let producer = DataProducer(
            id: producerId,
            transport: self,
            router: router,
            options: options,
            sctpStreamParameters: parameters
        )
        let request = ControlRequest.ProduceData(
            id: producerId,
            transportId: id,
            sctpStreamParameters: parameters,
            label: options.label,
            protocol: options.protocol,
            paused: options.paused
        )
        do { try await link.request(.produceData(request)) } catch {
            router.removeDataProducer(producerId)
            throw error
        }
        router.add(producer)
        // Whatever closed the transport meanwhile did not find the data producer in it.
        if !add(producer) { producer.transportClosed() }
        guard !producer.closed else {
            removeDataProducer(producerId)
            router.removeDataProducer(producerId)
            throw closedError
        }
        return producer
    }

    func consumeData(_ options: DataConsumerOptions) async throws(SwiftletError) -> DataConsumer {
        let router = try openRouter()
        try requireDataPath()
        guard let producer = router.dataProducer(options.dataProducerId) else {
            throw SwiftletError(.notFound, "DataProducer with id \"\(options.dataProducerId)\" not found")
        }
        if dataPath == .direct { try options.checkDirect() }
        try DataProducer.check(options.subchannels)
        let reliability = try options.reliability(copying: producer.sctpStreamParameters)
        let consumer = DataConsumer(transport: self, producer: producer, options: options)
        let request = ControlRequest.ConsumeData(
            id: consumer.id,
            transportId: id,
            dataProducerId: producer.id,
            streamId: options.streamId,
            ordered: reliability.ordered ?? true,
            maxPacketLifeTime: reliability.maxPacketLifeTime,
            maxRetransmits: reliability.maxRetransmits,
            label: producer.label,
            protocol: producer.protocol,
            paused: options.paused,
            subchannels: Array(options.subchannels).sorted(),
            isNegotiated: options.isNegotiated,
            bufferedAmountLowThreshold: try DataConsumerOptions.threshold(options.bufferedAmountLowThreshold)
        )
        link.enter(consumer.id, consumer)
        let isOpen = add(consumer)
        do throws(SwiftletError) {
            guard isOpen else { throw closedError }
            try await link.request(.consumeData(request)) { reply -> Void? in
                guard case .dataConsumed(let consumed) = reply else { return nil }
                return consumer.begin(consumed)
            }
        } catch {
            consumer.abandon()
            throw error
        }
        if isClosed { throw closedError }
        return consumer
    }

    private func requireDataPath() throws(SwiftletError) {
        guard dataPath == .none else { return }
        throw SwiftletError(.unsupported, "enableSctp: data channels are not enabled on transport \(id)")
    }

    /// How a new data producer's messages come, if over SCTP.
    private func streamParameters(_ options: DataProducerOptions) throws(SwiftletError) -> SctpStreamParameters? {
        guard dataPath == .sctp else {
            guard options.sctpStreamParameters == nil else {
                throw SwiftletError(.invalidArgument, "sctpStreamParameters: a direct transport has no streams")
            }
            return nil
        }
        guard let parameters = options.sctpStreamParameters else {
            throw SwiftletError(.invalidArgument, "sctpStreamParameters is missing")
        }
        do { return try ORTC.validated(parameters) } catch {
            throw SwiftletError(.invalidArgument, "sctpStreamParameters: \(error.message)")
        }
    }

    /// Refuses names that are longer than a worker takes.
    private static func checkNames(_ label: String, _ subprotocol: String) throws(SwiftletError) {
        let limit = DataProducerOptions.maximumNameBytes
        for (name, value) in [("label", label), ("protocol", subprotocol)] where value.utf8.count > limit {
            throw SwiftletError(.invalidArgument, "\(name) has \(value.utf8.count) bytes, more than \(limit)")
        }
    }
}
