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
    let transport: Transport
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
    /// Who listens to how loud it is.
    var taps: [RtpObserverTap] = []
    /// When reports about it were last due.
    var lastReport: Instant?
    /// What layers it announced.
    let layers: ProducerLayers
    /// What its viewers want.
    var demand: DemandTracker
    var trace: TraceFilter = []
    /// How pictures are to be turned, as on the wire; `nil` before it was said.
    private var orientation: UInt8?
    private var costs: (at: Instant, value: LayerCosts)?

    init(
        _ request: ControlRequest.Produce,
        handle: Int,
        type: ProducerType,
        transport: Transport
    ) {
        (id, kind, parameters) = (request.id, request.kind, request.rtpParameters)
        (mapping, isPaused, keyFrameRequestDelay) = (request.rtpMapping, request.paused, request.keyFrameRequestDelay)
        (self.handle, self.type, self.transport) = (handle, type, transport)
        codecs = ProducerCodecs(request.rtpParameters, mapping: request.rtpMapping)
        streams = Array(repeating: nil, count: max(1, request.rtpParameters.encodings.count))
        layers = ProducerLayers(type, request.rtpParameters)
        demand = DemandTracker(layers, encodings: max(1, request.rtpParameters.encodings.count))
    }

    var isVideo: Bool { kind == .video }

    /// Its encodings as its router's consumers know them, lowest first.
    var consumableEncodings: [RtpEncodingParameters] {
        zip(parameters.encodings, mapping.encodings).map { encoding, mapped in
            var encoding = encoding
            (encoding.rid, encoding.rtx, encoding.codecPayloadType) = (nil, nil, nil)
            encoding.ssrc = mapped.mappedSsrc
            return encoding
        }
    }

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
        for tap in taps { tap.observer.setPaused(true, tap.place) }
    }

    /// Forwards again; video from the next key frame on.
    func resume(now: Instant) {
        guard isPaused else { return }
        isPaused = false
        for stream in streams { stream?.receive.resume() }
        for consumer in consumers { consumer.producerResumed(now: now) }
        for tap in taps { tap.observer.setPaused(false, tap.place) }
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
        for tap in taps { tap.observer.remove(self) }
        for stream in streams { stream?.receive.store.removeAll() }
        transport.producerClosed(self)
    }

    // MARK: Layers

    /// What each choice of layers costs at present; looked at ten times a second at most.
    func layerCosts(now: Instant) -> LayerCosts {
        if let costs, now - costs.at < .milliseconds(100) { return costs.value }
        var value = LayerCosts()
        switch layers.kind {
        case .none: value[0, 0] = streams.first??.receive.bitrate(now: now) ?? 1
        case .scalable:
            if let stream = streams[0] { value = stream.rates.costs(isCumulative: !layers.isKSVC, now: now) }
        case .streams:
            for spatial in 0..<min(layers.spatial, LayerCosts.spatialLimit) {
                guard let stream = streams[spatial], stream.receive.isActive else { continue }
                let own = stream.rates.costs(isCumulative: false, now: now)
                for temporal in 0..<LayerCosts.temporalLimit { value[spatial, temporal] = own[0, temporal] }
            }
        }
        costs = (now, value)
        return value
    }

    /// The spatial layers that have come for a while, a bit each.
    func settledLayers(now: Instant) -> UInt8 {
        guard layers.kind == .streams else { return streams.first??.rates.settled(now: now) ?? .max }
        var settled: UInt8 = 0
        for (index, stream) in streams.enumerated() where index < 8 {
            if let stream, stream.rates.settled(now: now) & 1 != 0 { settled |= 1 << UInt8(index) }
        }
        return settled
    }

    /// Layers came or went: its consumers choose anew.
    func layersChanged(now: Instant) {
        costs = nil
        guard layers.hasChoice else { return }
        for consumer in consumers { consumer.choose(now: now) }
        demandChanged()
    }

    /// What viewers want may have changed; found out once, however many did.
    func demandChanged() {
        guard layers.hasChoice, !isClosed, !demand.isDirty else { return }
        demand.isDirty = true
        transport.board.schedule(transport.slot, noLaterThan: Instant(nanoseconds: 0))
    }

    /// When to look at what is wanted.
    var demandDeadline: Instant? {
        guard layers.hasChoice else { return nil }
        return demand.isDirty ? Instant(nanoseconds: 0) : demand.nextDeadline
    }

    /// Tells the host what is wanted, if that has changed.
    func updateDemand(now: Instant) {
        guard let told = demand.update(self, now: now) else { return }
        transport.board.notify(.producerDemand(producerId: id, demand: told))
    }

    /// The camera was turned, or was not.
    @inline(__always)
    func turn(to value: UInt8) {
        guard value != orientation else { return }
        orientation = value
        transport.board.notify(
            .producerVideoOrientationChanged(producerId: id, orientation: ProducerVideoOrientation(wire: value))
        )
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
