// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SwiftletControl
import SwiftletORTC
import SwiftProtobuf

extension PBReply {
    init(_ result: Result<ControlReply, ControlError>, to id: UInt64) throws(WorkerProtocolError) {
        requestID = id
        switch result {
        case .failure(let error):
            refusal = PBRefusal(error)
        case .success(let reply):
            body = try Self.body(of: reply)
        }
    }

    private static func body(of reply: ControlReply) throws(WorkerProtocolError) -> OneOf_Body {
        switch reply {
        case .done: .done(PBEmpty())
        case .workerDump(let dump): .workerDump(try json(dump))
        case .resourceUsage(let usage): .resourceUsage(PBResourceUsage(usage))
        case .webRtcServer(let addresses):
            .webRtcServer(.with { $0.addresses = addresses.map(PBListenAddress.init) })
        case .webRtcServerDump(let dump): .webRtcServerDump(try json(dump))
        case .routerDump(let dump): .routerDump(try json(dump))
        case .webRtcTransport(let transport):
            .webRtcTransport(
                .with {
                    $0.iceParameters = PBIceParameters(transport.iceParameters)
                    $0.iceCandidates = transport.iceCandidates.map(PBIceCandidate.init)
                    $0.dtlsParameters = PBDtlsParameters(transport.dtlsParameters)
                    if let sctp = transport.sctpParameters { $0.sctpParameters = PBSctpParameters(sctp) }
                }
            )
        case .connected(let role): .connected(role.rawValue)
        case .iceParameters(let parameters): .iceParameters(PBIceParameters(parameters))
        case .transportStats(let stat): .transportStats(PBWebRtcTransportStat(stat))
        case .transportDump(let dump): .transportDump(try json(dump))
        case .produced(let type): .produced(type.rawValue)
        case .producerStats(let stats): .producerStats(PBRtpStreamStats(stats))
        case .producerDump(let dump): .producerDump(try json(dump))
        case .consumed(let consumed): .consumed(PBConsumed(consumed))
        case .consumedBatch(let results):
            .consumedBatch(.with { $0.results = results.map(PBConsumedOrRefused.init) })
        case .consumerStats(let stats): .consumerStats(PBRtpStreamStats(stats))
        case .consumerDump(let dump): .consumerDump(try json(dump))
        case .preferredLayers(let layers):
            .preferredLayers(.with { if let layers { $0.layers = PBConsumerLayers(layers) } })
        case .rtpObserverDump(let dump): .rtpObserverDump(try json(dump))
        case .directTransportStats(let stat): .directTransportStats(PBDirectTransportStat(stat))
        case .directTransportDump(let dump): .directTransportDump(try json(dump))
        case .dataProducerStats(let stat): .dataProducerStats(PBDataProducerStat(stat))
        case .dataProducerDump(let dump): .dataProducerDump(try json(dump))
        case .dataConsumed(let consumed): .dataConsumed(PBDataConsumed(consumed))
        case .dataConsumerStats(let stat): .dataConsumerStats(PBDataConsumerStat(stat))
        case .dataConsumerDump(let dump): .dataConsumerDump(try json(dump))
        case .bufferedAmount(let amount): .bufferedAmount(Int64(amount))
        case .subchannels(let subchannels): .subchannels(PBSubchannels(subchannels))
        }
    }

    func decoded() throws(WorkerProtocolError) -> Result<ControlReply, ControlError> {
        if case .refusal(let refusal) = body {
            return .failure(try refusal.decoded())
        }
        return .success(try decodedReply())
    }

