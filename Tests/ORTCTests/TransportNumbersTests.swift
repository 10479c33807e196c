// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import Testing

@Suite("Numbers of one transport, RFC 9143")
struct TransportNumbersTests {
    func parameters(_ browser: RtpCapabilities, mid: String, seed: UInt64) throws -> RtpParameters {
        try consumer(consumable(producer(chromium, 96), in: router(video("VP8"))), browser, mid: mid, seed: seed)
            .rtpParameters
    }

    @Test("MIDs count up, past those that an application chose")
    func mids() throws {
        var numbers = TransportNumbers()
        #expect(numbers.makeMid() == "0")
        try numbers.reserve(parameters(chromium, mid: "1", seed: 1))
        #expect(numbers.makeMid() == "2")
    }

    @Test("A MID is taken until its consumer closes, and free again then")
    func midReuse() throws {
        var numbers = TransportNumbers()
        let first = try parameters(chromium, mid: "x", seed: 1)
        let second = try parameters(chromium, mid: "x", seed: 2)
        try numbers.reserve(first)
        #expect(throws: invalid("mid \"x\" already exists")) { try numbers.reserve(second) }
        numbers.release(first)
        try numbers.reserve(second)
    }

    @Test("A payload type stands for one codec among all consumers, until the last of them closes")
    func payloadTypes() throws {
        var numbers = TransportNumbers()
        let first = try parameters(chromium, mid: "0", seed: 1)
        let second = try parameters(chromium, mid: "1", seed: 2)
        var other = try parameters(chromium, mid: "2", seed: 3)
        other.codecs = [RtpCodecParameters(mimeType: "video/AV1", payloadType: 96, clockRate: 90000)]
        try numbers.reserve(first)
        try numbers.reserve(second)
        #expect(throws: invalid("payload type 96 already stands for video/VP8")) { try numbers.reserve(other) }
        numbers.release(first)
        #expect(throws: invalid("payload type 96 already stands for video/VP8")) { try numbers.reserve(other) }
        numbers.release(second)
        try numbers.reserve(other)
    }

    @Test("An RTX payload type belongs to its media codec")
    func rtx() throws {
        var numbers = TransportNumbers()
        try numbers.reserve(parameters(chromium, mid: "0", seed: 1))
        var other = try parameters(chromium, mid: "1", seed: 2)
        other.codecs[0] = RtpCodecParameters(mimeType: "video/VP9", payloadType: 98, clockRate: 90000)
        other.codecs[1].parameters["apt"] = 98
        #expect(throws: invalid("payload type 97 already stands for video/rtx")) { try numbers.reserve(other) }
        other.codecs[1] = RtpCodecParameters(mimeType: "video/VP8", payloadType: 97, clockRate: 90000)
        #expect(throws: invalid("payload type 97 already stands for video/rtx")) { try numbers.reserve(other) }
    }

    @Test("An extension id stands for one extension")
    func extensionIds() throws {
        var numbers = TransportNumbers()
        try numbers.reserve(parameters(chromium, mid: "0", seed: 1))
        var other = try parameters(chromium, mid: "1", seed: 2)
        other.headerExtensions[0].uri = URI.audioLevel
        #expect(throws: invalid("header extension id 4 already stands for \(URI.mid)")) { try numbers.reserve(other) }
    }

    @Test("A source belongs to one consumer, and a refused consumer takes nothing")
    func sources() throws {
        var numbers = TransportNumbers()
        let first = try parameters(chromium, mid: "0", seed: 1)
        try numbers.reserve(first)
        #expect(numbers.ssrcs.count == 2)
        let twin = try parameters(chromium, mid: "1", seed: 1)
        #expect(throws: invalid("ssrc already exists")) { try numbers.reserve(twin) }
        try numbers.reserve(parameters(chromium, mid: "1", seed: 2))
        #expect(numbers.ssrcs.count == 4)
        numbers.release(first)
        #expect(numbers.ssrcs.count == 2)
    }
}
