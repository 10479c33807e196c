// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletWire
import Testing

@Suite("Producer mapping and consumable parameters")
struct ProducerTests {
    @Test("Payload types map to the router's, and each encoding gets a source in a row")
    func mapping() throws {
        let capabilities = try router(video("VP8"), h264("42e01f"))
        let encodings = ["r0", "r1", "r2"].map { RtpEncodingParameters(rid: $0, scalabilityMode: "L1T3") }
        let parameters = producer(chromium, 106, encodings: encodings)
        var random = SeededRandom(seed: 5)
        let mapping = try ORTC.producerRtpMapping(parameters, routerCapabilities: capabilities, using: &random)
        #expect(
            mapping.codecs == [
                RtpCodecMapping(payloadType: 106, mappedPayloadType: 103),
                RtpCodecMapping(payloadType: 107, mappedPayloadType: 104),
            ]
        )
        #expect(mapping.encodings.map(\.rid) == ["r0", "r1", "r2"])
        #expect(mapping.encodings.allSatisfy { $0.ssrc == nil && $0.scalabilityMode == "L1T3" })
        let first = try #require(mapping.encodings.first?.mappedSsrc)
        #expect(mapping.encodings.map(\.mappedSsrc) == [first, first + 1, first + 2])
        #expect(ORTC.ssrcRange.contains(first))
    }

    @Test("A mapped source is never one in use, even when the generator insists on it")
    func collisions() {
        var stuck = StuckRandom(value: 0)
        let first = ORTC.randomSsrc(count: 1, avoiding: [], using: &stuck)
        let taken = Set((0..<50).map { first + $0 * 2 })
        let next = ORTC.randomSsrc(count: 3, avoiding: taken, using: &stuck)
        #expect(taken.isDisjoint(with: next..<next + 3))
        var top = StuckRandom(value: .max)
        let last = ORTC.randomSsrc(count: 2, avoiding: [], using: &top)
        #expect(last + 1 <= ORTC.ssrcRange.upperBound)
        let wrapped = ORTC.randomSsrc(count: 2, avoiding: [last, last + 1], using: &top)
        #expect(ORTC.ssrcRange.contains(wrapped) && wrapped != last)
    }

    @Test("Consumable parameters have the router's numbers and feedback, and the producer's format")
    func consumableParameters() throws {
        let capabilities = try router(video("VP8"), h264("42e01f"))
        var parameters = producer(chromium, 106, encodings: [])
        parameters.encodings = [
            RtpEncodingParameters(
                ssrc: 5,
                rid: "a",
                codecPayloadType: 106,
                rtx: .init(ssrc: 6),
                dtx: true,
                scalabilityMode: "L1T2",
                maxBitrate: 300_000
            )
        ]
        parameters.codecs[0].parameters["sprop-parameter-sets"] = "Z0LAH9kAUAW7AWoCAgKAAAADAIAAABlHjBjJ,aMuMsg=="
        let result = try consumable(parameters, in: capabilities)
        #expect(summary(result.codecs) == ["103 H264", "104 rtx 103"])
        #expect(result.codecs[0].parameters["sprop-parameter-sets"] != nil)
        #expect(result.codecs[0].rtcpFeedback == capabilities.codecs[3].rtcpFeedback)
        #expect(result.headerExtensions.map(\.id) == [1, 4, 5, 8, 10, 11])
        #expect(result.rtcp == RtcpParameters(cname: "swift", reducedSize: true))
        let encoding = try #require(result.encodings.first)
        #expect(encoding.rid == nil && encoding.rtx == nil && encoding.codecPayloadType == nil)
        #expect(encoding.dtx && encoding.maxBitrate == 300_000 && encoding.scalabilityMode == "L1T2")
        #expect(encoding.ssrc != 5)
    }

    @Test("RTX is offered on where the router has it, though the producer does not retransmit")
    func rtxWithoutProducerRtx() throws {
        var parameters = producer(chromium, 96)
        parameters.codecs.removeAll(where: \.isRtx)
        #expect(summary(try consumable(parameters, in: router(video("VP8"))).codecs) == ["101 VP8", "102 rtx 101"])
    }

    @Test("Every codec of a producer must be the router's")
    func unsupportedCodecs() throws {
        let capabilities = try router(h264("42e01f"))
        let vp8 = producer(chromium, 106, 96)
        #expect(throws: unsupported("unsupported codec [mimeType:video/VP8, payloadType:96]")) {
            try consumable(vp8, in: capabilities)
        }
        let red = producer(chromium, 111, 63)
        #expect(throws: unsupported("unsupported codec [mimeType:audio/red, payloadType:63]")) {
            try consumable(red, in: capabilities)
        }
    }

    @Test("RTX must point at a media codec that is there, and the router must have its RTX")
    func rtxErrors() throws {
        let capabilities = try router(video("VP8"))
        func failing(_ change: (inout RtpParameters) -> Void) throws {
            var parameters = producer(chromium, 96)
            change(&parameters)
            _ = try consumable(parameters, in: capabilities)
        }
        #expect(throws: invalid("missing media codec found for RTX PT 97")) {
            try failing { $0.codecs[1].parameters["apt"] = 98 }
        }
        #expect(throws: invalid("codec apt parameter 97 points to a rtx codec")) {
            try failing { $0.codecs[1].parameters["apt"] = 97 }
        }
        #expect(throws: invalid("missing codec apt parameter")) { try failing { $0.codecs[1].parameters = [:] } }
        var bare = capabilities
        bare.codecs.removeAll(where: \.isRtx)
        #expect(throws: unsupported("no RTX codec for capability codec PT 101")) {
            try consumable(producer(chromium, 96), in: bare)
        }
    }

    @Test("An RTX codec whose apt is itself RTX is an error of the mapping too, not a crash")
    func rtxOfRtx() throws {
        var parameters = producer(chromium, 96)
        parameters.codecs[1].parameters["apt"] = 97
        let capabilities = try router(video("VP8"))
        #expect(throws: invalid("missing media codec found for RTX PT 97")) {
            var random = SeededRandom(seed: 1)
            return try ORTC.producerRtpMapping(parameters, routerCapabilities: capabilities, using: &random)
        }
    }

    @Test("A producer's lists must make sense together")
    func validation() {
        func expectRefusal(_ message: String, _ change: (inout RtpParameters) -> Void) {
            var parameters = producer(chromium, 96)
            change(&parameters)
            #expect(throws: invalid(message)) { try ORTC.validatedProducer(parameters, kind: .video) }
        }
        expectRefusal("empty params.codecs") { $0.codecs = [] }
        expectRefusal("no media codecs found") {
            $0.codecs = [RtpCodecParameters(mimeType: "video/ulpfec", payloadType: 1, clockRate: 90000)]
        }
        expectRefusal("duplicated codec.payloadType 96") { $0.codecs.append($0.codecs[0]) }
        expectRefusal("codec is not of kind video [mimeType:audio/opus]") { $0.codecs = producer(chromium, 111).codecs }
        expectRefusal("missing params.mid, encoding.ssrc or encoding.rid") { ($0.mid, $0.encodings) = (nil, []) }
        expectRefusal("missing encoding.ssrc or encoding.rid") {
            $0.encodings = [RtpEncodingParameters(ssrc: 1), RtpEncodingParameters()]
        }
        expectRefusal("duplicated encoding.ssrc 1") {
            $0.encodings = [RtpEncodingParameters(ssrc: 1, rtx: .init(ssrc: 1))]
        }
        expectRefusal("duplicated encoding.rid r") {
            $0.encodings = [RtpEncodingParameters(rid: "r"), RtpEncodingParameters(rid: "r")]
        }
        expectRefusal("unknown encoding.codecPayloadType 5") { $0.encodings[0].codecPayloadType = 5 }
        expectRefusal("invalid encoding.codecPayloadType 97") { $0.encodings[0].codecPayloadType = 97 }
        expectRefusal("several encodings, and one with several spatial layers [scalabilityMode:L2T1]") {
            $0.encodings = [RtpEncodingParameters(rid: "a"), RtpEncodingParameters(rid: "b", scalabilityMode: "L2T1")]
        }
    }

    @Test("No encodings are one of which nothing is known but its MID")
    func emptyEncodings() throws {
        let valid = try ORTC.validatedProducer(producer(firefox, 120, encodings: []), kind: .video)
        #expect(valid.encodings == [RtpEncodingParameters()])
    }

    @Test("Checking leaves what was handed in as it was")
    func inputStays() throws {
        let before = producer(chromium, 96, encodings: [])
        let copy = before
        _ = try consumable(before, in: router(video("VP8")))
        #expect(before == copy)
    }

    @Test(
        "The type follows from codec and layers",
        arguments: [
            ("VP8", ["L1T1"], ProducerType.simple), ("VP8", [""], .simple), ("VP8", ["L1T3"], .simulcast),
            ("H264", ["L1T2"], .simulcast), ("H265", ["L1T2"], .simulcast), ("VP9", ["L1T2"], .svc),
            ("VP9", ["L3T3_KEY"], .svc), ("AV1", ["L1T3"], .svc), ("AV1", ["S2T1"], .svc),
            ("VP8", ["", ""], .simulcast), ("VP9", ["L1T1", "L1T1"], .simulcast),
            ("VP9", ["L1T3", "L1T3", "L1T3"], .simulcast), ("AV1", ["L1T3", "L1T3"], .simulcast),
            ("AV1", ["L3T3"], .svc), ("VP9", ["L2T1h"], .svc), ("H264", ["L1T3", "L1T3"], .simulcast),
        ]
    )
    func producerTypes(name: String, modes: [String], type: ProducerType) throws {
        let codec = RtpCodecParameters(mimeType: "video/\(name.lowercased())", payloadType: 96, clockRate: 90000)
        let encodings = modes.enumerated().map { RtpEncodingParameters(rid: "r\($0)", scalabilityMode: $1) }
        #expect(try ORTC.producerType(RtpParameters(codecs: [codec], encodings: encodings)) == type)
    }

    @Test("Several codecs of one producer are all offered on, and each consumer gets those that it knows")
    func severalCodecs() throws {
        var parameters = producer(chromium, 45, 96, encodings: ["a", "b"].map { RtpEncodingParameters(rid: $0) })
        parameters.encodings[0].codecPayloadType = 96
        parameters.encodings[1].codecPayloadType = 45
        let offered = try consumable(parameters, in: router(video("VP8"), video("AV1")))
        #expect(summary(offered.codecs) == ["103 AV1", "104 rtx 103", "101 VP8", "102 rtx 101"])
        #expect(offered.encodings.allSatisfy { $0.codecPayloadType == nil })
        let both = try consumer(offered, firefox)
        #expect(summary(both.rtpParameters.codecs) == ["99 AV1", "100 rtx 99", "120 VP8", "124 rtx 120"])
        let one = try consumer(offered, RtpCapabilities(codecs: videoCapabilities("120 VP8 | 124 rtx apt=120")))
        #expect(
            one.codecMapping == [
                RtpCodecMapping(payloadType: 101, mappedPayloadType: 120),
                RtpCodecMapping(payloadType: 102, mappedPayloadType: 124),
            ]
        )
    }

    @Test("Sound has neither simulcast nor layers")
    func audioTypes() throws {
        let opus = producer(chromium, 111)
        #expect(try ORTC.producerType(opus) == .simple)
        var layered = opus
        layered.encodings[0].scalabilityMode = "L1T2"
        #expect(throws: invalid("invalid RTP parameters: audio/opus has no simulcast and no layers")) {
            try ORTC.validatedProducer(layered, kind: .audio)
        }
        var two = opus
        two.encodings.append(RtpEncodingParameters(ssrc: 2))
        #expect(throws: ORTCError.self) { try ORTC.validatedProducer(two, kind: .audio) }
    }

    @Test("Two of a producer's codecs that are one to the router are offered on once")
    func sameRouterCodec() throws {
        let browser = RtpCapabilities(
            codecs: videoCapabilities(
                "96 H264 packetization-mode=1;profile-level-id=42e01f | 98 H264 packetization-mode=1;profile-level-id=42e02a"
            )
        )
        let result = try consumable(producer(browser, 96, 98), in: router(h264("42e01f")))
        #expect(summary(result.codecs) == ["101 H264", "102 rtx 101"])
    }
}

/// Says the same for ever.
struct StuckRandom: RandomNumberGenerator {
    let value: UInt64
    mutating func next() -> UInt64 { value }
}
