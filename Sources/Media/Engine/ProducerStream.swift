// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletStreams
import SwiftletWire

/// What arrives on one encoding of a producer under one SSRC.
final class ProducerStream {
    /// The encoding's index in its producer.
    let encoding: Int
    let ssrc: UInt32
    /// The SSRC in the router.
    let mappedSSRC: UInt32
    let rid: String?
    let codec: ProducerCodec
    let receive: ReceiveStream
    var keyFrames: KeyFrameRequester
    /// When to see whether the newest key frame served everybody, and how long to wait for that after the next.
    private var servedCheck: Instant?
    private var servedDelay = ProducerStream.shortestServedDelay
    /// A key frame has passed, with what is repaired of it, after 500 ms; where none ever serves, ask every 4 s.
    private static let shortestServedDelay = Duration.milliseconds(500)
    private static let longestServedDelay = Duration.seconds(4)
    private var firNumber: UInt8 = 0
    /// The first and the largest extended number that were stored.
    private(set) var firstSequence = Int64.max
    private(set) var newestSequence = Int64.min
    /// Reads what packets say of their frames.
    var reader = FrameReader()
    /// What each layer brings.
    var rates: LayerRates
    /// Whether it has layers that come and go, as they were when last looked at, and when to look again.
    private let watchesLayers: Bool
    private var knownActive: UInt8 = 0
    private var knownSettled: UInt8 = 0
    private var layerDeadline: Instant?
    /// The decode targets that the sender produces, as its newest descriptor says.
    private var activeTargets = UInt32.max
    /// Whether any packet was recognised as the beginning of a key frame.
    private(set) var showedKeyFrame = false
    var pliCount: UInt64 = 0
    var firCount: UInt64 = 0

    init(encoding: Int, ssrc: UInt32, producer: Producer, codec: ProducerCodec, pool: PacketPool) {
        (self.encoding, self.ssrc, self.codec) = (encoding, ssrc, codec)
        watchesLayers = producer.layers.hasChoice
        mappedSSRC =
            encoding < producer.mapping.encodings.count ? producer.mapping.encodings[encoding].mappedSsrc : ssrc
        rid = producer.parameters.encodings[encoding].rid
        keyFrames = KeyFrameRequester(delay: .milliseconds(Int64(producer.keyFrameRequestDelay)))
        let dtx = codec.usesDTX || producer.parameters.encodings[encoding].dtx
        rates = dtx ? LayerRates(window: .seconds(6), silence: .seconds(5)) : LayerRates()
        receive = ReceiveStream(
            ReceiveStream.Parameters(
                kind: producer.kind == .video ? .video : .audio,
                ssrc: ssrc,
                payloadType: codec.payloadType,
                clockRate: codec.parameters.clockRate,
                usesNack: codec.usesNack,
                usesDTX: dtx,
                watchesInactivity: producer.parameters.encodings.count > 1
            ),
            pool: pool
        )
    }

    /// Takes note of a packet that was stored.
    @inline(__always)
    func noteStored(_ header: borrowing PacketHeader) {
        if header.sequence > newestSequence { newestSequence = header.sequence }
        if header.sequence < firstSequence { firstSequence = header.sequence }
        if header.isKeyFrame { showedKeyFrame = true }
    }

    /// The number of the first packet of the frame that a stored packet belongs to, if it can be told: what comes before
    /// it is of another moment, or there is nothing.
    func frameStart(of header: borrowing PacketHeader) -> Int64? {
        var sequence = header.sequence
        for _ in 0..<Self.frameLimit {
            guard sequence > firstSequence else { return sequence }
            guard let id = receive.store.find(sequence: sequence &- 1), let before = receive.store.packet(id) else {
                return nil
            }
            if before.header.timestamp != header.timestamp { return sequence }
            sequence &-= 1
        }
        return nil
    }

    /// Packets of one frame that are walked over to find its first.
    private static let frameLimit = 512

    /// The number of the next full intra request, which no two requests share, RFC 5104 §4.3.1.2.
    func takeFIRNumber() -> UInt8 {
        defer { firNumber &+= 1 }
        return firNumber
    }

