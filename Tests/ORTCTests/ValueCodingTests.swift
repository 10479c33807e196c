// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import Testing

@Suite("Values read and write the JSON that clients know")
struct ValueCodingTests {
    @Test("Every optional member may be absent or null")
    func optionalMembers() throws {
        let bare = try decode(
            RtpCapabilities.self,
            #"{"codecs": [{"mimeType": "audio/PCMU", "clockRate": 8000, "preferredPayloadType": 0}]}"#
        )
        #expect(bare.headerExtensions.isEmpty)
        #expect(
            bare.codecs == [
                RtpCodecCapability(
                    kind: .audio,
                    mimeType: "audio/PCMU",
                    preferredPayloadType: 0,
                    clockRate: 8000,
                    channels: 1
                )
            ]
        )
        let parameters = try decode(
            RtpParameters.self,
            #"{"codecs": [], "mid": null, "encodings": [{"ssrc": null, "rid": null, "rtx": null, "maxBitrate": null}]}"#
        )
        #expect(parameters == RtpParameters(encodings: [RtpEncodingParameters()]))
        #expect(try decode(RtpCapabilities.self, #"{"codecs": null}"#) == RtpCapabilities())
    }

    @Test("Zero is a value: payload type 0, ssrc 0, bitrate 0")
    func zeroes() throws {
        let parameters = try decode(
            RtpParameters.self,
            #"""
            {"codecs": [{"mimeType": "audio/PCMU", "payloadType": 0, "clockRate": 8000}],
             "encodings": [{"ssrc": 0, "codecPayloadType": 0, "rtx": {"ssrc": 7}, "maxBitrate": 0}]}
            """#
        )
        #expect(parameters.codecs.first?.payloadType == 0)
        let encoding = try #require(parameters.encodings.first)
        #expect(encoding.ssrc == 0 && encoding.codecPayloadType == 0 && encoding.rtx?.ssrc == 7)
        #expect(encoding.maxBitrate == 0)
        _ = try ORTC.validatedProducer(parameters, kind: .audio)
    }

    @Test("A codec's kind is its MIME type's, whatever is said")
    func kindFromMimeType() throws {
        let codec = try decode(
            RtpCodecCapability.self,
            #"{"kind": "audio", "mimeType": "VIDEO/vp8", "clockRate": 90000, "channels": 2}"#
        )
        #expect(codec.kind == .video)
        #expect(codec.channels == nil)
        var mislabelled = video("VP8")
        mislabelled.kind = .audio
        #expect(try ORTC.validated(mislabelled).kind == .video)
    }

    @Test("Codec parameters are text or whole numbers, and what else clients send becomes one")
    func codecParameters() throws {
        let codec = try decode(
            RtpCodecCapability.self,
            #"""
            {"mimeType": "video/x", "clockRate": 90000,
             "parameters": {"t": "a", "i": 7, "d": 7.0, "f": 1.5, "b": true, "n": null, "big": 1e30}}
            """#
        )
        #expect(
            codec.parameters == ["t": "a", "i": 7, "d": 7, "f": "1.5", "b": 1, "n": "", "big": "1e+30"]
        )
        #expect(
            try decode(RtpCodecCapability.self, #"{"mimeType": "video/x", "clockRate": 1, "parameters": 5}"#).parameters
                .isEmpty
        )
    }

    @Test("dtx is off unless it is true, and reducedSize on unless it is false")
    func flags() throws {
        let parameters = try decode(
            RtpParameters.self,
            #"{"codecs": [], "encodings": [{"dtx": 1}, {"dtx": true}], "rtcp": {"reducedSize": 5}}"#
        )
        #expect(parameters.encodings.map(\.dtx) == [false, true])
        #expect(parameters.rtcp.reducedSize)
        #expect(try !decode(RtcpParameters.self, #"{"reducedSize": false}"#).reducedSize)
    }

    @Test("Capabilities and parameters survive being written and read")
    func roundTrip() throws {
        for value in [chromium, firefox, try router(video("VP8"), h264("42e01f"))] {
            let text = String(decoding: try Coder.encode(value), as: UTF8.self)
            #expect(try decode(RtpCapabilities.self, text) == value)
        }
        let parameters = try consumer(consumable(producer(chromium, 96), in: router(video("VP8"))), chromium)
        let text = String(decoding: try Coder.encode(parameters.rtpParameters), as: UTF8.self)
        #expect(try decode(RtpParameters.self, text) == parameters.rtpParameters)
    }

    @Test("A candidate says its address under the new name and the old one, and reads either")
    func candidates() throws {
        let candidate = IceCandidate(
            foundation: "udpcandidate",
            priority: 1,
            address: "192.0.2.1",
            protocol: .udp,
            port: 44444
        )
        let written = try members(candidate)
        #expect(written["ip"] == "192.0.2.1" && written["address"] == "192.0.2.1")
        #expect(written["type"] == "host" && written["tcpType"] == nil && written["protocol"] == "udp")
        let old =
            #"{"foundation": "f", "priority": 2, "ip": "::1", "protocol": "tcp", "port": 1, "type": "host", "tcpType": "passive"}"#
        #expect(try decode(IceCandidate.self, old).address == "::1")
    }

    @Test("Transports and statistics use the known member names")
    func memberNames() throws {
        let tuple = TransportTuple(localAddress: "a", localPort: 1, remoteIp: "b", remotePort: 2)
        #expect(Set(try members(tuple).keys) == ["localAddress", "localPort", "remoteIp", "remotePort", "protocol"])
        let stat = try members(WebRtcTransportStat(transportId: "t", timestamp: 1))
        #expect(stat["type"] == "webrtc-transport" && stat["dtlsState"] == "new" && stat["rtxSendBitrate"] == 0)
        #expect(stat["availableOutgoingBitrate"] == nil)
        let stream = RtpStreamStat(
            type: .outboundRtp,
            timestamp: 1,
            ssrc: 5,
            kind: .video,
            mimeType: "video/VP8",
            packetsLost: -3
        )
        #expect(try members(stream)["type"] == "outbound-rtp")
        #expect(try members(stream)["packetsLost"] == -3)
        #expect(try members(IceParameters(usernameFragment: "u", password: "p", iceLite: true))["iceLite"] == true)
    }

    @Test("A place to listen needs no more than protocol and address")
    func listenInfo() throws {
        let bare = try decode(TransportListenInfo.self, #"{"protocol": "udp", "ip": "::", "flags": {}}"#)
        #expect(bare == TransportListenInfo(protocol: .udp, ip: "::"))
        let full = try decode(
            TransportListenInfo.self,
            #"""
            {"protocol": "tcp", "ip": "1.2.3.4", "announcedAddress": "sfu.example", "exposeInternalIp": true, "port": 7,
             "portRange": {"min": 1, "max": 2}, "flags": {"ipv6Only": true}, "sendBufferSize": 9}
            """#
        )
        #expect(full.portRange == TransportPortRange(min: 1, max: 2) && full.flags.ipv6Only && full.sendBufferSize == 9)
    }

    @Test("An application's data keeps its shape")
    func jsonValue() throws {
        let value: JSONValue = ["a": [1, 2.5, "x", true, nil], "b": ["c": -7]]
        #expect(try decode(JSONValue.self, String(decoding: try Coder.encode(value), as: UTF8.self)) == value)
        #expect(value["b"]?["c"]?.integer == -7)
        #expect(value["a"]?["c"] == nil)
    }

    @Test(
        "A scalability mode is read from its start, and nonsense is one layer of each",
        arguments: [
            ("L1T3", 1, 3, false), ("L3T2_KEY", 3, 2, true), ("S2T1", 2, 1, false), ("L20T10", 20, 10, false),
            ("L1T3h", 1, 3, false), ("L3T3_KEY_SHIFT", 3, 3, true), ("L3T3_KE", 3, 3, false), ("", 1, 1, false),
            ("L0T1", 1, 1, false), ("foo", 1, 1, false), ("l1t3", 1, 1, false), ("L3", 1, 1, false),
            ("L123T2", 1, 1, false), ("XL1T3", 1, 1, false),
        ]
    )
    func scalabilityMode(text: String, spatial: Int, temporal: Int, ksvc: Bool) {
        let mode = ScalabilityMode(parsing: text)
        #expect(mode == ScalabilityMode(spatialLayers: spatial, temporalLayers: temporal, ksvc: ksvc))
    }
}
