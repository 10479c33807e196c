// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("Whatever peers say")
struct PropertyTests {
    @Test(
        "canConsume is whether consume succeeds, and what consume gives is consistent",
        arguments: 0..<4 as Range<UInt64>
    )
    func agreement(block: UInt64) throws {
        var (consumed, refused) = (0, 0)
        for seed in block * 1000..<(block + 1) * 1000 {
            var random = SeededRandom(seed: seed)
            guard let router = randomRouter(&random),
                let offered = try? consumable(randomProducer(router, &random), in: router, seed: seed)
            else { continue }
            let client = randomClient(&random)
            let can = ORTC.canConsume(offered, capabilities: client)
            for enableRtx in [nil, true, false] as [Bool?] {
                let result = try? consumer(offered, client, enableRtx: enableRtx, seed: seed)
                #expect((result != nil) == can, "seed \(seed)")
                if let result { check(result, offered, client, seed) }
            }
            if can { consumed += 1 } else { refused += 1 }
        }
        // Neither outcome may be so rare that the test says nothing.
        #expect(consumed > 100 && refused > 10, "consumed \(consumed), refused \(refused)")
    }

    @Test(
        "Capabilities and parameters changed at random are read or refused, never a crash",
        arguments: 0..<4 as Range<UInt64>
    )
    func mutations(block: UInt64) throws {
        let red = audio("red", nil, 48000, channels: 2)
        let router = try router(red, video("VP8"), h264("42e01f"), video("VP9"), video("AV1"))
        let offered = try consumable(producer(chromium, 96), in: router)
        let decoder = JSONDecoder()
        let texts = [
            try decoder.decode(JSONValue.self, from: JSONEncoder().encode(chromium)),
            try decoder.decode(JSONValue.self, from: JSONEncoder().encode(producer(chromium, 96))),
            try decoder.decode(JSONValue.self, from: JSONEncoder().encode(producer(firefox, 109))),
            try decoder.decode(JSONValue.self, from: JSONEncoder().encode(RedundantAudioTests.redFirst())),
        ]
        var (read, refused) = (0, 0)
        for seed in block * 150..<(block + 1) * 150 {
            var random = SeededRandom(seed: seed)
            for (index, text) in texts.enumerated() {
                var mutated = text
                for _ in 0..<Int.random(in: 1...6, using: &random) { mutated = mutate(mutated, &random) }
                let data = try JSONEncoder().encode(mutated)
                do {
                    if index == 0 {
                        let client = try decoder.decode(RtpCapabilities.self, from: data)
                        let can = ORTC.canConsume(offered, capabilities: client)
                        #expect((try? consumer(offered, client)) != nil ? can : !can, "seed \(seed)")
                        _ = try ORTC.validated(client)
                        _ = try? ORTC.routerRtpCapabilities(mediaCodecs: client.codecs)
                    } else {
                        let parameters = try decoder.decode(RtpParameters.self, from: data)
                        _ = try consumable(parameters, in: router, seed: seed)
                    }
                    read += 1
                } catch is ORTCError {
                    refused += 1
                }
            }
        }
        #expect(read > 40 && refused > 40, "read \(read), refused \(refused)")
    }

    /// Holds a consumer's parameters to what every receiver relies on.
    private func check(
        _ result: ConsumerRtpParameters,
        _ offered: RtpParameters,
        _ client: RtpCapabilities,
        _ seed: UInt64
    ) {
        let codecs = result.rtpParameters.codecs
        #expect(Set(codecs.map(\.payloadType)).count == codecs.count, "seed \(seed)")
        #expect(codecs.first?.isFeature == false, "seed \(seed)")
        for codec in codecs where codec.isRtx {
            let media = codecs.first { $0.payloadType == codec.associatedPayloadType }
            #expect(media?.isRtx == false, "seed \(seed)")
        }
        for codec in codecs {
            let entry = client.codecs.contains {
                ($0.preferredPayloadType ?? codec.payloadType) == codec.payloadType
                    && $0.mimeType.lowercased() == codec.mimeType.lowercased()
            }
            #expect(entry, "seed \(seed)")
        }
        let offeredTypes = Set(offered.codecs.map(\.payloadType))
        #expect(result.codecMapping.allSatisfy { offeredTypes.contains($0.payloadType) }, "seed \(seed)")
        #expect(Set(result.codecMapping.map(\.mappedPayloadType)) == Set(codecs.map(\.payloadType)), "seed \(seed)")
        let ids = result.rtpParameters.headerExtensions.map(\.id)
        #expect(Set(ids).count == ids.count, "seed \(seed)")
        let encoding = result.rtpParameters.encodings[0]
        #expect((encoding.rtx != nil) == codecs.contains(where: \.isRtx), "seed \(seed)")
    }

    // MARK: - Random calls

    private func randomCodec(_ random: inout SeededRandom) -> RtpCodecCapability {
        let choices = [
            video("VP8"), video("vp9", ["profile-id": .integer(Int.random(in: 0...2, using: &random))]),
            video("VP9", ["profile-id": .string("\(Int.random(in: 0...2, using: &random))")]), video("AV1"),
            video("AV1", ["profile": 1]), video("H265", ["tier-flag": .integer(Int.random(in: 0...1, using: &random))]),
            h264(
                ["42e01f", "42001f", "4d0032", "640c1f"].randomElement(using: &random) ?? "",
                mode: Int.random(in: 0...1, using: &random)
            ),
            h264("42e01f"), video("H264"),
        ]
        return choices.randomElement(using: &random) ?? video("VP8")
    }

