// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Media that a peer receives: one SSRC with its own numbers, times, payload types and extension ids.
///
/// Of a producer with several layers it forwards those that its viewer wants and the way there can carry. It keeps no
/// packets, only a small map of what it sent.
final class Consumer {
    let id: String
    /// Its place in the transport.
    let slot: UInt16
    let transport: Transport
    let producer: Producer
    let kind: MediaKind
    let type: ConsumerType
    let parameters: RtpParameters
    let send: SendStream
    let extensions: OutgoingExtensions
    let cname: [UInt8]
    let ssrc: UInt32
    /// The SSRC of retransmissions; 0 without.
    let rtxSSRC: UInt32
    /// Payload types as sent, by the producer's.
    let payloadTypes: ConsumerPayloadTypes
    /// Whether packets of silence are left out.
    let ignoresSilence: Bool
    /// What waits for the transport's destination.
    let queue: IntentQueue

    private(set) var isPaused: Bool
    private(set) var isClosed = false
    /// Whether packets are forwarded: not paused here nor there, and the transport is ready.
    private(set) var isActive = false

    // What is forwarded, see Consumer+Forwarding.
    /// The producer's stream that is forwarded.
    var current: ProducerStream? {
        didSet { currentID = current.map(ObjectIdentifier.init) }
    }
    /// The same as a plain value, which every packet is compared with.
    private(set) var currentID: ObjectIdentifier?
    /// The stream that takes over with its next key frame.
    var next: ProducerStream? {
        didSet { nextID = next.map(ObjectIdentifier.init) }
    }
    private(set) var nextID: ObjectIdentifier?
    /// Whether the next packet begins a new line of output numbers.
    var needsSync = true
    /// Since when it has waited for a key frame.
    var waitingSince: Instant?
    /// Key frames in a row that came too late to take over with, and the newest one's media time.
    var outdated: (count: Int, timestamp: UInt32) = (0, 0)
    /// The newest packet forwarded, to go on in time when another stream takes over.
    var lastSent: Instant?
    var lastWasMarked = true
    /// The encoding whose clock the output's is tied to, and by how much.
    var clock = ConsumerClock()
    /// Which packets of ``current`` go.
    var selector: LayerSelector
    /// Goes on with picture ids where streams change or begin anew, and where pictures are left out.
    var pictures = PictureRewriter()
    /// Whether the producer has layers to choose from.
    let hasLayers: Bool

    // Which layers, see Consumer+Layers.
    /// What the viewer wants at most.
    var preferred: Layers
    /// What was decided; `nil` for nothing.
    var target: Layers?
    /// What the host was told last, packed; all ones for nothing.
    var toldKey = UInt32.max
    var priority: UInt8 = 1

    var lastReport: Instant?
    var trace: TraceFilter = []
    var pliCount: UInt64 = 0
    var firCount: UInt64 = 0
    /// Key-frame requests of its viewer that are granted, see ``takeKeyFrameRequest(now:)``.
    var keyFrameAllowance = KeyFrameAllowance()
    /// Packets that found the transport's list full.
    var droppedCount: UInt64 = 0

    init(_ request: ControlRequest.Consume, slot: UInt16, transport: Transport, producer: Producer) {
        (id, kind, type) = (request.id, request.kind, request.type)
        parameters = request.rtpParameters
        (isPaused, self.slot) = (request.paused, slot)
        (self.transport, self.producer) = (transport, producer)
        queue = transport.makeIntents()
        let media = request.rtpParameters.codecs.first { !Self.isRTX($0) }
        let encoding = request.rtpParameters.encodings.first
        (ssrc, rtxSSRC) = (encoding?.ssrc ?? 0, encoding?.rtx?.ssrc ?? 0)
        payloadTypes = ConsumerPayloadTypes(request, of: producer)
        let mediaType = media?.payloadType ?? 0
        send = SendStream(
            SendStream.Parameters(
                kind: request.kind == .video ? .video : .audio,
                ssrc: encoding?.ssrc ?? 0,
                payloadType: mediaType,
                clockRate: media?.clockRate ?? 90_000,
                rtxSSRC: encoding?.rtx?.ssrc,
                rtxPayloadType: payloadTypes.rtx(for: mediaType),
                usesNack: media?.rtcpFeedback.contains { $0.type.lowercased() == "nack" && $0.parameter.isEmpty }
                    ?? false
            ),
            using: &transport.board.random
        )
        var ids = RTPExtensionIDs()
        for one in request.rtpParameters.headerExtensions {
            if let known = RTPExtensionKind(uri: one.uri) { ids[known] = one.id }
        }
        extensions = OutgoingExtensions(ids: ids, mid: request.rtpParameters.mid)
        cname = Array((request.rtpParameters.rtcp.cname ?? request.id).utf8)
        ignoresSilence = request.ignoreDtx && request.kind == .audio
        hasLayers = producer.layers.hasChoice && request.type != .pipe
        selector = LayerSelector(isKSVC: producer.layers.isKSVC)
        preferred = producer.layers.clamp(request.preferredLayers)
    }

    static func isRTX(_ codec: RtpCodecParameters) -> Bool { codec.mimeType.lowercased().hasSuffix("/rtx") }

    var isVideo: Bool { kind == .video }

    // MARK: States

    /// Finds out anew whether packets are forwarded.
    func update(now: Instant?) {
        let active = !isPaused && !producer.isPaused && transport.isReady && !isClosed
        guard active != isActive else { return }
        isActive = active
        producer.demandChanged()
        if active {
            needsSync = true
            if let now { choose(now: now) }
        } else {
            transport.intents?.removeAll(of: slot)
            send.forgetSent()
            stopForwarding()
        }
    }

    func pause() {
        isPaused = true
        update(now: nil)
    }

    func resume(now: Instant) {
        isPaused = false
        update(now: now)
    }

    func producerPaused() {
        transport.board.notify(.consumerProducerPaused(consumerId: id))
        update(now: nil)
    }

    func producerResumed(now: Instant) {
        transport.board.notify(.consumerProducerResumed(consumerId: id))
        update(now: now)
    }

    /// The producer's stream is new, or goes on under another SSRC.
    func streamBegan(_ stream: ProducerStream, instead former: ProducerStream?, now: Instant) {
        if let former {
            // Its packets' names mean others in the new store.
            transport.intents?.removeAll(of: slot)
            send.forgetSent()
            if current === former { current = nil }
            if next === former { next = nil }
            target = nil
        }
        choose(now: now)
    }

    /// Ends it; `leavingProducer` is false when the producer forgets all its consumers anyway.
    func close(leavingProducer: Bool = true) {
        guard !isClosed else { return }
        isClosed = true
        update(now: nil)
        if leavingProducer {
            producer.consumers.removeAll { $0 === self }
            producer.demandChanged()
        }
        transport.consumerClosed(self)
    }

    // MARK: Reports

    /// The score of what is sent, and of its sources, for the host.
    var score: ConsumerScore {
        ConsumerScore(
            score: Int(send.score),
            producerScore: Int((current ?? producer.lowestActiveStream)?.receive.score ?? 0),
            producerScores: producer.streams.map { Int($0?.receive.score ?? 0) }
        )
    }

    func publishScore() { transport.board.notify(.consumerScore(consumerId: id, score: score)) }
}
