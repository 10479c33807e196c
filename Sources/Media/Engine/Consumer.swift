// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Media that a peer receives: one SSRC with its own numbers, times, payload types and extension ids.
///
/// Of several encodings it follows the lowest that is active. It keeps no packets, only a small map of what it sent.
final class Consumer {
    let id: String
    /// Its place in the transport.
    let slot: UInt16
    let transport: WebRtcTransport
    let producer: Producer
    let kind: MediaKind
    let type: ConsumerType
    let parameters: RtpParameters
    let consumableEncodings: [RtpEncodingParameters]
    let send: SendStream
    let extensions: OutgoingExtensions
    let cname: [UInt8]
    /// Payload types as sent, by the producer's; 0xFF for what is not for this consumer.
    private let payloadTypes: [UInt8]
    /// RTX payload types by the media payload type as sent; 0xFF without.
    private let rtxPayloadTypes: [UInt8]
    private(set) var isPaused: Bool
    private(set) var isClosed = false
    /// The producer's stream that is forwarded.
    private(set) var current: ProducerStream? {
        didSet { currentID = current.map(ObjectIdentifier.init) }
    }
    /// The same as a plain value, which every packet is compared with.
    private var currentID: ObjectIdentifier?
    /// What waits for the transport's destination.
    private let queue: IntentQueue
    /// Whether packets are forwarded: not paused here nor there, and the transport is ready.
    private(set) var isActive = false
    /// Whether the next packet begins a new line of output numbers.
    private var needsSync = true
    /// The newest packet forwarded, to go on in time when another stream takes over.
    private var lastSent: Instant?
    private var lastWasMarked = true
    var lastReport: Instant?
    var pliCount: UInt64 = 0
    var firCount: UInt64 = 0
    /// Packets behind a late key frame that are forwarded with it, at most.
    private static let catchUpLimit: Int64 = 512
    /// Packets that found the transport's list full.
    private(set) var droppedCount: UInt64 = 0

