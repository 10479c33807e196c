// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletORTC

/// What a host asks of a worker.
///
/// The host makes every id (they are unguessable strings, unique within the worker across all kinds of objects) and
/// resolves every parameter before it asks: the worker negotiates nothing. A request names one object directly; the
/// tree above it is the worker's to know. An unknown id answers ``ControlError/Code/notFound``, an id in use
/// ``ControlError/Code/alreadyExists``.
package enum ControlRequest: Hashable, Sendable {
    // Worker
    /// The first request of every channel, answered by the worker before there is an engine: ``ControlReply/done`` once
    /// the settings are good, and ``ControlNotification/workerRunning(pid:)`` behind it.
    case start(Start)
    case dumpWorker
    case getResourceUsage
    /// Changes what the worker logs, from now on.
    case updateSettings(UpdateSettings)
    /// Binds one port for many transports; replies ``ControlReply/webRtcServer(_:)``.
    case createWebRtcServer(CreateWebRtcServer)
    /// Closes a server; its transports close with ``ControlNotification/listenServerClosed(transportId:)``.
    case closeWebRtcServer(id: String)
    case dumpWebRtcServer(id: String)

    // Router
    case createRouter(id: String)
    /// Closes a router and everything in it; says nothing about what falls, the host cascades by itself.
    case closeRouter(id: String)
    case dumpRouter(id: String)

    // Transport
    /// Replies ``ControlReply/webRtcTransport(_:)``.
    case createWebRtcTransport(CreateWebRtcTransport)
    /// Hands over the peer's fingerprints and role, once; replies ``ControlReply/connected(localRole:)``.
    case connectWebRtcTransport(id: String, dtlsParameters: DtlsParameters)
    /// New local credentials; the old ones hold until the first check with the new. Replies
    /// ``ControlReply/iceParameters(_:)``.
    case restartIce(transportId: String)
    /// Caps what the peer may send, in bits per second; 0 lifts the cap.
    case setMaxIncomingBitrate(transportId: String, bitrate: UInt32)
    /// Closes a transport with its producers and consumers; consumers elsewhere of its producers get
    /// ``ControlNotification/consumerProducerClosed(consumerId:)``.
    case closeTransport(id: String)
    case getTransportStats(id: String)
    case dumpTransport(id: String)

    // Direct transport
    /// A transport whose peer is the host itself; replies ``ControlReply/done``. ``closeTransport(id:)``,
    /// ``produce(_:)`` and the others hold for it too.
    case createDirectTransport(CreateDirectTransport)
    case getDirectTransportStats(id: String)
    case dumpDirectTransport(id: String)
    /// An RTP packet from the host to a producer on a direct transport.
    case sendRtp(producerId: String, packet: [UInt8])
    /// An RTCP compound from the host, about its producers and consumers on a direct transport.
    case sendRtcp(transportId: String, packet: [UInt8])

    // Data producer
    case produceData(ProduceData)
    /// Its data consumers get ``ControlNotification/dataConsumerProducerPaused(dataConsumerId:)``.
    case pauseDataProducer(id: String)
    case resumeDataProducer(id: String)
    /// Its data consumers close, each with ``ControlNotification/dataConsumerProducerClosed(dataConsumerId:)``.
    case closeDataProducer(id: String)
    case getDataProducerStats(id: String)
    case dumpDataProducer(id: String)
    /// A message from the host to a data producer on a direct transport.
    case sendFromDataProducer(SendFromDataProducer)

    // Data consumer
    /// Replies ``ControlReply/dataConsumed(_:)``.
    case consumeData(ConsumeData)
    case pauseDataConsumer(id: String)
    case resumeDataConsumer(id: String)
    /// Closes a data consumer and, over SCTP, its stream, whose id is free again once the peer has agreed.
    case closeDataConsumer(id: String)
    case getDataConsumerStats(id: String)
    case dumpDataConsumer(id: String)
    /// Replies ``ControlReply/bufferedAmount(_:)``; 0 on a direct transport.
    case getBufferedAmount(dataConsumerId: String)
    /// Sets when ``ControlNotification/dataConsumerBufferedAmountLow(dataConsumerId:amount:)`` is told, in bytes.
    case setBufferedAmountLowThreshold(dataConsumerId: String, threshold: UInt32)
    /// Replies ``ControlReply/subchannels(_:)`` as they are now.
    case setSubchannels(dataConsumerId: String, subchannels: [UInt16])
    case addSubchannel(dataConsumerId: String, subchannel: UInt16)
    case removeSubchannel(dataConsumerId: String, subchannel: UInt16)
    /// A message from the host to the peer of one data consumer; replies ``ControlReply/bufferedAmount(_:)``, or
    /// ``ControlError/Code/sendBufferFull``.
    case sendFromDataConsumer(dataConsumerId: String, ppid: UInt32, payload: [UInt8])

    // Producer
    /// Replies ``ControlReply/produced(type:)``.
    case produce(Produce)
    /// Its consumers get ``ControlNotification/consumerProducerPaused(consumerId:)``; pausing twice does nothing.
    case pauseProducer(id: String)
    /// Its consumers get ``ControlNotification/consumerProducerResumed(consumerId:)``.
    case resumeProducer(id: String)
    /// Its consumers close, each with ``ControlNotification/consumerProducerClosed(consumerId:)``.
    case closeProducer(id: String)
    case getProducerStats(id: String)
    case dumpProducer(id: String)
    /// Which packets and requests are told by ``ControlNotification/producerTrace(producerId:event:)`` from now on;
    /// an empty set for none.
    case traceProducer(id: String, types: Set<TraceEventType>)

    // Consumer
    /// Replies ``ControlReply/consumed(_:)``.
    case consume(Consume)
    /// Several at once, at most ``longestBatch``, each done or refused by itself; replies
    /// ``ControlReply/consumedBatch(_:)``.
    case consumeBatch([Consume])
    case pauseConsumer(id: String)
    case resumeConsumer(id: String)
    case closeConsumer(id: String)
    /// Asks the producer for a key frame; nothing happens for audio or while paused.
    case requestKeyFrame(consumerId: String)
    case getConsumerStats(id: String)
    case dumpConsumer(id: String)
    /// Which layers the viewer wants at most; `nil` for the highest. Replies ``ControlReply/preferredLayers(_:)``.
    case setPreferredLayers(consumerId: String, layers: ConsumerLayers?)
    /// How the consumer ranks among those of its transport when the budget is short, from 1 to 255.
    case setPriority(consumerId: String, priority: UInt8)
    /// As ``traceProducer(id:types:)``; `sr` is for producers only.
    case traceConsumer(id: String, types: Set<TraceEventType>)

    // RTP observers
    case createAudioLevelObserver(CreateAudioLevelObserver)
    case createActiveSpeakerObserver(CreateActiveSpeakerObserver)
    case closeRtpObserver(id: String)
    case pauseRtpObserver(id: String)
    case resumeRtpObserver(id: String)
    /// An audio producer of the same router; adding it twice does nothing.
    case addProducerToRtpObserver(observerId: String, producerId: String)
    case removeProducerFromRtpObserver(observerId: String, producerId: String)
    case dumpRtpObserver(id: String)
}

