// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftProtobuf

extension PBRtpParameters {
    init(_ value: RtpParameters) {
        if let mid = value.mid { self.mid = mid }
        codecs = value.codecs.map(PBRtpCodecParameters.init)
        headerExtensions = value.headerExtensions.map(PBRtpHeaderExtensionParameters.init)
        encodings = value.encodings.map(PBRtpEncodingParameters.init)
        if let cname = value.rtcp.cname { rtcp.cname = cname }
        rtcp.reducedSize = value.rtcp.reducedSize
        if let msid = value.msid { self.msid = msid }
    }

    func decoded() throws(WorkerProtocolError) -> RtpParameters {
        RtpParameters(
            mid: hasMid ? mid : nil,
            codecs: try decodeAll(codecs) { message throws(WorkerProtocolError) in try message.decoded() },
            headerExtensions: try decodeAll(headerExtensions) { message throws(WorkerProtocolError) in
                try message.decoded()
            },
            encodings: try decodeAll(encodings) { message throws(WorkerProtocolError) in try message.decoded() },
            rtcp: RtcpParameters(cname: rtcp.hasCname ? rtcp.cname : nil, reducedSize: rtcp.reducedSize),
            msid: hasMsid ? msid : nil
        )
    }
}

extension PBRtpCodecParameters {
    init(_ value: RtpCodecParameters) {
        mimeType = value.mimeType
        payloadType = UInt32(value.payloadType)
        clockRate = value.clockRate
        if let channels = value.channels { self.channels = UInt32(channels) }
        parameters = value.parameters.mapValues(PBParameterValue.init)
        rtcpFeedback = value.rtcpFeedback.map { feedback in
            .with { ($0.type, $0.parameter) = (feedback.type, feedback.parameter) }
        }
    }

    func decoded() throws(WorkerProtocolError) -> RtpCodecParameters {
        RtpCodecParameters(
            mimeType: mimeType,
            payloadType: try narrow(payloadType),
            clockRate: clockRate,
            channels: hasChannels ? try narrow(channels) as UInt8 : nil,
            parameters: try decodeAll(parameters) { message throws(WorkerProtocolError) in try message.decoded() },
            rtcpFeedback: rtcpFeedback.map { RtcpFeedback(type: $0.type, parameter: $0.parameter) }
        )
    }
}

extension PBParameterValue {
    init(_ value: CodecParameterValue) {
        switch value {
        case .string(let text): self.text = text
        case .integer(let number): integer = Int64(number)
        }
    }

    func decoded() throws(WorkerProtocolError) -> CodecParameterValue {
        switch value {
        case .text(let text): .string(text)
        case .integer(let number): .integer(try narrow(number))
        case nil: throw .malformed
        }
    }
}

extension PBRtpHeaderExtensionParameters {
    init(_ value: RtpHeaderExtensionParameters) {
        uri = value.uri
        id = UInt32(value.id)
        encrypt = value.encrypt
        parameters = value.parameters.mapValues(PBParameterValue.init)
    }

    func decoded() throws(WorkerProtocolError) -> RtpHeaderExtensionParameters {
        RtpHeaderExtensionParameters(
            uri: uri,
            id: try narrow(id),
            encrypt: encrypt,
            parameters: try decodeAll(parameters) { message throws(WorkerProtocolError) in try message.decoded() }
        )
    }
}

extension PBRtpEncodingParameters {
    init(_ value: RtpEncodingParameters) {
        if let ssrc = value.ssrc { self.ssrc = ssrc }
        if let rid = value.rid { self.rid = rid }
        if let payloadType = value.codecPayloadType { codecPayloadType = UInt32(payloadType) }
        if let rtx = value.rtx { rtxSsrc = rtx.ssrc }
        dtx = value.dtx
        if let mode = value.scalabilityMode { scalabilityMode = mode }
        if let factor = value.scaleResolutionDownBy { scaleResolutionDownBy = factor }
        if let bitrate = value.maxBitrate { maxBitrate = Int64(bitrate) }
        if let framerate = value.maxFramerate { maxFramerate = framerate }
        if let adaptive = value.adaptivePtime { adaptivePtime = adaptive }
    }

    func decoded() throws(WorkerProtocolError) -> RtpEncodingParameters {
        RtpEncodingParameters(
            ssrc: hasSsrc ? ssrc : nil,
            rid: hasRid ? rid : nil,
            codecPayloadType: hasCodecPayloadType ? try narrow(codecPayloadType) as UInt8 : nil,
            rtx: hasRtxSsrc ? RtpEncodingParameters.Rtx(ssrc: rtxSsrc) : nil,
            dtx: dtx,
            scalabilityMode: hasScalabilityMode ? scalabilityMode : nil,
            scaleResolutionDownBy: hasScaleResolutionDownBy ? scaleResolutionDownBy : nil,
            maxBitrate: hasMaxBitrate ? try narrow(maxBitrate) as Int : nil,
            maxFramerate: hasMaxFramerate ? maxFramerate : nil,
            adaptivePtime: hasAdaptivePtime ? adaptivePtime : nil
        )
    }
}

extension PBRtpMapping {
    init(_ value: RtpMapping) {
        codecs = value.codecs.map(PBRtpCodecMapping.init)
        encodings = value.encodings.map { encoding in
            .with {
                if let ssrc = encoding.ssrc { $0.ssrc = ssrc }
                if let rid = encoding.rid { $0.rid = rid }
                if let mode = encoding.scalabilityMode { $0.scalabilityMode = mode }
                $0.mappedSsrc = encoding.mappedSsrc
            }
        }
    }

    func decoded() throws(WorkerProtocolError) -> RtpMapping {
        RtpMapping(
            codecs: try decodeAll(codecs) { message throws(WorkerProtocolError) in try message.decoded() },
            encodings: encodings.map { encoding in
                RtpEncodingMapping(
                    ssrc: encoding.hasSsrc ? encoding.ssrc : nil,
                    rid: encoding.hasRid ? encoding.rid : nil,
                    scalabilityMode: encoding.hasScalabilityMode ? encoding.scalabilityMode : nil,
                    mappedSsrc: encoding.mappedSsrc
                )
            }
        )
    }
}

extension PBRtpCodecMapping {
    init(_ value: RtpCodecMapping) {
        payloadType = UInt32(value.payloadType)
        mappedPayloadType = UInt32(value.mappedPayloadType)
    }

    func decoded() throws(WorkerProtocolError) -> RtpCodecMapping {
        RtpCodecMapping(payloadType: try narrow(payloadType), mappedPayloadType: try narrow(mappedPayloadType))
    }
}
