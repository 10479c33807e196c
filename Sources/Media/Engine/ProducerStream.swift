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
    /// The largest extended number that was stored.
    var newestSequence = Int64.min
    var pliCount: UInt64 = 0
    var firCount: UInt64 = 0

    init(encoding: Int, ssrc: UInt32, producer: Producer, codec: ProducerCodec, pool: PacketPool) {
        (self.encoding, self.ssrc, self.codec) = (encoding, ssrc, codec)
        mappedSSRC =
            encoding < producer.mapping.encodings.count ? producer.mapping.encodings[encoding].mappedSsrc : ssrc
        rid = producer.parameters.encodings[encoding].rid
        keyFrames = KeyFrameRequester(delay: .milliseconds(Int64(producer.keyFrameRequestDelay)))
        let dtx = codec.usesDTX || producer.parameters.encodings[encoding].dtx
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

    /// The number of the next full intra request, which no two requests share, RFC 5104 §4.3.1.2.
    func takeFIRNumber() -> UInt8 {
        defer { firNumber &+= 1 }
        return firNumber
    }

    /// When something about this stream is due.
    var nextDeadline: Instant? { SwiftletWire.earliest(receive.nextDeadline, keyFrames.nextDeadline) }
}
