// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import Testing

@Suite("Real browsers' lists")
struct BrowserListTests {
    /// The configuration that many applications copy.
    static let common = [h264("4d0032"), h264("42e01f")]

    @Test(
        "Each of Chromium's H264 entries meets exactly the router codec of its profile and mode",
        arguments: [
            (102, nil), (104, nil), (106, 103), (108, nil), (127, 101), (39, nil), (112, nil),
        ] as [(UInt8, UInt8?)]
    )
    func chromiumH264(payloadType: UInt8, routed: UInt8?) throws {
        let capabilities = try router(Self.common[0], Self.common[1])
        let parameters = producer(chromium, payloadType)
        if let routed {
            #expect(try consumable(parameters, in: capabilities).codecs.first?.payloadType == routed)
        } else {
            #expect(throws: unsupported("unsupported codec [mimeType:video/H264, payloadType:\(payloadType)]")) {
                try consumable(parameters, in: capabilities)
            }
        }
    }

    @Test("Chromium's H264 reaches Firefox with Firefox's numbers, and back")
    func chromiumToFirefox() throws {
        let capabilities = try router(Self.common[0], Self.common[1])
        let fromChromium = try consumable(producer(chromium, 106), in: capabilities)
        #expect(summary(try consumer(fromChromium, firefox).rtpParameters.codecs) == ["126 H264", "127 rtx 126"])
        let fromFirefox = try consumable(producer(firefox, 126), in: capabilities)
        #expect(summary(try consumer(fromFirefox, chromium).rtpParameters.codecs) == ["106 H264", "107 rtx 106"])
    }

    @Test("A router of Main profile alone never meets Firefox")
    func mainProfile() throws {
        let capabilities = try router(h264("4d0032"))
        let offered = try consumable(producer(chromium, 127), in: capabilities)
        #expect(!ORTC.canConsume(offered, capabilities: firefox))
        #expect(summary(try consumer(offered, chromium).rtpParameters.codecs) == ["127 H264", "125 rtx 127"])
    }

    @Test("The answer's level is the sender's own where both sides allow levels to differ, and never above it")
    func levels() throws {
        let offered = try consumable(producer(chromium, 106), in: router(h264("42e034")))
        #expect(offered.codecs.first?.parameters["profile-level-id"] == "42e01f")
    }

    @Test("VP9 profiles 0 and 2 stay two codecs all the way")
    func vp9Profiles() throws {
        let capabilities = try router(video("VP9", ["profile-id": 0]), video("VP9", ["profile-id": 2]))
        let offered = try consumable(producer(chromium, 98, 100), in: capabilities)
        #expect(summary(offered.codecs) == ["101 VP9", "102 rtx 101", "103 VP9", "104 rtx 103"])
        #expect(
            summary(try consumer(offered, chromium).rtpParameters.codecs)
                == ["98 VP9", "99 rtx 98", "100 VP9", "101 rtx 100"]
        )
        let toFirefox = try consumer(offered, firefox).rtpParameters
        #expect(summary(toFirefox.codecs) == ["121 VP9", "125 rtx 121"])
    }

    @Test("A router's H264 entry keeps the mode and profile that the application gives it")
    func applicationParameters() throws {
        let codec = try router(h264("640c1f", mode: 0)).codecs[1]
        #expect(codec.parameters["profile-level-id"] == "640c1f" && codec.parameters["packetization-mode"] == 0)
        #expect(throws: ORTCError.self) { try consumable(producer(chromium, 112), in: router(h264("640c1f", mode: 0))) }
        #expect(summary(try consumable(producer(chromium, 112), in: router(h264("640c1f"))).codecs)[0] == "101 H264")
    }

    @Test("AV1 with and without parameters is one codec")
    func av1() throws {
        let offered = try consumable(producer(chromium, 45), in: router(video("AV1")))
        #expect(summary(try consumer(offered, firefox).rtpParameters.codecs) == ["99 AV1", "100 rtx 99"])
    }

    @Test(
        "Opus and the telephone's codecs reach the other browser",
        arguments: [(111, "109 opus"), (0, "0 PCMU"), (8, "8 PCMA"), (9, "9 G722"), (126, "101 telephone-event")]
            as [(UInt8, String)]
    )
    func sound(payloadType: UInt8, expected: String) throws {
        let capabilities = try ORTC.routerRtpCapabilities(mediaCodecs: [
            audio("opus", nil, 48000, channels: 2), audio("PCMU", nil, 8000), audio("PCMA", nil, 8000),
            audio("G722", nil, 8000), audio("telephone-event", nil, 8000),
        ])
        let offered = try consumable(producer(chromium, payloadType), in: capabilities)
        #expect(summary(try consumer(offered, firefox).rtpParameters.codecs) == [expected])
    }

    @Test("Names in other letters, as OBS and others send them, match")
    func otherLetters() throws {
        var parameters = producer(chromium, 106)
        (parameters.codecs[0].mimeType, parameters.codecs[1].mimeType) = ("video/h264", "VIDEO/RTX")
        let offered = try consumable(parameters, in: router(h264("42e01f")))
        var client = firefox
        for index in client.codecs.indices {
            client.codecs[index].mimeType = client.codecs[index].mimeType.uppercased()
        }
        #expect(summary(try consumer(offered, client).rtpParameters.codecs) == ["126 H264", "127 rtx 126"])
        var opus = producer(chromium, 111)
        opus.codecs[0].mimeType = "audio/OPUS"
        #expect(summary(try consumable(opus, in: router()).codecs) == ["100 opus"])
    }
}
