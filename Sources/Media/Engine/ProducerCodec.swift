// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletRTP

/// One codec of a producer, with what its packets have to be treated by.
struct ProducerCodec {
    let parameters: RtpCodecParameters
    /// The payload type in the router.
    let mappedPayloadType: UInt8
    /// The media payload type that this one repairs, for RTX.
    let repairs: UInt8?
    /// What key frames are found by; `nil` where they cannot be.
    let video: VideoCodec?
    let usesNack: Bool
    let usesPLI: Bool
    let usesFIR: Bool
    let usesTransportFeedback: Bool
    let usesREMB: Bool
    let usesDTX: Bool

    var payloadType: UInt8 { parameters.payloadType }
    var isRTX: Bool { repairs != nil }
    /// Whether packets carry earlier ones again, RFC 2198.
    let isRED: Bool
    let isOpus: Bool

    init(_ parameters: RtpCodecParameters, mapping: RtpMapping) {
        self.parameters = parameters
        mappedPayloadType =
            mapping.codecs.first { $0.payloadType == parameters.payloadType }?.mappedPayloadType
            ?? parameters.payloadType
        let name = parameters.mimeType.lowercased()
        let subtype = name.split(separator: "/", maxSplits: 1).last.map(String.init) ?? ""
        repairs =
            subtype == "rtx" ? parameters.parameters["apt"]?.integer.flatMap { UInt8(exactly: $0) } ?? 0xFF : nil
        (isRED, isOpus) = (name == "audio/red", name == "audio/opus" || name == "audio/multiopus")
        video = name.hasPrefix("video/") ? VideoCodec(subtype: subtype) : nil
        let has = { (type: String, parameter: String) in
            parameters.rtcpFeedback.contains { $0.type.lowercased() == type && $0.parameter.lowercased() == parameter }
        }
        usesNack = has("nack", "")
        usesPLI = has("nack", "pli")
        usesFIR = has("ccm", "fir")
        usesTransportFeedback = has("transport-cc", "")
        usesREMB = has("goog-remb", "")
        usesDTX = parameters.parameters["usedtx"]?.integer == 1
    }
}

/// What a payload type means, as far as every packet has to know.
struct PayloadKind {
    var isKnown = false
    /// The media payload type that this one repairs, for RTX, else 0xFF.
    var repairs: UInt8 = 0xFF
    /// What key frames are found by.
    var video: VideoCodec?
    var isRTX = false
    var isRED = false
    var isOpus = false
}

/// The codecs of a producer by payload type.
struct ProducerCodecs {
    let all: [ProducerCodec]
    private var kinds = [PayloadKind](repeating: PayloadKind(), count: 128)

    init(_ parameters: RtpParameters, mapping: RtpMapping) {
        all = parameters.codecs.map { ProducerCodec($0, mapping: mapping) }
        for codec in all where codec.payloadType < 128 {
            kinds[Int(codec.payloadType)] = PayloadKind(
                isKnown: true,
                repairs: codec.repairs ?? 0xFF,
                video: codec.video,
                isRTX: codec.isRTX,
                isRED: codec.isRED,
                isOpus: codec.isOpus
            )
        }
    }

    /// What `payloadType` means.
    @inline(__always)
    func kind(of payloadType: UInt8) -> PayloadKind { kinds[Int(payloadType & 0x7F)] }

    subscript(payloadType: UInt8) -> ProducerCodec? { all.first { $0.payloadType == payloadType } }

    /// The media codec of an encoding: the one it names, else the first.
    func media(of encoding: RtpEncodingParameters) -> ProducerCodec? {
        if let named = encoding.codecPayloadType { return self[named].flatMap { $0.isRTX ? nil : $0 } }
        return all.first { !$0.isRTX }
    }

    /// The RTX payload type that repairs `payloadType`.
    func rtx(for payloadType: UInt8) -> UInt8? { all.first { $0.repairs == payloadType }?.payloadType }
}
