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
    /// - Returns: Whether the layer was silent before.
    @inline(__always)
    func countLayer(_ frame: borrowing FrameDescription, size: Int, now: Instant) -> Bool {
        if watchesLayers, knownActive == 0 { expectLayers(frame, now: now) }
        guard rates.add(spatial: frame.spatial, temporal: frame.temporal, bytes: size, now: now), watchesLayers else {
            return false
        }
        knownActive = rates.active(now: now)
        layerDeadline = SwiftletWire.earliest(layerDeadline, rates.nextChange(after: now))
        return true
    }

    /// Takes the layers that a stream announces with its first picture to be there.
    ///
    /// So the first key frame serves everybody, and not only those who want the lowest layer. What does not come falls
    /// silent soon.
    private func expectLayers(_ frame: borrowing FrameDescription, now: Instant) {
        guard !frame.flags.isDisjoint(with: [.intra, .structure]), frame.spatialCount > 1 else { return }
        for spatial in 1..<frame.spatialCount { rates.add(spatial: spatial, temporal: 0, bytes: 1, now: now) }
    }
}
