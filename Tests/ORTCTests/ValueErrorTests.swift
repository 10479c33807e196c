// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import Testing

@Suite("Errors of peers' objects name the field")
struct ValueErrorTests {
    @Test(
        "Bad capabilities are refused",
        arguments: [
            ("[]", "caps is not an object"), ("7", "caps is not an object"),
            (#"{"codecs": "VP8"}"#, "caps.codecs is not an array"),
            (#"{"headerExtensions": {}}"#, "caps.headerExtensions is not an array"),
            (#"{"codecs": [5]}"#, "codec is not an object"),
            (#"{"codecs": [null]}"#, "codec is not an object"),
            (#"{"codecs": [{"clockRate": 90000}]}"#, "missing codec.mimeType"),
            (#"{"codecs": [{"mimeType": 5, "clockRate": 90000}]}"#, "missing codec.mimeType"),
            (#"{"codecs": [{"mimeType": "VP8", "clockRate": 90000}]}"#, "invalid codec.mimeType"),
            (#"{"codecs": [{"mimeType": "text/VP8", "clockRate": 90000}]}"#, "invalid codec.mimeType"),
            (#"{"codecs": [{"mimeType": "video/", "clockRate": 90000}]}"#, "invalid codec.mimeType"),
            (#"{"codecs": [{"mimeType": "video/VP8"}]}"#, "missing codec.clockRate"),
            (#"{"codecs": [{"mimeType": "video/VP8", "clockRate": "90000"}]}"#, "missing codec.clockRate"),
            (#"{"codecs": [{"mimeType": "video/VP8", "clockRate": 0}]}"#, "missing codec.clockRate"),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "clockRate": 90000, "preferredPayloadType": "96"}]}"#,
                "invalid codec.preferredPayloadType"
            ),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "clockRate": 90000, "preferredPayloadType": 9.5}]}"#,
                "invalid codec.preferredPayloadType"
            ),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "clockRate": 90000, "preferredPayloadType": 128}]}"#,
                "invalid codec.preferredPayloadType [mimeType:video/VP8]"
            ),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "clockRate": 90000, "parameters": {"x": []}}]}"#,
                "invalid codec parameter [key:x]"
            ),
            (
                #"{"codecs": [{"mimeType": "video/rtx", "clockRate": 90000, "parameters": {"apt": "96"}}]}"#,
                "invalid codec apt parameter"
            ),
            (
                #"{"codecs": [{"mimeType": "video/rtx", "clockRate": 90000, "parameters": {"apt": 300}}]}"#,
                "invalid codec apt parameter"
            ),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "clockRate": 90000, "rtcpFeedback": [1]}]}"#,
                "fb is not an object"
            ),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "clockRate": 90000, "rtcpFeedback": [{}]}]}"#,
                "missing fb.type"
            ),
            (#"{"headerExtensions": [true]}"#, "ext is not an object"),
            (#"{"headerExtensions": [{"uri": "a", "preferredId": 1}]}"#, "invalid ext.kind"),
            (#"{"headerExtensions": [{"kind": "text", "uri": "a", "preferredId": 1}]}"#, "invalid ext.kind"),
            (#"{"headerExtensions": [{"kind": "audio", "preferredId": 1}]}"#, "missing ext.uri"),
            (#"{"headerExtensions": [{"kind": "audio", "uri": "", "preferredId": 1}]}"#, "missing ext.uri"),
            (#"{"headerExtensions": [{"kind": "audio", "uri": "a"}]}"#, "missing ext.preferredId"),
            (
                #"{"headerExtensions": [{"kind": "audio", "uri": "a", "preferredId": 0}]}"#,
                "invalid ext.preferredId"
            ),
            (
                #"{"headerExtensions": [{"kind": "audio", "uri": "a", "preferredId": 1, "preferredEncrypt": 1}]}"#,
                "invalid ext.preferredEncrypt"
            ),
            (
                #"{"headerExtensions": [{"kind": "audio", "uri": "a", "preferredId": 1, "direction": "both"}]}"#,
                "invalid ext.direction"
            ),
        ]
    )
    func capabilities(json: String, message: String) {
        #expect(throws: invalid(message)) { try ORTC.validated(decode(RtpCapabilities.self, json)) }
    }

    @Test(
        "Bad parameters are refused",
        arguments: [
            ("null", "params is not an object"), (#""x""#, "params is not an object"),
            ("{}", "missing params.codecs"), (#"{"codecs": 5}"#, "missing params.codecs"),
            (#"{"codecs": [], "mid": 0}"#, "params.mid is not a string"),
            (#"{"codecs": [], "mid": ""}"#, "params.mid must be non empty"),
            (#"{"codecs": [], "mid": "12345678901234567"}"#, "params.mid is longer than 16 bytes"),
            (#"{"codecs": [], "mid": "0\r\na=x"}"#, "invalid params.mid"),
            (#"{"codecs": [], "headerExtensions": "x"}"#, "params.headerExtensions is not an array"),
            (#"{"codecs": [], "encodings": {}}"#, "params.encodings is not an array"),
            (#"{"codecs": [], "rtcp": []}"#, "rtcp is not an object"),
            (#"{"codecs": [], "rtcp": {"cname": 5}}"#, "invalid rtcp.cname"),
            (#"{"codecs": [], "rtcp": {"cname": "a\nb"}}"#, "invalid rtcp.cname"),
            (#"{"codecs": [{"mimeType": "video/VP8", "clockRate": 90000}]}"#, "missing codec.payloadType"),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "payloadType": "96", "clockRate": 90000}]}"#,
                "missing codec.payloadType"
            ),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "payloadType": 256, "clockRate": 90000}]}"#,
                "invalid codec.payloadType"
            ),
            (
                #"{"codecs": [{"mimeType": "video/VP8", "payloadType": 72, "clockRate": 90000}]}"#,
                "invalid codec.payloadType [mimeType:video/VP8]"
            ),
            (#"{"codecs": [], "headerExtensions": [{"uri": "a"}]}"#, "missing ext.id"),
            (#"{"codecs": [], "headerExtensions": [{"id": 1}]}"#, "missing ext.uri"),
            (#"{"codecs": [], "headerExtensions": [{"uri": "a", "id": 0}]}"#, "invalid ext.id"),
            (#"{"codecs": [], "headerExtensions": [{"uri": "a", "id": 1, "encrypt": "no"}]}"#, "invalid ext.encrypt"),
            (
                #"{"codecs": [], "headerExtensions": [{"uri": "a", "id": 1}, {"uri": "b", "id": 1}]}"#,
                "duplicated ext.id 1"
            ),
            (#"{"codecs": [], "encodings": [7]}"#, "encoding is not an object"),
            (#"{"codecs": [], "encodings": [{"ssrc": "1"}]}"#, "invalid encoding.ssrc"),
            (#"{"codecs": [], "encodings": [{"ssrc": 1.5}]}"#, "invalid encoding.ssrc"),
            (#"{"codecs": [], "encodings": [{"ssrc": 4294967296}]}"#, "invalid encoding.ssrc"),
            (#"{"codecs": [], "encodings": [{"rid": 1}]}"#, "invalid encoding.rid"),
            (#"{"codecs": [], "encodings": [{"rid": "a b"}]}"#, "invalid encoding.rid"),
            (#"{"codecs": [], "encodings": [{"rtx": 5}]}"#, "invalid encoding.rtx"),
            (#"{"codecs": [], "encodings": [{"rtx": {}}]}"#, "missing encoding.rtx.ssrc"),
            (#"{"codecs": [], "encodings": [{"scalabilityMode": 3}]}"#, "invalid encoding.scalabilityMode"),
            (#"{"codecs": [], "encodings": [{"maxBitrate": -1}]}"#, "invalid encoding.maxBitrate"),
        ]
    )
    func parameters(json: String, message: String) {
        #expect(throws: invalid(message)) { try ORTC.validated(decode(RtpParameters.self, json)) }
    }

    @Test("What one peer says cannot write a line into another's SDP")
    func lineBreaks() {
        let codec = RtpCodecParameters(
            mimeType: "video/VP8",
            payloadType: 96,
            clockRate: 90000,
            parameters: ["x": "1\r\na=candidate:1"]
        )
        #expect(throws: invalid("invalid codec parameter [key:\"x\"]")) {
            try ORTC.validated(RtpParameters(codecs: [codec]))
        }
        #expect(throws: invalid("invalid params.msid")) { try ORTC.validated(RtpParameters(msid: "a\nb")) }
        #expect(throws: invalid("invalid encoding.scalabilityMode")) {
            try ORTC.validated(RtpParameters(encodings: [RtpEncodingParameters(scalabilityMode: "L1T1\n")]))
        }
    }

    @Test("Lists and texts have limits")
    func limits() {
        let codec = audio("opus", nil, 48000, channels: 2)
        #expect(throws: invalid("too many caps.codecs")) {
            try ORTC.validated(RtpCapabilities(codecs: Array(repeating: codec, count: 129)))
        }
        #expect(throws: invalid("too many params.encodings")) {
            try ORTC.validated(RtpParameters(encodings: Array(repeating: RtpEncodingParameters(), count: 33)))
        }
        #expect(throws: invalid("invalid rtcp.cname")) {
            try ORTC.validated(RtpParameters(rtcp: RtcpParameters(cname: String(repeating: "x", count: 256))))
        }
    }

    @Test("Encrypted header extensions are not supported")
    func encryption() {
        let ext = RtpHeaderExtensionParameters(uri: URI.audioLevel, id: 1, encrypt: true)
        #expect(throws: unsupported("encrypted header extensions [uri:\(URI.audioLevel)]")) {
            try ORTC.validated(RtpParameters(headerExtensions: [ext]))
        }
    }

    @Test(
        "Bad DTLS parameters are refused",
        arguments: [
            (#"{}"#, invalid("missing dtlsParameters.fingerprints")),
            (#"{"fingerprints": []}"#, invalid("missing dtlsParameters.fingerprints")),
            (#"{"role": "both", "fingerprints": []}"#, invalid("invalid dtlsParameters.role")),
            (#"{"fingerprints": [{"value": "AA"}]}"#, invalid("missing fingerprint.algorithm")),
            (#"{"fingerprints": [{"algorithm": "sha-1"}]}"#, invalid("missing fingerprint.value")),
            (#"{"fingerprints": [{"algorithm": "sha-1", "value": "AA:BB"}]}"#, invalid("invalid fingerprint.value")),
            (
                #"{"fingerprints": [{"algorithm": "md5", "value": "AA"}]}"#,
                unsupported("no known fingerprint.algorithm")
            ),
        ]
    )
    func dtls(json: String, error: ORTCError) {
        #expect(throws: error) { try ORTC.validated(decode(DtlsParameters.self, json)) }
    }

    @Test("A fingerprint's letters may be of either case, and one known algorithm is enough")
    func fingerprintCase() throws {
        let digest = Array(repeating: "ab", count: 20).joined(separator: ":")
        let parameters = try ORTC.validated(
            decode(
                DtlsParameters.self,
                #"{"fingerprints": [{"algorithm": "md5", "value": "00"}, {"algorithm": "SHA-1", "value": "\#(digest)"}]}"#
            )
        )
        #expect(parameters.role == .auto)
        #expect(parameters.fingerprints == [DtlsFingerprint(algorithm: "sha-1", value: digest.uppercased())])
    }

    @Test(
        "SRTP keys have their suite's length",
        arguments: [
            (SrtpCryptoSuite.aeadAes256Gcm, 60, 1), (.aeadAes128Gcm, 40, 2), (.aesCm128HmacSha1_80, 40, 0),
            (.aesCm128HmacSha1_32, 40, 0),
        ]
    )
    func srtpKeys(suite: SrtpCryptoSuite, length: Int, padding: Int) throws {
        let digits = String(repeating: "A", count: length - padding) + String(repeating: "=", count: padding)
        _ = try ORTC.validated(SrtpParameters(cryptoSuite: suite, keyBase64: digits))
        for wrong in [String(digits.dropLast(4)), digits.replacing("A", with: "!"), "=" + digits.dropFirst(), ""] {
            #expect(throws: invalid("invalid srtpParameters.keyBase64")) {
                try ORTC.validated(SrtpParameters(cryptoSuite: suite, keyBase64: wrong))
            }
        }
    }

    @Test("A place to listen needs an address to tell where it binds all of them")
    func listenInfos() throws {
        let any = TransportListenInfo(protocol: .udp, ip: "0.0.0.0")
        #expect(throws: invalid("missing listenInfos")) { try ORTC.check(listenInfos: []) }
        #expect(throws: invalid("missing listenInfo.announcedAddress for 0.0.0.0")) {
            try ORTC.check(listenInfos: [any])
        }
        #expect(throws: invalid("too many listenInfos")) {
            try ORTC.check(listenInfos: Array(repeating: any, count: 9))
        }
        let range = TransportPortRange(min: 2, max: 1)
        #expect(throws: invalid("invalid listenInfo.portRange")) {
            try ORTC.check(listenInfos: [TransportListenInfo(protocol: .tcp, ip: "::1", portRange: range)])
        }
        try ORTC.check(listenInfos: [TransportListenInfo(protocol: .udp, ip: "::", announcedAddress: "sfu.example")])
    }
}
