// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import Testing

@Suite("Codec matching")
struct CodecMatchingTests {
    @Test("Names match in any case", arguments: ["video/h264", "VIDEO/H264", "Video/H264"])
    func caseInsensitive(mimeType: String) {
        var other = h264("42e01f")
        other.mimeType = mimeType
        #expect(ORTC.matches(other, h264("42e01f")))
    }

    @Test("Clock rate and channels must be equal, one channel being the default")
    func clockAndChannels() {
        let opus = audio("opus", nil, 48000, channels: 2)
        #expect(ORTC.matches(audio("OPUS", nil, 48000, channels: 2), opus))
        #expect(!ORTC.matches(audio("opus", nil, 48000), opus, .loose))
        #expect(!ORTC.matches(audio("opus", nil, 16000, channels: 2), opus, .loose))
        var unsaid = audio("PCMU", nil, 8000)
        unsaid.channels = nil
        #expect(ORTC.matches(unsaid, audio("PCMU", nil, 8000)))
        #expect(ORTC.matches(audio("opus", nil, 48000, channels: 2, ["stereo": 1]), opus))
    }

    @Test("VP9 profiles match as numbers however they are written, 0 where absent")
    func vp9() {
        #expect(ORTC.matches(video("VP9", ["profile-id": "0"]), video("VP9", ["profile-id": 0])))
        #expect(ORTC.matches(video("VP9"), video("VP9", ["profile-id": "0"])))
        #expect(!ORTC.matches(video("VP9"), video("VP9", ["profile-id": 2])))
        #expect(!ORTC.matches(video("VP9", ["profile-id": "x"]), video("VP9", ["profile-id": "x"])))
        #expect(ORTC.matches(video("VP9"), video("VP9", ["profile-id": 2]), .loose))
    }

    @Test("AV1 profiles match, 0 where absent, levels and tiers aside")
    func av1() {
        #expect(ORTC.matches(video("AV1", ["profile": "0", "level-idx": 5, "tier": 0]), video("AV1")))
        #expect(!ORTC.matches(video("AV1", ["profile": 1]), video("AV1")))
    }

    @Test("H265 matches by profile and tier; the level is the lesser of both")
    func h265() throws {
        let high = video("H265", ["profile-id": 1, "tier-flag": 0, "level-id": 150])
        #expect(ORTC.matches(high, video("H265")))
        #expect(!ORTC.matches(high, video("H265", ["profile-id": 2])))
        #expect(!ORTC.matches(high, video("H265", ["tier-flag": "1"])))
        let browser = RtpCapabilities(
            codecs: videoCapabilities("49 H265 level-id=150;profile-id=1;tier-flag=0;tx-mode=SRST")
        )
        let offered = try consumable(producer(browser, 49), in: router(video("H265", ["level-id": "120"])))
        #expect(offered.codecs.first?.parameters["level-id"] == 120)
    }

    @Test("H264 needs the same packetization mode, 0 where absent, and the same profile")
    func h264Profiles() {
        #expect(ORTC.matches(h264("42e01f"), h264("42e034")))
        #expect(!ORTC.matches(h264("42e01f", mode: 0), h264("42e01f", mode: 1)))
        #expect(ORTC.matches(video("H264", ["packetization-mode": "0"]), video("H264")))
        #expect(ORTC.matches(video("H264"), h264("42e01f", mode: 0)))
        #expect(!ORTC.matches(h264("42001f"), h264("42e01f")))
        #expect(!ORTC.matches(h264("640c1f"), h264("64001f")))
        #expect(!ORTC.matches(h264("foo"), h264("foo")))
    }

    @Test("A profile-level-id of digits alone that arrives as a number still counts")
    func numericProfile() {
        let number = video("H264", ["profile-level-id": 640_032, "packetization-mode": 1])
        #expect(ORTC.matches(number, h264("64001f")))
    }
}

