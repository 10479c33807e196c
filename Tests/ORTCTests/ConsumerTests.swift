// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletWire
import Testing

@Suite("Consumer and pipe parameters")
struct ConsumerTests {
    @Test("A consumer gets its client's payload types and extension ids, and the way from the router's to them")
    func ownNumbers() throws {
        let result = try consumer(consumable(producer(chromium, 96), in: router(video("VP8"))), firefox, mid: "v1")
        let parameters = result.rtpParameters
        #expect(parameters.mid == "v1")
        #expect(summary(parameters.codecs) == ["120 VP8", "124 rtx 120"])
        #expect(
            result.codecMapping == [
                RtpCodecMapping(payloadType: 101, mappedPayloadType: 120),
                RtpCodecMapping(payloadType: 102, mappedPayloadType: 124),
            ]
        )
        let ids = parameters.headerExtensions.map { "\($0.id) \($0.uri)" }
        #expect(
            ids == ["3 \(URI.mid)", "4 \(URI.absSendTime)", "7 \(URI.transportWideCC)", "6 \(URI.playoutDelay)"]
        )
        let encoding = try #require(parameters.encodings.first)
        #expect(encoding.rtx?.ssrc == encoding.ssrc.map { $0 + 1 })
        #expect(parameters.rtcp.cname == "swift" && parameters.rtcp.reducedSize)
    }

    @Test("A client that names no payload types gets the router's, RTX included")
    func routersNumbers() throws {
        var capabilities = try router(video("VP8"))
        for index in capabilities.codecs.indices { capabilities.codecs[index].preferredPayloadType = nil }
        let result = try consumer(consumable(producer(chromium, 96), in: router(video("VP8"))), capabilities)
        #expect(summary(result.rtpParameters.codecs) == ["101 VP8", "102 rtx 101"])
    }

    @Test("A consumer that offers the router's own capabilities gets the router's numbers")
    func routerAsClient() throws {
        let capabilities = try router(video("VP8"), h264("42e01f"))
        let offered = try consumable(producer(chromium, 96), in: capabilities)
        let result = try consumer(offered, capabilities).rtpParameters
        #expect(summary(result.codecs) == ["101 VP8", "102 rtx 101"])
        #expect(result.headerExtensions == offered.headerExtensions)
    }

    @Test("Without RTX the RTX codec, its source and generic NACK are left out")
    func withoutRtx() throws {
        let offered = try consumable(producer(chromium, 96), in: router(video("VP8")))
        let result = try consumer(offered, chromium, enableRtx: false).rtpParameters
        #expect(summary(result.codecs) == ["96 VP8"])
        #expect(result.encodings.map(\.rtx) == [nil])
        let feedback = result.codecs[0].rtcpFeedback
        #expect(!feedback.contains(RtcpFeedback(type: "nack")))
        #expect(feedback.contains(RtcpFeedback(type: "nack", parameter: "pli")))
    }

    @Test("Sound has NACK only when asked for")
    func audioNack() throws {
        let offered = try consumable(producer(chromium, 111), in: router())
        let nack = RtcpFeedback(type: "nack")
        #expect(try !consumer(offered, chromium).rtpParameters.codecs[0].rtcpFeedback.contains(nack))
        #expect(try consumer(offered, chromium, enableRtx: true).rtpParameters.codecs[0].rtcpFeedback.contains(nack))
    }

    @Test("Feedback is what the client lists, whatever that is")
    func clientsFeedback() throws {
        var client = chromium
        let index = try #require(client.codecs.firstIndex { $0.preferredPayloadType == 96 })
        client.codecs[index].rtcpFeedback = [
            RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
            RtcpFeedback(type: "foo", parameter: "FOO"),
        ]
        let offered = try consumable(producer(chromium, 96), in: router(video("VP8")))
        #expect(try consumer(offered, client).rtpParameters.codecs[0].rtcpFeedback == client.codecs[index].rtcpFeedback)
    }

    @Test("Feedback on bandwidth follows the extensions: transport-cc, else REMB, else none")
    func bandwidthFeedback() throws {
        let offered = try consumable(producer(chromium, 96), in: router(video("VP8")))
        func feedback(without uris: String...) throws -> [String] {
            var client = chromium
            client.headerExtensions.removeAll { uris.contains($0.uri) }
            return try consumer(offered, client).rtpParameters.codecs[0].rtcpFeedback.map(\.type)
                .filter { ["goog-remb", "transport-cc"].contains($0) }
        }
        #expect(try feedback() == ["transport-cc"])
        #expect(try feedback(without: URI.transportWideCC) == ["goog-remb"])
        #expect(try feedback(without: URI.transportWideCC, URI.absSendTime) == [])
    }

    @Test("A sound consumer has no transport-cc, since the router does not send it on audio")
    func audioFeedback() throws {
        let result = try consumer(consumable(producer(chromium, 111), in: router()), chromium).rtpParameters
        #expect(!result.headerExtensions.contains { $0.uri == URI.transportWideCC })
        #expect(!result.codecs[0].rtcpFeedback.contains(RtcpFeedback(type: "transport-cc")))
        #expect(result.headerExtensions.map(\.id) == [4, 2, 14])
    }

    @Test("An extension that the client does not receive, or wants encrypted, is not sent")
    func extensionDirections() throws {
        var client = chromium
        for index in client.headerExtensions.indices {
            switch client.headerExtensions[index].uri {
            case URI.absSendTime: client.headerExtensions[index].direction = .sendonly
            case URI.videoOrientation: client.headerExtensions[index].direction = .inactive
            case URI.playoutDelay: client.headerExtensions[index].preferredEncrypt = true
            default: break
            }
        }
        let offered = try consumable(producer(chromium, 96), in: router(video("VP8")))
        let uris = try consumer(offered, client).rtpParameters.headerExtensions.map(\.uri)
        #expect(uris == [URI.mid, URI.transportWideCC])
    }

    @Test("Only extensions of the consumer's own kind of media count")
    func extensionKind() throws {
        var client = chromium
        client.headerExtensions.insert(RtpHeaderExtension(kind: .audio, uri: URI.mid, preferredId: 9), at: 0)
        let offered = try consumable(producer(chromium, 96), in: router(video("VP8")))
        #expect(try consumer(offered, client).rtpParameters.headerExtensions.first?.id == 4)
    }

    @Test("No common codec is an error that canConsume foretells")
    func noCommonCodec() throws {
        let offered = try consumable(producer(chromium, 98), in: router(video("VP9")))
        let client = RtpCapabilities(codecs: videoCapabilities("96 VP8 | 97 rtx apt=96"))
        #expect(!ORTC.canConsume(offered, capabilities: client))
        #expect(throws: unsupported("no compatible media codecs")) { try consumer(offered, client) }
        #expect(!ORTC.canConsume(offered, capabilities: RtpCapabilities()))
    }

    @Test("Bad capabilities cannot consume, and say why when they try")
    func badCapabilities() throws {
        var client = chromium
        client.codecs[0].clockRate = 0
        let offered = try consumable(producer(chromium, 96), in: router(video("VP8")))
        #expect(!ORTC.canConsume(offered, capabilities: client))
        #expect(throws: invalid("missing codec.clockRate")) { try consumer(offered, client) }
    }

    @Test("canConsume agrees with consume where the RTX of a codec that is not common comes first")
    func orphanRtxFirst() throws {
        let parameters = producer(chromium, 96, 106)
        let offered = try consumable(parameters, in: router(video("VP8"), h264("42e01f")))
        #expect(summary(offered.codecs) == ["101 VP8", "102 rtx 101", "103 H264", "104 rtx 103"])
        let client = RtpCapabilities(
            codecs: videoCapabilities("106 H264 packetization-mode=1;profile-level-id=42e01f | 107 rtx apt=106")
        )
        #expect(ORTC.canConsume(offered, capabilities: client))
        #expect(summary(try consumer(offered, client).rtpParameters.codecs) == ["106 H264", "107 rtx 106"])
    }

    @Test("A client with RTX for VP8 alone gets no RTX for H264")
    func rtxByApt() throws {
        let client = RtpCapabilities(
            codecs: videoCapabilities("96 VP8 | 97 rtx apt=96 | 106 H264 packetization-mode=1;profile-level-id=42e01f")
        )
        let offered = try consumable(producer(chromium, 106), in: router(video("VP8"), h264("42e01f")))
        let result = try consumer(offered, client).rtpParameters
        #expect(summary(result.codecs) == ["106 H264"])
        #expect(result.encodings.first?.rtx == nil)
    }

    @Test("Two of the router's codecs that are one to the client share its payload type")
    func sharedEntry() throws {
        let browser = RtpCapabilities(codecs: videoCapabilities("96 VP8 | 97 rtx apt=96 | 98 VP8"))
        let capabilities = try router(video("VP8"), video("VP8"))
        var offered = try consumable(producer(browser, 96), in: capabilities)
        offered.codecs.append(RtpCodecParameters(mimeType: "video/VP8", payloadType: 103, clockRate: 90000))
        let client = RtpCapabilities(codecs: videoCapabilities("96 VP8 | 97 rtx apt=96"))
        let result = try consumer(offered, client)
        #expect(summary(result.rtpParameters.codecs) == ["96 VP8", "97 rtx 96"])
        #expect(result.codecMapping.map(\.mappedPayloadType) == [96, 96, 97])
        #expect(result.codecMapping.map(\.payloadType) == [101, 103, 102])
    }

    @Test("Within one consumer a payload type stands for one codec, even when the client confuses them")
    func confusedClient() throws {
        let client = RtpCapabilities(
            codecs: videoCapabilities(
                "96 VP8 | 96 rtx apt=96 | 96 H264 packetization-mode=1;profile-level-id=42e01f | 72 VP9"
            )
        )
        let offered = try consumable(
            producer(chromium, 96, 106, 98),
            in: router(video("VP8"), h264("42e01f"), video("VP9"))
        )
        #expect(summary(try consumer(offered, client).rtpParameters.codecs) == ["96 VP8"])
    }

    @Test("Simulcast becomes one stream that names its layers and the largest bitrate")
    func simulcast() throws {
        let encodings = [100_000, 900_000, 300_000].enumerated().map {
            RtpEncodingParameters(rid: "r\($0)", scalabilityMode: "L1T3", maxBitrate: $1)
        }
        let offered = try consumable(producer(chromium, 96, encodings: encodings), in: router(video("VP8")))
        let one = try consumer(offered, chromium).rtpParameters.encodings
        #expect(one.count == 1 && one[0].scalabilityMode == "L3T3" && one[0].maxBitrate == 900_000)
        let all = try consumer(offered, chromium, pipe: true).rtpParameters.encodings
        #expect(all.count == 3)
        let sources = all.compactMap(\.ssrc) + all.compactMap { $0.rtx?.ssrc }
        #expect(Set(sources).count == 6)
    }

    @Test("A stream with layers inside keeps its mode", arguments: ["L3T3_KEY", "L1T3", "S3T3", "L2T2h"])
    func svc(mode: String) throws {
        let encodings = [RtpEncodingParameters(ssrc: 5, scalabilityMode: mode)]
        let offered = try consumable(producer(chromium, 98, encodings: encodings), in: router(video("VP9")))
        #expect(try consumer(offered, chromium).rtpParameters.encodings[0].scalabilityMode == mode)
    }

    @Test(
        "A simulcast has as many temporal layers as its richest stream, 1 where none says",
        arguments: [(["L1T1", "L1T3"], "L2T3"), (["", "L1T2", ""], "L3T2"), (["", ""], "L2T1")]
    )
    func temporalLayers(modes: [String], expected: String) throws {
        let encodings = modes.enumerated().map {
            RtpEncodingParameters(rid: "r\($0)", scalabilityMode: $1.isEmpty ? nil : $1)
        }
        let offered = try consumable(producer(chromium, 96, encodings: encodings), in: router(video("VP8")))
        #expect(try consumer(offered, chromium).rtpParameters.encodings[0].scalabilityMode == expected)
    }

    @Test("The dependency descriptor is stripped, and forwarded by option to a client that lists it, under its id")
    func dependencyDescriptor() throws {
        let offered = try consumable(producer(chromium, 45), in: router(video("AV1")))
        var client = chromium
        client.headerExtensions += extensions(.video, [(9, URI.dependencyDescriptor)])
        func id(_ capabilities: RtpCapabilities, forward: Bool) throws -> UInt8? {
            var random = SeededRandom(seed: 1)
            let result = try ORTC.consumerRtpParameters(
                offered,
                capabilities: capabilities,
                forwardDependencyDescriptor: forward,
                using: &random
            )
            return result.rtpParameters.headerExtensions.first { $0.uri == URI.dependencyDescriptor }?.id
        }
        #expect(try id(client, forward: false) == nil)
        #expect(try id(client, forward: true) == 9)
        #expect(try id(chromium, forward: true) == nil)
        // An id that already stands for another extension is not given twice.
        client.headerExtensions.removeLast()
        client.headerExtensions += extensions(.video, [(4, URI.dependencyDescriptor)])
        #expect(try id(client, forward: true) == nil)
    }

    @Test("A MID is a token of 1 to 16 bytes", arguments: ["", "12345678901234567", "a b", "a\r\nb", "ä", "a;b"])
    func badMid(mid: String) throws {
        let offered = try consumable(producer(chromium, 96), in: router(video("VP8")))
        #expect(throws: ORTCError.self) { try consumer(offered, chromium, mid: mid) }
        #expect(try consumer(offered, chromium, mid: "probator_{9}-ab").rtpParameters.mid == "probator_{9}-ab")
    }

    @Test("Sources in use on the transport are not given again")
    func freshSources() throws {
        let offered = try consumable(producer(chromium, 96), in: router(video("VP8")))
        var stuck = StuckRandom(value: 0)
        let first = try ORTC.consumerRtpParameters(offered, capabilities: chromium, using: &stuck).rtpParameters
        let taken = Set(first.encodings.flatMap { [$0.ssrc, $0.rtx?.ssrc].compactMap(\.self) })
        let second = try ORTC.consumerRtpParameters(offered, capabilities: chromium, avoiding: taken, using: &stuck)
        let sources = second.rtpParameters.encodings.flatMap { [$0.ssrc, $0.rtx?.ssrc].compactMap(\.self) }
        #expect(sources.count == 2 && taken.isDisjoint(with: sources))
    }

    @Test("A pipe carries every stream with the router's numbers, without per-hop extensions and feedback")
    func pipes() throws {
        let capabilities = try router(video("VP8"))
        let encodings = ["a", "b"].map { RtpEncodingParameters(rid: $0, maxBitrate: 5) }
        let offered = try consumable(producer(chromium, 96, encodings: encodings), in: capabilities)
        var random = SeededRandom(seed: 3)
        let plain = ORTC.pipeConsumerRtpParameters(offered, routerCapabilities: capabilities, using: &random)
        #expect(summary(plain.codecs) == ["101 VP8"])
        #expect(
            plain.codecs[0].rtcpFeedback == [
                RtcpFeedback(type: "nack", parameter: "pli"), RtcpFeedback(type: "ccm", parameter: "fir"),
            ]
        )
        #expect(
            plain.headerExtensions.map(\.uri) == [
                URI.videoOrientation, URI.absCaptureTime, URI.playoutDelay, URI.dependencyDescriptor,
            ]
        )
        #expect(plain.mid == nil && plain.rtcp.cname == "swift")
        #expect(plain.encodings.count == 2 && plain.encodings.allSatisfy { $0.rtx == nil && $0.maxBitrate == 5 })
        let rtx = ORTC.pipeConsumerRtpParameters(
            offered,
            routerCapabilities: capabilities,
            enableRtx: true,
            using: &random
        )
        #expect(summary(rtx.codecs) == ["101 VP8", "102 rtx 101"])
        #expect(rtx.codecs[0].rtcpFeedback.contains(RtcpFeedback(type: "nack")))
        #expect(Set(rtx.encodings.flatMap { [$0.ssrc, $0.rtx?.ssrc] }).count == 4)
    }

    @Test("A canonical name is eight letters and digits")
    func cname() {
        var random = SeededRandom(seed: 9)
        let names = (0..<100).map { _ in ORTC.randomCname(using: &random) }
        #expect(names.allSatisfy { $0.utf8.count == 8 && $0.allSatisfy { $0.isLetter || $0.isNumber } })
        #expect(Set(names).count == 100)
    }
}