    /// A key frame began to arrive: whoever asked is served, unless its packets came in an order that some could not
    /// use.
    func keyFrameReceived(now: Instant) {
        keyFrames.received()
        if servedCheck == nil { servedCheck = now + servedDelay }
    }

    /// Whether to ask once more for those whom the last key frame did not serve.
    func takeServedCheck(now: Instant, isAwaited: () -> Bool) -> Bool {
        guard let due = servedCheck, due <= now else { return false }
        servedCheck = nil
        guard isAwaited() else {
            servedDelay = Self.shortestServedDelay
            return false
        }
        servedDelay = min(servedDelay * 2, Self.longestServedDelay)
        return true
    }

    /// Whether layers fell silent, or have come for a while, since the last call.
    func takeLayerChange(now: Instant) -> Bool {
        if let layerDeadline, now < layerDeadline { return false }
        let (active, settled) = (rates.active(now: now), rates.settled(now: now))
        layerDeadline = rates.nextChange(after: now)
        guard active != knownActive || settled != knownSettled else { return false }
        (knownActive, knownSettled) = (active, settled)
        return true
    }

    /// When something about this stream is due.
    var nextDeadline: Instant? {
        var next = SwiftletWire.earliest(receive.nextDeadline, keyFrames.nextDeadline)
        next = SwiftletWire.earliest(next, servedCheck)
        if watchesLayers { next = SwiftletWire.earliest(next, layerDeadline) }
        return next
    }

    /// The decode targets that `frame` speaks of.
    @inline(__always)
    func decodeTargets(of frame: borrowing FrameDescription) -> DecodeTargets {
        frame.form == .dependency ? reader.targets(of: frame) : .none
    }

    /// Counts a packet into its layer.
    ///
    /// - Returns: Whether layers came, or went as the packet says.
    @inline(__always)
    func countLayer(_ frame: borrowing FrameDescription, size: Int, now: Instant) -> Bool {
        var isChanged = false
        if watchesLayers, frame.flags.contains(.start), frame.spatialCount > 1 {
            isChanged = expectLayers(frame, now: now)
        }
        guard rates.add(spatial: frame.spatial, temporal: frame.temporal, bytes: size, now: now) || isChanged else {
            return false
        }
        guard watchesLayers else { return false }
        knownActive = rates.active(now: now)
        layerDeadline = SwiftletWire.earliest(layerDeadline, rates.nextChange(after: now))
        return true
    }

    /// Takes layers to be there or gone as soon as the stream says so.
    ///
    /// So the first key frame serves everybody, and not only those who want the lowest layer; and who watches a layer
    /// that ends need not wait for it to fall silent. What is announced and does not come falls silent soon.
    private func expectLayers(_ frame: FrameDescription, now: Instant) -> Bool {
        let begins = frame.spatial == 0 && (frame.flags.contains(.intra) || frame.flags.contains(.structure))
        let active = rates.active(now: now)
        if frame.form != .dependency {
            guard begins else { return false }
            return expect(UInt8(truncatingIfNeeded: (1 << UInt16(min(frame.spatialCount, 8))) - 1) & ~active, now: now)
        }
        guard begins || frame.activeTargets != activeTargets else { return false }
        activeTargets = frame.activeTargets
        let targets = reader.targets(of: frame)
        guard targets.count > 0 else { return false }
        var produced: UInt8 = 0
        for index in 0..<targets.count where frame.activeTargets >> UInt32(index) & 1 == 1 {
            produced |= 1 << (targets.layers(of: index).spatial & 7)
        }
        let gone = active & ~produced
        for spatial in 0..<8 where gone >> UInt8(spatial) & 1 == 1 { rates.silence(spatial: spatial) }
        let isExpecting = begins && expect(produced & ~active, now: now)
        return isExpecting || gone != 0
    }

    private func expect(_ spatialLayers: UInt8, now: Instant) -> Bool {
        for spatial in 0..<8 as Range<UInt8> where spatialLayers >> spatial & 1 == 1 {
            rates.add(spatial: spatial, temporal: 0, bytes: 1, now: now)
        }
        return spatialLayers != 0
    }
}
