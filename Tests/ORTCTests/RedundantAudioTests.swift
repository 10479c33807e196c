// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletWire
import Testing

@Suite("Redundant audio, RFC 2198")
struct RedundantAudioTests {
    /// A router that has redundancy, as payload type 101 around Opus as 100.
    static func redRouter() throws -> RtpCapabilities {
        try ORTC.routerRtpCapabilities(mediaCodecs: [
            audio("opus", nil, 48000, channels: 2), audio("red", nil, 48000, channels: 2),
        ])
    }

    /// Chromium's producer: redundancy first, so that it is what is sent.
    static func redFirst(_ format: [String: CodecParameterValue] = ["111/111": ""]) -> RtpParameters {
        var parameters = producer(chromium, 63, 111)
        parameters.codecs[0].parameters = format
        return parameters
    }

    @Test("A router's redundancy names the router's own payload type inside, whatever it was given")
    func routersFormat() throws {
        #expect(try Self.redRouter().codecs.map(\.parameters) == [[:], ["100/100": ""]])
        let given = try ORTC.routerRtpCapabilities(mediaCodecs: [
            audio("red", 63, 48000, channels: 2, ["111/111/111": ""]), audio("opus", 96, 48000, channels: 2),
        ])
        #expect(given.codecs.map(\.preferredPayloadType) == [63, 96])
        #expect(given.codecs[0].parameters == ["96/96/96": ""])
    }

    @Test("Redundancy needs a codec of its clock rate and channels beside it")
    func nothingInside() throws {
        #expect(throws: invalid("missing media codec for audio/red")) {
            try ORTC.routerRtpCapabilities(mediaCodecs: [
                audio("red", nil, 48000, channels: 2), audio("telephone-event", nil, 48000), audio("PCMU", nil, 8000),
            ])
        }
        #expect(throws: unsupported("media codec not supported [mimeType:audio/red]")) {
            try ORTC.routerRtpCapabilities(mediaCodecs: [audio("red", nil, 8000)])
        }
        var alone = Self.redFirst()
        alone.codecs.removeLast()
        #expect(throws: invalid("missing media codec found for RED PT 63")) {
            try ORTC.validatedProducer(alone, kind: .audio)
        }
    }

    @Test("A producer of both keeps both, the media codec in front and the format with the router's number")
    func producerOfBoth() throws {
        for codecs in [Self.redFirst().codecs, Self.redFirst().codecs.reversed()] {
            var parameters = Self.redFirst()
            parameters.codecs = codecs
            let offered = try consumable(parameters, in: Self.redRouter())
            #expect(summary(offered.codecs) == ["100 opus", "101 red"])
            #expect(offered.codecs[1].parameters == ["100/100": ""])
            #expect(try ORTC.producerType(parameters) == .simple)
        }
    }

    @Test("A client that lists redundancy gets both, each mapped, the format with its own number")
    func consumerOfBoth() throws {
        let offered = try consumable(Self.redFirst(), in: Self.redRouter())
        let result = try consumer(offered, chromium)
        #expect(summary(result.rtpParameters.codecs) == ["111 opus", "63 red"])
        #expect(result.rtpParameters.codecs[1].parameters == ["111/111": ""])
        #expect(
            result.codecMapping == [
                RtpCodecMapping(payloadType: 100, mappedPayloadType: 111),
                RtpCodecMapping(payloadType: 101, mappedPayloadType: 63),
            ]
        )
    }

    @Test("A client without redundancy gets Opus alone, and nothing is mapped from the redundancy")
    func consumerWithout() throws {
        let offered = try consumable(Self.redFirst(), in: Self.redRouter())
        let result = try consumer(offered, firefox)
        #expect(summary(result.rtpParameters.codecs) == ["109 opus"])
        #expect(result.codecMapping == [RtpCodecMapping(payloadType: 100, mappedPayloadType: 109)])
    }

    @Test("Redundancy without what is inside cannot be consumed")
    func consumerOfRedAlone() throws {
        let offered = try consumable(Self.redFirst(), in: Self.redRouter())
        let client = RtpCapabilities(codecs: chromium.codecs.filter { $0.mimeType != "audio/opus" })
        #expect(!ORTC.canConsume(offered, capabilities: client))
        #expect(throws: unsupported("no compatible media codecs")) { try consumer(offered, client) }
    }

    @Test(
        "As many blocks as the producer announces are announced on, two where it says nothing that can be read",
        arguments: [
            ([:], ["111/111": ""]), (["111/111/111": ""], ["111/111/111": ""]), (["111": ""], ["111": ""]),
            (["109/109": ""], ["111/111": ""]), (["111/x": ""], ["111/x": "", "111/111": ""]),
            (["/": "", "ptime": 20], ["/": "", "ptime": 20, "111/111": ""]),
            (["1000/1": ""], ["1000/1": "", "111/111": ""]),
        ] as [([String: CodecParameterValue], [String: CodecParameterValue])]
    )
    func blocks(format: [String: CodecParameterValue], expected: [String: CodecParameterValue]) throws {
        let offered = try consumable(Self.redFirst(format), in: Self.redRouter())
        #expect(try consumer(offered, chromium).rtpParameters.codecs[1].parameters == expected)
    }

    @Test("A format of hundreds of blocks is cut to 32")
    func manyBlocks() throws {
        let format = Array(repeating: "111", count: 400).joined(separator: "/")
        let offered = try consumable(Self.redFirst([format: ""]), in: Self.redRouter())
        let expected = Array(repeating: "100", count: 32).joined(separator: "/")
        #expect(offered.codecs[1].parameters == [expected: ""])
    }

    @Test("A pipe carries redundancy with the router's numbers")
    func pipes() throws {
        let capabilities = try Self.redRouter()
        let offered = try consumable(Self.redFirst(), in: capabilities)
        var random = SeededRandom(seed: 1)
        let piped = ORTC.pipeConsumerRtpParameters(offered, routerCapabilities: capabilities, using: &random)
        #expect(summary(piped.codecs) == ["100 opus", "101 red"])
    }

    @Test("Redundant video is neither routed nor taken for redundant audio")
    func video() throws {
        #expect(throws: unsupported("media codec not supported [mimeType:video/red]")) {
            try ORTC.routerRtpCapabilities(mediaCodecs: [
                RtpCodecCapability(kind: .video, mimeType: "video/red", clockRate: 90000)
            ])
        }
    }
}
