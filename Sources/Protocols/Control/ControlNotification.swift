// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletORTC

/// What a worker says unasked.
///
/// Closes that a request causes below the closed object are not told: the host cascades by itself. Consumers of a closed
/// or paused producer are told of, since the worker knows them whatever their transport.
package enum ControlNotification: Hashable, Sendable {
    /// It has taken its settings and listens to requests.
    case workerRunning(pid: Int32)
    case log(level: WorkerLogLevel, tag: WorkerLogTag?, text: String)

    case iceStateChanged(transportId: String, state: IceState)
    /// The pair that media leaves by, or `nil` once there is none.
    case iceSelectedTupleChanged(transportId: String, tuple: TransportTuple?)
    /// The peer's certificate as PEM, with the state connected.
    case dtlsStateChanged(transportId: String, state: DtlsState, remoteCertificate: String?)
    /// The transport is closed, because its server is.
    case listenServerClosed(transportId: String)

    /// Coalesces: a newer one replaces a waiting one.
    case producerScore(producerId: String, scores: [ProducerScore])
    /// Coalesces: a newer one replaces a waiting one.
    case consumerScore(consumerId: String, score: ConsumerScore)
    case consumerProducerPaused(consumerId: String)
    case consumerProducerResumed(consumerId: String)
    /// The consumer is closed, because its producer is.
    case consumerProducerClosed(consumerId: String)
    /// What is being forwarded now, or `nil` for nothing. Coalesces.
    case consumerLayersChanged(consumerId: String, layers: ConsumerLayers?)
    /// Which layers anybody wants of a producer with several: more at once, fewer after 5 s. Coalesces.
    case producerDemand(producerId: String, demand: ProducerDemand)
    /// The sender turned its camera.
    case producerVideoOrientationChanged(producerId: String, orientation: ProducerVideoOrientation)
    /// Dropped where the host reads too slowly.
    case producerTrace(producerId: String, event: TraceEvent)
    /// Dropped where the host reads too slowly.
    case consumerTrace(consumerId: String, event: TraceEvent)
    /// The loudest producers of the last interval, the loudest first; dropped where the host reads too slowly.
    case audioLevels(observerId: String, volumes: [AudioLevel])
    /// Nobody was loud in the last interval, told once until somebody is.
    case audioSilence(observerId: String)
    /// Somebody else speaks now.
    case dominantSpeaker(observerId: String, producerId: String)

    /// An association has come further, with the streams negotiated once it is connected.
    case sctpStateChanged(transportId: String, state: SctpState, streams: NumSctpStreams?)
    /// The peer opened a data channel in band, RFC 8832, which was acknowledged. Its messages are held, within limits,
    /// until a data producer takes its stream.
    case dataChannelOpened(transportId: String, channel: InBandDataChannel)
    /// The peer closed its side of a stream, and with it the data channel, RFC 8831 §6.7.
    case dataChannelClosed(transportId: String, streamId: UInt16)
    case dataConsumerProducerPaused(dataConsumerId: String)
    case dataConsumerProducerResumed(dataConsumerId: String)
    /// The data consumer is closed, because its data producer is.
    case dataConsumerProducerClosed(dataConsumerId: String)
    /// A message was dropped, because what waits fills the send buffer. Coalesces.
    case dataConsumerSendBufferFull(dataConsumerId: String)
    /// What waits has come down to the threshold. Coalesces.
    case dataConsumerBufferedAmountLow(dataConsumerId: String, amount: Int)
    /// A message for the host, on a direct transport. Dropped where the host reads far too slowly.
    case dataConsumerMessage(dataConsumerId: String, ppid: UInt32, payload: [UInt8])
    /// An RTP packet for the host, on a direct transport. Dropped where the host reads too slowly.
    case consumerRtp(consumerId: String, packet: [UInt8])
    /// An RTCP compound for the host, on a direct transport. Dropped where the host reads too slowly.
    case transportRtcp(transportId: String, packet: [UInt8])
    /// So many notifications were dropped since the last such message, because the host read too slowly.
    case notificationsDropped(count: UInt64)
}