extension ControlRequest {
    /// Consumers in one ``consumeBatch(_:)``: so many that messages do not count any more, so few that making them holds
    /// up no media.
    package static let longestBatch = 32

    /// What a worker is started with.
    package struct Start: Hashable, Sendable {
        package var logLevel: WorkerLogLevel
        package var logTags: [WorkerLogTag]
        /// A PEM file with the certificate for DTLS, and one with its key; both or neither (a new P-256 one is made).
        package var dtlsCertificateFile: String?
        package var dtlsPrivateKeyFile: String?
        /// How long a packet may wait for others to the same destination: 0 to ``longestFlushWindow``.
        package var flushWindow: Duration

        package static let longestFlushWindow = Duration.milliseconds(5)

        package init(
            logLevel: WorkerLogLevel = .error,
            logTags: [WorkerLogTag] = [],
            dtlsCertificateFile: String? = nil,
            dtlsPrivateKeyFile: String? = nil,
            flushWindow: Duration = .zero
        ) {
            (self.logLevel, self.logTags) = (logLevel, logTags)
            (self.dtlsCertificateFile, self.dtlsPrivateKeyFile) = (dtlsCertificateFile, dtlsPrivateKeyFile)
            self.flushWindow = flushWindow
        }
    }

    /// What to log.
    package struct UpdateSettings: Hashable, Sendable {
        /// `nil` leaves the level as it is.
        package var logLevel: WorkerLogLevel?
        /// `nil` leaves the tags as they are; an empty list switches tagged messages off.
        package var logTags: [WorkerLogTag]?

        package init(logLevel: WorkerLogLevel?, logTags: [WorkerLogTag]?) {
            (self.logLevel, self.logTags) = (logLevel, logTags)
        }
    }

    /// A server to listen for many transports.
    package struct CreateWebRtcServer: Hashable, Sendable {
        package var id: String
        /// One socket each, the preferred first; 1 to ``TransportListenInfo/maximumCount``.
        package var listenInfos: [TransportListenInfo]

        package init(id: String, listenInfos: [TransportListenInfo]) {
            (self.id, self.listenInfos) = (id, listenInfos)
        }
    }