    private func decodedReply() throws(WorkerProtocolError) -> ControlReply {
        switch body {
        case .done: .done
        case .workerDump(let data): .workerDump(try Self.value(data))
        case .resourceUsage(let message): .resourceUsage(message.decoded())
        case .webRtcServer(let message):
            .webRtcServer(
                try decodeAll(message.addresses) { address throws(WorkerProtocolError) in try address.decoded() }
            )
        case .webRtcServerDump(let data): .webRtcServerDump(try Self.value(data))
        case .routerDump(let data): .routerDump(try Self.value(data))
        case .webRtcTransport(let message):
            .webRtcTransport(
                ControlReply.WebRtcTransport(
                    iceParameters: message.iceParameters.decoded(),
                    iceCandidates: try decodeAll(message.iceCandidates) { candidate throws(WorkerProtocolError) in
                        try candidate.decoded()
                    },
                    dtlsParameters: try message.dtlsParameters.decoded(),
                    sctpParameters: message.hasSctpParameters ? try message.sctpParameters.decoded() : nil
                )
            )
        case .connected(let role): .connected(localRole: try parse(role))
        case .iceParameters(let message): .iceParameters(message.decoded())
        case .transportStats(let message): .transportStats(try message.decoded())
        case .transportDump(let data): .transportDump(try Self.value(data))
        case .produced(let type): .produced(type: try parse(type))
        case .producerStats(let message): .producerStats(try message.decoded())
        case .producerDump(let data): .producerDump(try Self.value(data))
        case .consumed(let message): .consumed(try message.decoded())
        case .consumedBatch(let message):
            .consumedBatch(
                try decodeAll(message.results) { result throws(WorkerProtocolError) in try result.decoded() }
            )
        case .consumerStats(let message): .consumerStats(try message.decoded())
        case .consumerDump(let data): .consumerDump(try Self.value(data))
        case .preferredLayers(let message):
            .preferredLayers(message.hasLayers ? try message.layers.decoded() : nil)
        case .rtpObserverDump(let data): .rtpObserverDump(try Self.value(data))
        case .directTransportStats(let message): .directTransportStats(try message.decoded())
        case .directTransportDump(let data): .directTransportDump(try Self.value(data))
        case .dataProducerStats(let message): .dataProducerStats(try message.decoded())
        case .dataProducerDump(let data): .dataProducerDump(try Self.value(data))
        case .dataConsumed(let message): .dataConsumed(try message.decoded())
        case .dataConsumerStats(let message): .dataConsumerStats(try message.decoded())
        case .dataConsumerDump(let data): .dataConsumerDump(try Self.value(data))
        case .bufferedAmount(let amount): .bufferedAmount(try narrow(amount))
        case .subchannels(let message): .subchannels(try message.decoded())
        case .refusal, nil: throw .malformed
        }
    }

    private static func json(_ value: some Encodable) throws(WorkerProtocolError) -> Data {
        do { return try JSONEncoder().encode(value) } catch { throw .malformed }
    }

    private static func value<Value: Decodable>(_ data: Data) throws(WorkerProtocolError) -> Value {
        do { return try JSONDecoder().decode(Value.self, from: data) } catch { throw .malformed }
    }
}

extension PBRefusal {
    init(_ error: ControlError) { (code, message) = (error.code.rawValue, error.message) }

    func decoded() throws(WorkerProtocolError) -> ControlError { ControlError(try parse(code), message) }
}

extension PBConsumed {
    init(_ consumed: ControlReply.Consumed) {
        (paused, producerPaused) = (consumed.paused, consumed.producerPaused)
        score = PBConsumerScore(consumed.score)
        if let layers = consumed.preferredLayers { preferredLayers = PBConsumerLayers(layers) }
    }

    func decoded() throws(WorkerProtocolError) -> ControlReply.Consumed {
        ControlReply.Consumed(
            paused: paused,
            producerPaused: producerPaused,
            score: try score.decoded(),
            preferredLayers: hasPreferredLayers ? try preferredLayers.decoded() : nil
        )
    }
}

extension PBConsumedOrRefused {
    init(_ result: Result<ControlReply.Consumed, ControlError>) {
        switch result {
        case .success(let consumed): self.consumed = PBConsumed(consumed)
        case .failure(let error): refusal = PBRefusal(error)
        }
    }

    func decoded() throws(WorkerProtocolError) -> Result<ControlReply.Consumed, ControlError> {
        switch kind {
        case .consumed(let message): .success(try message.decoded())
        case .refusal(let message): .failure(try message.decoded())
        case nil: throw .malformed
        }
    }
}