    private func randomRouter(_ random: inout SeededRandom) -> RtpCapabilities? {
        let codecs = (0..<Int.random(in: 1...5, using: &random)).map { _ in
            var codec = randomCodec(&random)
            if Int.random(in: 0...3, using: &random) == 0 {
                codec.preferredPayloadType = UInt8.random(in: 96...127, using: &random)
            }
            return codec
        }
        return try? ORTC.routerRtpCapabilities(mediaCodecs: codecs)
    }

    /// Codecs with payload types of few values or none, so that they often collide, and RTX that often points astray.
    private func randomList(_ random: inout SeededRandom) -> [RtpCodecCapability] {
        func payloadType(_ random: inout SeededRandom) -> UInt8? {
            Int.random(in: 0...4, using: &random) == 0 ? nil : UInt8.random(in: 96...104, using: &random)
        }
        return (0..<Int.random(in: 1...8, using: &random)).flatMap { _ in
            var codec = randomCodec(&random)
            codec.preferredPayloadType = payloadType(&random)
            codec.rtcpFeedback = videoFeedback
            guard Bool.random(using: &random) else { return [codec] }
            let astray = Bool.random(using: &random) ? UInt8.random(in: 96...104, using: &random) : nil
            let apt = astray ?? codec.preferredPayloadType ?? 101
            var rtx = video("rtx", ["apt": .integer(Int(apt))])
            rtx.preferredPayloadType = payloadType(&random)
            return [codec, rtx].shuffled(using: &random)
        }
    }

    /// Up to three of the router's codecs under other payload types, now and then one that it may not have.
    private func randomProducer(_ router: RtpCapabilities, _ random: inout SeededRandom) -> RtpParameters {
        var list: [RtpCodecCapability] = []
        let media = router.codecs.filter { !$0.isRtx }.shuffled(using: &random)
        for (index, codec) in media.prefix(Int.random(in: 1...3, using: &random)).enumerated() {
            var codec = Int.random(in: 0...9, using: &random) == 0 ? randomCodec(&random) : codec
            codec.preferredPayloadType = UInt8(96 + index * 2)
            list.append(codec)
            guard Bool.random(using: &random) else { continue }
            var rtx = video("rtx", ["apt": .integer(96 + index * 2)])
            rtx.preferredPayloadType = UInt8(97 + index * 2)
            list.append(rtx)
        }
        return producer(RtpCapabilities(codecs: list)).withCodecs(list)
    }

    private func randomClient(_ random: inout SeededRandom) -> RtpCapabilities {
        var client = RtpCapabilities(
            codecs: randomList(&random),
            headerExtensions: chromium.headerExtensions.shuffled(using: &random)
        )
        client.headerExtensions.removeLast(Int.random(in: 0...4, using: &random))
        for index in client.headerExtensions.indices where Int.random(in: 0...5, using: &random) == 0 {
            client.headerExtensions[index].preferredId = UInt8.random(in: 1...14, using: &random)
        }
        return client
    }

    /// Drops, doubles or replaces one member or element somewhere in `value`.
    private func mutate(_ value: JSONValue, _ random: inout SeededRandom) -> JSONValue {
        let junk: [JSONValue] = [
            nil, true, 0, -1, 65, 96, 127, 255, 256, 4_294_967_296, 1.5, 1e300, "", "x", "96", "video/VP8", [], [nil],
            [:],
            ["ssrc": 0], "a\r\nb", .string(String(repeating: "y", count: 5000)),
        ]
        func other(_ random: inout SeededRandom) -> JSONValue { junk.randomElement(using: &random) ?? nil }
        switch value {
        case .object(var members):
            guard let key = members.keys.sorted().randomElement(using: &random), let member = members[key] else {
                return other(&random)
            }
            switch Int.random(in: 0...7, using: &random) {
            case 0: members[key] = nil
            case 1: members[key] = other(&random)
            default: members[key] = mutate(member, &random)
            }
            return .object(members)
        case .array(var elements):
            guard let index = elements.indices.randomElement(using: &random) else { return other(&random) }
            switch Int.random(in: 0...15, using: &random) {
            case 0: elements.remove(at: index)
            case 1: elements.append(elements[index])
            case 2: elements[index] = other(&random)
            default: elements[index] = mutate(elements[index], &random)
            }
            return .array(elements)
        default: return other(&random)
        }
    }
}

extension RtpParameters {
    /// The same with the entries of `list` as codecs.
    fileprivate func withCodecs(_ list: [RtpCodecCapability]) -> RtpParameters {
        var copy = self
        copy.codecs = list.map {
            RtpCodecParameters(
                mimeType: $0.mimeType,
                payloadType: $0.preferredPayloadType ?? 0,
                clockRate: $0.clockRate,
                parameters: $0.parameters,
                rtcpFeedback: $0.rtcpFeedback
            )
        }
        return copy
    }
}