    /// A link for one peer.
    package struct CreateWebRtcTransport: Hashable, Sendable {
        /// Where a transport receives.
        package enum Listen: Hashable, Sendable {
            /// On the sockets of a ``CreateWebRtcServer``.
            case server(id: String)
            /// On sockets of its own; 1 to ``TransportListenInfo/maximumCount``.
            case infos([TransportListenInfo])
        }

        package var id: String
        package var routerId: String
        package var listen: Listen
        /// Which of a server's sockets become candidates; with infos of its own the protocols come from those.
        package var enableUdp: Bool
        package var enableTcp: Bool
        /// Raises the priority of UDP candidates by 1000.
        package var preferUdp: Bool
        /// Raises the priority of TCP candidates by 1000.
        package var preferTcp: Bool
        /// Seconds without a valid check until the link counts as lost: 0 for never, else 10 to 60 (the host clamps).
        package var iceConsentTimeout: UInt8
        /// Where the estimate of outgoing bandwidth starts, in bits per second.
        package var initialAvailableOutgoingBitrate: UInt32
        /// How data channels work; `nil` for none.
        package var sctp: SctpOptions?

        package init(
            id: String,
            routerId: String,
            listen: Listen,
            enableUdp: Bool = true,
            enableTcp: Bool = false,
            preferUdp: Bool = false,
            preferTcp: Bool = false,
            iceConsentTimeout: UInt8 = 30,
            initialAvailableOutgoingBitrate: UInt32 = 600_000,
            sctp: SctpOptions? = nil
        ) {
            (self.id, self.routerId, self.listen) = (id, routerId, listen)
            (self.enableUdp, self.enableTcp) = (enableUdp, enableTcp)
            (self.preferUdp, self.preferTcp) = (preferUdp, preferTcp)
            (self.iceConsentTimeout) = iceConsentTimeout
            self.initialAvailableOutgoingBitrate = initialAvailableOutgoingBitrate
            self.sctp = sctp
        }
    }

    /// Media that a peer is going to send.
    package struct Produce: Hashable, Sendable {
        package var id: String
        package var transportId: String
        package var kind: MediaKind
        /// As the peer sends: its payload types, extension ids, SSRCs, RIDs.
        package var rtpParameters: RtpParameters
        /// From the peer's payload types and encodings to the router's, one entry per encoding of ``rtpParameters``.
        package var rtpMapping: RtpMapping
        /// Milliseconds between two key frame requests to the peer, at least.
        package var keyFrameRequestDelay: UInt32
        package var paused: Bool

        package init(
            id: String,
            transportId: String,
            kind: MediaKind,
            rtpParameters: RtpParameters,
            rtpMapping: RtpMapping,
            keyFrameRequestDelay: UInt32 = 0,
            paused: Bool = false
        ) {
            (self.id, self.transportId, self.kind) = (id, transportId, kind)
            (self.rtpParameters, self.rtpMapping) = (rtpParameters, rtpMapping)
            (self.keyFrameRequestDelay, self.paused) = (keyFrameRequestDelay, paused)
        }
    }

    /// Media that a peer is going to receive.
    package struct Consume: Hashable, Sendable {
        package var id: String
        package var transportId: String
        package var producerId: String
        package var kind: MediaKind
        package var type: ConsumerType
        /// As the peer receives: its own payload types and extension ids, our SSRCs and MID.
        package var rtpParameters: RtpParameters
        /// From the router's payload types, which ``Produce/rtpMapping`` leads to, to this consumer's own.
        ///
        /// A packet whose payload type has no entry is not for this consumer.
        package var codecMapping: [RtpCodecMapping]
        /// The producer's encodings under the SSRCs of its ``Produce/rtpMapping``, lowest first.
        package var consumableRtpEncodings: [RtpEncodingParameters]
        package var paused: Bool
        /// Which layers the viewer wants at most; `nil` for the highest.
        package var preferredLayers: ConsumerLayers?
        /// Whether packets of silence are left out, Opus in discontinuous transmission.
        package var ignoreDtx: Bool

        package init(
            id: String,
            transportId: String,
            producerId: String,
            kind: MediaKind,
            type: ConsumerType,
            rtpParameters: RtpParameters,
            codecMapping: [RtpCodecMapping],
            consumableRtpEncodings: [RtpEncodingParameters],
            paused: Bool = false,
            preferredLayers: ConsumerLayers? = nil,
            ignoreDtx: Bool = false
        ) {
            (self.id, self.transportId, self.producerId) = (id, transportId, producerId)
            (self.kind, self.type) = (kind, type)
            (self.rtpParameters, self.codecMapping) = (rtpParameters, codecMapping)
            (self.consumableRtpEncodings, self.paused) = (consumableRtpEncodings, paused)
            (self.preferredLayers, self.ignoreDtx) = (preferredLayers, ignoreDtx)
        }
    }

    /// Who is loud, again and again.
    package struct CreateAudioLevelObserver: Hashable, Sendable {
        package var id: String
        package var routerId: String
        /// Most producers in one notification, at least 1.
        package var maxEntries: UInt16
        /// Averages below this are left out: −127 to 0 dBov.
        package var threshold: Int8
        /// Milliseconds between two notifications; the worker keeps it within 250 to 5000.
        package var interval: UInt16

        package init(
            id: String,
            routerId: String,
            maxEntries: UInt16 = 1,
            threshold: Int8 = -80,
            interval: UInt16 = 1000
        ) {
            (self.id, self.routerId) = (id, routerId)
            (self.maxEntries, self.threshold, self.interval) = (maxEntries, threshold, interval)
        }
    }

    /// Who speaks.
    package struct CreateActiveSpeakerObserver: Hashable, Sendable {
        package var id: String
        package var routerId: String
        /// Milliseconds between two decisions; the worker keeps it within 100 to 5000.
        package var interval: UInt16

        package init(id: String, routerId: String, interval: UInt16 = 300) {
            (self.id, self.routerId, self.interval) = (id, routerId, interval)
        }
    }
}
