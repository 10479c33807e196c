// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletRTP

/// Which payload type a consumer's packets leave under, by the one that they came with.
///
/// A few pairs rather than a table of 128: a consumer has a handful of codecs, and there are many consumers.
struct ConsumerPayloadTypes {
    /// What becomes of a packet.
    struct Way {
        var source: UInt8
        var sent: UInt8
        /// RTX, or 0xFF without.
        var rtx: UInt8
        /// Whether the consumer gets the primary block of a RED packet alone.
        var isUnwrapped = false
        /// Whether the payload types inside a RED packet are others for this consumer.
        var isRewritten = false
    }

    private var ways: [Way] = []
    /// The way of most packets, found without a walk.
    private var usual = Way(source: 0xFF, sent: 0xFF, rtx: 0xFF)
    private let rtxTypes: [(UInt8, UInt8)]
    /// What replaces the payload types inside a RED packet.
    private(set) var inside = PayloadTypeMapping()

    init(_ request: ControlRequest.Consume, of producer: Producer) {
        var pairs: [(UInt8, UInt8)] = []
        for codec in request.rtpParameters.codecs where Consumer.isRTX(codec) {
            if let apt = codec.parameters["apt"]?.integer.flatMap({ UInt8(exactly: $0) }) {
                pairs.append((apt, codec.payloadType))
            }
        }
        rtxTypes = pairs
        let own = { (codec: ProducerCodec) in
            request.codecMapping.first { $0.payloadType == codec.mappedPayloadType }?.mappedPayloadType
        }
        let hasRED = request.rtpParameters.codecs.contains { $0.mimeType.lowercased() == "audio/red" }
        for codec in producer.codecs.all where !codec.isRTX && codec.payloadType < 128 {
            if codec.isRED, !hasRED {
                // What is inside is the first codec that is no RED itself.
                let sound = producer.codecs.all.first { !$0.isRTX && !$0.isRED }
                guard let sent = sound.flatMap(own), sent < 128 else { continue }
                ways.append(Way(source: codec.payloadType, sent: sent, rtx: rtx(for: sent) ?? 0xFF, isUnwrapped: true))
            } else if let sent = own(codec), sent < 128 {
                var way = Way(source: codec.payloadType, sent: sent, rtx: rtx(for: sent) ?? 0xFF)
                if codec.isRED {
                    for other in producer.codecs.all where !other.isRTX && !other.isRED {
                        guard let sent = own(other), sent != other.payloadType else { continue }
                        way.isRewritten = true
                        inside.replace(other.payloadType, by: sent)
                    }
                }
                ways.append(way)
            }
        }
        if let first = ways.first { usual = first }
    }

    /// What becomes of packets with `payloadType`, or `nil` for what is not for this consumer.
    @inline(__always)
    func way(of payloadType: UInt8) -> Way? {
        if usual.source == payloadType { return usual }
        for way in ways where way.source == payloadType { return way }
        return nil
    }

    /// The RTX payload type for media sent as `payloadType`.
    func rtx(for payloadType: UInt8) -> UInt8? { rtxTypes.first { $0.0 == payloadType }?.1 }
}