@Suite("H.264 profile-level-id, RFC 6184 §8.1")
struct H264ProfileLevelIDTests {
    @Test(
        "Profile flags and levels are read",
        arguments: [
            ("42e01f", H264ProfileLevelID.Profile.constrainedBaseline, H264ProfileLevelID.Level.level3_1),
            ("42c02a", .constrainedBaseline, .level4_2), ("4de01f", .constrainedBaseline, .level3_1),
            ("58f01f", .constrainedBaseline, .level3_1), ("42a01f", .baseline, .level3_1),
            ("42001f", .baseline, .level3_1), ("58A01F", .baseline, .level3_1), ("4D401f", .main, .level3_1),
            ("4d0032", .main, .level5), ("64001f", .high, .level3_1), ("640c1f", .constrainedHigh, .level3_1),
            ("f4001f", .predictiveHigh444, .level3_1), ("42f00b", .constrainedBaseline, .level1b),
            ("42100b", .baseline, .level1b), ("4d100b", .main, .level1b), ("42e00b", .constrainedBaseline, .level1_1),
            ("42e00a", .constrainedBaseline, .level1),
        ]
    )
    func parse(text: String, profile: H264ProfileLevelID.Profile, level: H264ProfileLevelID.Level) {
        #expect(H264ProfileLevelID(text) == H264ProfileLevelID(profile: profile, level: level))
    }

    @Test(
        "What is no profile or level is refused",
        arguments: [
            "", " 42e01f", "4242e01f", "e01f", "gggggg", "42e000", "42e00f", "42e0ff", "42e11f", "58601f", "64e01f",
        ]
    )
    func refuse(text: String) {
        #expect(H264ProfileLevelID(text) == nil)
    }

    @Test("What is read is written back in its canonical form")
    func write() {
        let pairs = [
            ("42e01f", "42e01f"), ("42a01f", "42001f"), ("4de01f", "42e01f"), ("4d401f", "4d001f"),
            ("42f00b", "42f00b"),
            ("42100b", "42100b"), ("4d100b", "4d100b"), ("42e00a", "42e00a"), ("640c2a", "640c2a"),
            ("f40034", "f40034"),
        ]
        for (text, canonical) in pairs { #expect(H264ProfileLevelID(text)?.text == canonical) }
        #expect(H264ProfileLevelID(profile: .high, level: .level1b).text == nil)
        for profile in H264ProfileLevelID.Profile.allCases {
            for level in H264ProfileLevelID.Level.allCases where level != .level1b {
                let value = H264ProfileLevelID(profile: profile, level: level)
                #expect(value.text.flatMap(H264ProfileLevelID.init) == value)
            }
        }
    }

    @Test("1b lies between 1 and 1.1")
    func order() {
        #expect(H264ProfileLevelID.Level.level1 < .level1b)
        #expect(H264ProfileLevelID.Level.level1b < .level1_1)
        #expect(H264ProfileLevelID.Level.level3_1 < .level4)
        #expect(!(H264ProfileLevelID.Level.level1b < .level1b))
    }

    @Test("The answer has the lesser level, or ours where both sides allow levels to differ")
    func answer() {
        let low: [String: CodecParameterValue] = ["profile-level-id": "42e015"]
        let high: [String: CodecParameterValue] = ["profile-level-id": "42e01f"]
        #expect(H264ProfileLevelID.answer(local: high, remote: low) == "42e015")
        #expect(H264ProfileLevelID.answer(local: low, remote: high) == "42e015")
        #expect(H264ProfileLevelID.answer(local: [:], remote: [:]) == nil)
        #expect(H264ProfileLevelID.answer(local: low, remote: [:]) == "42e015")
        let free = { (level: [String: CodecParameterValue], flag: CodecParameterValue) in
            level.merging(["level-asymmetry-allowed": flag]) { $1 }
        }
        #expect(H264ProfileLevelID.answer(local: free(high, "1"), remote: free(low, 1)) == "42e01f")
        #expect(H264ProfileLevelID.answer(local: free(low, 1), remote: free(high, "1")) == "42e015")
        #expect(H264ProfileLevelID.answer(local: free(high, 1), remote: low) == "42e015")
    }

    @Test("Both absent: no profile-level-id is made up; one side absent: 3.1 Constrained Baseline is meant")
    func absent() throws {
        let browser = RtpCapabilities(codecs: videoCapabilities("96 H264 packetization-mode=1"))
        let bare = try consumable(producer(browser, 96), in: router(video("H264", ["packetization-mode": 1])))
        #expect(bare.codecs.first?.parameters["profile-level-id"] == nil)
        let said = try consumable(producer(browser, 96), in: router(h264("42e034")))
        #expect(said.codecs.first?.parameters["profile-level-id"] == "42e01f")
    }
}
