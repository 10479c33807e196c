// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletStreams
import SwiftletWire

/// Media that a peer sends, and who gets it.
final class Producer {
    let id: String
    /// Its handle in the transport's stream router.
    let handle: Int
    let transport: WebRtcTransport
    let kind: MediaKind
    let type: ProducerType
    let parameters: RtpParameters
    let mapping: RtpMapping
    let codecs: ProducerCodecs
    let keyFrameRequestDelay: UInt32
    private(set) var isPaused: Bool
    private(set) var isClosed = false
    /// By encoding; `nil` until the first packet.
    private(set) var streams: [ProducerStream?]
    /// In order of creation.
    var consumers: [Consumer] = []
    /// When reports about it were last due.
    var lastReport: Instant?

    init(
        _ request: ControlRequest.Produce,
        handle: Int,
        type: ProducerType,
        transport: WebRtcTransport
    ) {
        (id, kind, parameters) = (request.id, request.kind, request.rtpParameters)
        (mapping, isPaused, keyFrameRequestDelay) = (request.rtpMapping, request.paused, request.keyFrameRequestDelay)
        (self.handle, self.type, self.transport) = (handle, type, transport)
        codecs = ProducerCodecs(request.rtpParameters, mapping: request.rtpMapping)
        streams = Array(repeating: nil, count: max(1, request.rtpParameters.encodings.count))
    }

    var isVideo: Bool { kind == .video }

    /// The lowest encoding that packets come on.
    var lowestActiveStream: ProducerStream? {
        for stream in streams {
            if let stream, stream.receive.isActive { return stream }
        }
        return nil
    }

    /// The codec of an encoding's media, or the first.
    func codec(of encoding: Int) -> ProducerCodec? {
        encoding < parameters.encodings.count
            ? codecs.media(of: parameters.encodings[encoding]) : codecs.all.first { !$0.isRTX }
    }

    /// Begins a stream, or begins it anew under another SSRC.
    func beginStream(encoding: Int, ssrc: UInt32, now: Instant) -> ProducerStream? {
        guard encoding < streams.count, encoding < parameters.encodings.count, let codec = codec(of: encoding) else {
            return nil
        }
        let former = streams[encoding]
        let stream = ProducerStream(
            encoding: encoding,
            ssrc: ssrc,
            producer: self,
            codec: codec,
            pool: transport.board.pool
        )
        if isPaused { stream.receive.pause() }
        streams[encoding] = stream
        for consumer in consumers { consumer.streamBegan(stream, instead: former, now: now) }
        return stream
    }

    /// Hands a stored packet to every consumer; `first` rotates who is served first.
    @inline(__always)
    func forward(
        _ packet: PacketID,
        _ header: borrowing PacketHeader,
        payload: Int,
        from stream: ProducerStream,
        isResynchronized: Bool,
        first: Int,
        now: Instant
    ) {
        // Held once, not looked up for every consumer.
        let consumers = consumers
        let count = consumers.count
        guard count > 0 else { return }
        var index = first % count
        for _ in 0..<count {
            consumers[index].forward(
                packet,
                header,
                payload: payload,
                from: stream,
                isResynchronized: isResynchronized,
                now: now
            )
            index &+= 1
            if index == count { index = 0 }
        }
    }

    // MARK: Control

    /// Stops forwarding.
    func pause() {
        guard !isPaused else { return }
        isPaused = true
        for stream in streams { stream?.receive.pause() }
        for consumer in consumers { consumer.producerPaused() }
    }

    /// Forwards again; video from the next key frame on.
    func resume(now: Instant) {
        guard isPaused else { return }
        isPaused = false
        for stream in streams { stream?.receive.resume() }
        for consumer in consumers { consumer.producerResumed(now: now) }
    }

    /// Ends it with its consumers, who tell the host.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for consumer in consumers {
            transport.board.notify(.consumerProducerClosed(consumerId: consumer.id))
            consumer.close(leavingProducer: false)
        }
        consumers.removeAll()
        for stream in streams { stream?.receive.store.removeAll() }
        transport.producerClosed(self)
    }

    // MARK: Key frames

    /// Whether any consumer waits for a key frame of `stream`.
    func isKeyFrameAwaited(on stream: ProducerStream) -> Bool {
        consumers.contains { $0.awaitsKeyFrame(of: stream) }
    }

    /// Somebody wants a key frame of `stream`.
    func requestKeyFrame(of stream: ProducerStream, now: Instant) {
        guard isVideo, !isPaused else { return }
        if stream.keyFrames.request(now: now) { transport.sendKeyFrameRequest(stream, of: self, now: now) }
        transport.board.schedule(transport.slot, noLaterThan: stream.keyFrames.nextDeadline)
    }

    /// A key frame is needed whatever was asked before.
    func forceKeyFrame(of stream: ProducerStream, now: Instant) {
        guard isVideo, !isPaused, !consumers.isEmpty else { return }
        if stream.keyFrames.force(now: now) { transport.sendKeyFrameRequest(stream, of: self, now: now) }
        transport.board.schedule(transport.slot, noLaterThan: stream.keyFrames.nextDeadline)
    }

    // MARK: Reports

    /// Scores by encoding, for the host.
    var scores: [ProducerScore] {
        streams.compactMap { stream in
            guard let stream else { return nil }
            return ProducerScore(
                encodingIdx: stream.encoding,
                ssrc: stream.ssrc,
                rid: stream.rid,
                score: Int(stream.receive.score)
            )
        }
    }

    /// Tells the host and the consumers if a score changed.
    func publishScores() {
        var changed = false
        for stream in streams where stream?.receive.takeScoreChange() != nil { changed = true }
        guard changed else { return }
        transport.board.notify(.producerScore(producerId: id, scores: scores))
        for consumer in consumers { consumer.publishScore() }
    }
}
