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
    /// So many notifications were dropped since the last such message, because the host read too slowly.
    case notificationsDropped(count: UInt64)
}
