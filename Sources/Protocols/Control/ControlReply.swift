// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletORTC

/// What a worker answers to a ``ControlRequest``; a refusal is a ``ControlError`` instead.
package enum ControlReply: Hashable, Sendable {
    /// Done; there is nothing more to say. To everything that closes, pauses, resumes or sets.
    case done
    case workerDump(WorkerDump)
    case resourceUsage(WorkerResourceUsage)
    /// To ``ControlRequest/createWebRtcServer(_:)``: the ports it got, in the order of the listen infos.
    case webRtcServer([ListenAddress])
    case webRtcServerDump(WebRtcServerDump)
    case routerDump(RouterDump)
    case webRtcTransport(WebRtcTransport)
    /// To ``ControlRequest/connectWebRtcTransport(id:dtlsParameters:)``: the role taken, never auto.
    case connected(localRole: DtlsRole)
    case iceParameters(IceParameters)
    case transportStats(WebRtcTransportStat)
    case transportDump(TransportDump)
    case produced(type: ProducerType)
    case producerStats([RtpStreamStat])
    case producerDump(ProducerDump)
    case consumed(Consumed)
    /// What became of each consumer asked for, in their order.
    case consumedBatch([Result<Consumed, ControlError>])
    case consumerStats([RtpStreamStat])
    case consumerDump(ConsumerDump)
    /// What became of the wish: within what the producer has, or `nil` for a consumer without layers.
    case preferredLayers(ConsumerLayers?)
    case rtpObserverDump(RtpObserverDump)
    case directTransportStats(DirectTransportStat)
    case directTransportDump(DirectTransportDump)
    case dataProducerStats(DataProducerStat)
    case dataProducerDump(DataProducerDump)
    case dataConsumed(DataConsumed)
    case dataConsumerStats(DataConsumerStat)
    case dataConsumerDump(DataConsumerDump)
    /// Bytes that wait to be sent for a data consumer.
    case bufferedAmount(Int)
    /// What a data consumer has subscribed to, ascending.
    case subchannels([UInt16])
}

extension ControlReply {
    /// What the peer of a new transport has to know.
    package struct WebRtcTransport: Hashable, Sendable {
        package var iceParameters: IceParameters
        package var iceCandidates: [IceCandidate]
        /// Our fingerprints, and the role auto.
        package var dtlsParameters: DtlsParameters
        /// `nil` without data channels.
        package var sctpParameters: SctpParameters?

        package init(
            iceParameters: IceParameters,
            iceCandidates: [IceCandidate],
            dtlsParameters: DtlsParameters,
            sctpParameters: SctpParameters? = nil
        ) {
            (self.iceParameters, self.iceCandidates) = (iceParameters, iceCandidates)
            (self.dtlsParameters, self.sctpParameters) = (dtlsParameters, sctpParameters)
        }
    }

    /// The state of a new consumer.
    package struct Consumed: Hashable, Sendable {
        package var paused: Bool
        package var producerPaused: Bool
        package var score: ConsumerScore
        /// What the viewer may get at most, `nil` for a consumer without layers.
        package var preferredLayers: ConsumerLayers?

        package init(
            paused: Bool,
            producerPaused: Bool,
            score: ConsumerScore,
            preferredLayers: ConsumerLayers? = nil
        ) {
            (self.paused, self.producerPaused, self.score) = (paused, producerPaused, score)
            self.preferredLayers = preferredLayers
        }
    }
    /// The state of a new data consumer.
    package struct DataConsumed: Hashable, Sendable {
        /// The stream it sends on, chosen by the worker where the request left it open; `nil` on a direct transport.
        package var sctpStreamParameters: SctpStreamParameters?
        package var paused: Bool
        package var dataProducerPaused: Bool

        package init(sctpStreamParameters: SctpStreamParameters?, paused: Bool, dataProducerPaused: Bool) {
            self.sctpStreamParameters = sctpStreamParameters
            (self.paused, self.dataProducerPaused) = (paused, dataProducerPaused)
        }
    }
}