    init(_ request: ControlRequest.Consume, slot: UInt16, transport: WebRtcTransport, producer: Producer) {
        (id, kind, type) = (request.id, request.kind, request.type)
        (parameters, consumableEncodings) = (request.rtpParameters, request.consumableRtpEncodings)
        (isPaused, self.slot) = (request.paused, slot)
        (self.transport, self.producer) = (transport, producer)
        queue = transport.makeIntents()
        let media = request.rtpParameters.codecs.first { !Self.isRTX($0) }
        let encoding = request.rtpParameters.encodings.first
        (ssrc, rtxSSRC) = (encoding?.ssrc ?? 0, encoding?.rtx?.ssrc ?? 0)
        var rtx = [UInt8](repeating: 0xFF, count: 128)
        for codec in request.rtpParameters.codecs where Self.isRTX(codec) {
            if let apt = codec.parameters["apt"]?.integer, 0..<128 ~= apt { rtx[apt] = codec.payloadType }
        }
        var types = [UInt8](repeating: 0xFF, count: 128)
        for codec in producer.codecs.all where !codec.isRTX && codec.payloadType < 128 {
            let own = request.codecMapping.first { $0.payloadType == codec.mappedPayloadType }
            if let own, own.mappedPayloadType < 128 { types[Int(codec.payloadType)] = own.mappedPayloadType }
        }
        (payloadTypes, rtxPayloadTypes) = (types, rtx)
        let mediaType = media?.payloadType ?? 0
        send = SendStream(
            SendStream.Parameters(
                kind: request.kind == .video ? .video : .audio,
                ssrc: encoding?.ssrc ?? 0,
                payloadType: mediaType,
                clockRate: media?.clockRate ?? 90_000,
                rtxSSRC: encoding?.rtx?.ssrc,
                rtxPayloadType: mediaType < 128 && rtx[Int(mediaType)] != 0xFF ? rtx[Int(mediaType)] : nil,
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
    }

    static func isRTX(_ codec: RtpCodecParameters) -> Bool { codec.mimeType.lowercased().hasSuffix("/rtx") }

    let ssrc: UInt32
    /// The SSRC of retransmissions; 0 without.
    let rtxSSRC: UInt32
    var isVideo: Bool { kind == .video }

    // MARK: Packets

    /// Makes a send intent of a packet, if it is for this consumer.
    @inline(__always)
    func forward(
        _ packet: PacketID,
        _ header: borrowing PacketHeader,
        payload: Int,
        from stream: ProducerStream,
        isResynchronized: Bool,
        now: Instant
    ) {
        guard isActive else { return }
        let payloadType = payloadTypes[Int(header.payloadType & 0x7F)]
        guard payloadType != 0xFF else { return }
        if currentID != ObjectIdentifier(stream), !follow(stream, isKeyFrame: header.isKeyFrame) { return }
        if isResynchronized { needsSync = true }
        let begins = needsSync
        if begins {
            guard header.isKeyFrame || stream.codec.video == nil else { return }
            synchronize(to: header, of: stream, now: now)
        }
        if payload == 0 {
            send.drop(header.sequence)
            return
        }
        let encoding = UInt8(truncatingIfNeeded: stream.encoding)
        guard let place = send.place(header.sequence, timestamp: header.timestamp, encoding: encoding, now: now) else {
            return
        }
        if place.isNewest { (lastSent, lastWasMarked) = (now, header.marker) }
        let length = 12 &+ extensions.length(for: header.extensions.present) &+ payload &+ transport.sealOverhead
        let intent = SendIntent(
            packet: packet,
            index: UInt64(bitPattern: place.output),
            timestamp: place.timestamp,
            consumer: slot,
            length: UInt16(truncatingIfNeeded: length),
            stream: encoding,
            payloadType: payloadType,
            flags: header.marker ? .marker : []
        )
        if !transport.enqueue(intent, on: queue) { droppedCount &+= 1 }
        if begins, header.sequence < stream.newestSequence { catchUp(from: header.sequence, of: stream, now: now) }
    }

    /// Forwards what overtook the key frame that was waited for, mediasoup #1547: the store still has it.
    private func catchUp(from keyFrame: Int64, of stream: ProducerStream, now: Instant) {
        let last = min(stream.newestSequence, keyFrame &+ Self.catchUpLimit)
        var sequence = keyFrame &+ 1
        while sequence <= last {
            if let id = stream.receive.store.find(sequence: sequence), let stored = stream.receive.store.packet(id) {
                forward(
                    id,
                    stored.header,
                    payload: Int(stored.payloadLength),
                    from: stream,
                    isResynchronized: false,
                    now: now
                )
            }
            sequence &+= 1
        }
    }

    /// Whether to take packets of `stream`, which is not the current one: of the lowest active one, from a key frame on.
    private func follow(_ stream: ProducerStream, isKeyFrame: Bool) -> Bool {
        if let current, current.receive.isActive, producer.streams[current.encoding] === current { return false }
        guard stream.codec.video == nil || isKeyFrame, producer.lowestActiveStream === stream else { return false }
        current = stream
        needsSync = true
        send.resetScore()
        return true
    }

    private func synchronize(to header: borrowing PacketHeader, of stream: ProducerStream, now: Instant) {
        needsSync = false
        // A frame that was cut off shows as incomplete by a gap of one.
        send.synchronize(to: header.sequence, gap: lastWasMarked || !isVideo ? 0 : 1)
        guard let newest = send.newestTimestamp, let lastSent else {
            send.synchronize(timestamp: header.timestamp, to: header.timestamp)
            return
        }
        let continued = send.timestamp(for: header.timestamp)
        let elapsed = max(0, (now - lastSent).wholeNanoseconds) / 1000
        let ticks = UInt32(truncatingIfNeeded: elapsed &* Int64(send.parameters.clockRate) / 1_000_000)
        // Where the source's own clock goes on about as time did, it is kept; else time itself is taken.
        let error = Int64(Int32(bitPattern: continued &- newest &- ticks))
        if continued != newest, Int32(bitPattern: continued &- newest) > 0,
            abs(error) < Int64(send.parameters.clockRate) * 2
        {
            return
        }
        send.synchronize(timestamp: header.timestamp, to: newest &+ max(1, ticks))
    }

    /// Sends again what the viewer misses.
    func resend(_ sequence: UInt16, now: Instant) {
        guard isActive, case .packet(let sent) = send.resend(sequence, now: now) else { return }
        let encoding = Int(sent.encoding)
        guard encoding < producer.streams.count, let stream = producer.streams[encoding],
            let id = stream.receive.store.find(sequence: sent.source), let stored = stream.receive.store.packet(id)
        else { return }
        let payloadType = payloadTypes[Int(stored.header.payloadType & 0x7F)]
        guard payloadType != 0xFF else { return }
        let rtxType = rtxPayloadTypes[Int(payloadType)]
        let usesRTX = send.parameters.rtxSSRC != nil && rtxType != 0xFF
        // Under an AEAD two packets of one index would give the key away: no RTX, no retransmission.
        guard usesRTX || !transport.sealsOnce else { return }
        var length = 12 + extensions.length(for: stored.header.extensions.present) + Int(stored.payloadLength)
        length += transport.sealOverhead + (usesRTX ? RTXPayload.headerLength : 0)
        let newest = send.newestOutput
        let output = newest &+ Int64(Int32(bitPattern: sent.output &- UInt32(truncatingIfNeeded: newest)))
        var flags: SendIntent.Flags = stored.header.marker ? [.marker] : []
        flags.insert(usesRTX ? .rtx : .repeated)
        let intent = SendIntent(
            packet: id,
            index: UInt64(bitPattern: usesRTX ? send.takeRTXSequence() : output),
            timestamp: sent.timestamp,
            consumer: slot,
            length: UInt16(truncatingIfNeeded: length),
            originalSequence: sequence,
            stream: sent.encoding,
            payloadType: usesRTX ? rtxType : payloadType,
            flags: flags
        )
        guard transport.enqueue(intent, on: queue) else { return }
        send.countResent(sent, size: length, now: now)
    }

    // MARK: Key frames

    /// Whether it waits for a key frame of `stream` before it can show anything.
    func awaitsKeyFrame(of stream: ProducerStream) -> Bool {
        guard isActive, stream.codec.video != nil, needsSync || current == nil else { return false }
        return current === stream || (current == nil && producer.lowestActiveStream === stream)
    }

    /// Asks for a key frame of what is forwarded, or is going to be.
    func requestKeyFrame(now: Instant) {
        guard isActive, isVideo, let stream = current ?? producer.lowestActiveStream else { return }
        producer.requestKeyFrame(of: stream, now: now)
    }

    // MARK: States

    /// Finds out anew whether packets are forwarded.
    func update(now: Instant?) {
        let active = !isPaused && !producer.isPaused && transport.isReady && !isClosed
        guard active != isActive else { return }
        isActive = active
        if active {
            needsSync = true
            if let now { requestKeyFrame(now: now) }
        } else {
            transport.intents?.removeAll(of: slot)
            send.forgetSent()
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
            if current === former {
                current = nil
                needsSync = true
            }
        }
        requestKeyFrame(now: now)
    }

    /// Ends it; `leavingProducer` is false when the producer forgets all its consumers anyway.
    func close(leavingProducer: Bool = true) {
        guard !isClosed else { return }
        isClosed = true
        update(now: nil)
        if leavingProducer { producer.consumers.removeAll { $0 === self } }
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
