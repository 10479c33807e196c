// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletSignaling
import Testing

@Suite("protoo frames") struct FrameTests {
    private static func request(_ text: String) throws -> (id: Int, method: String, data: FrameData) {
        guard case .request(let id, let method, let data) = try SignalingFrame.parse(text) else { throw Other() }
        return (id, method, data)
    }

    private struct Other: Error {}

    @Test("A request keeps id, method and data") func request() throws {
        let text = SignalingFrame.request(id: 9_999_999, "produce", TransportRequest(transportId: "t/1"))
        #expect(text == #"{"data":{"transportId":"t/1"},"id":9999999,"method":"produce","request":true}"#)
        let (id, method, data) = try Self.request(text)
        #expect(id == 9_999_999)
        #expect(method == "produce")
        #expect(try data.decode(TransportRequest.self) == TransportRequest(transportId: "t/1"))
    }

    @Test("Both kinds of responses keep what they say") func responses() throws {
        guard
            case .response(7, .success(let data)) = try SignalingFrame.parse(
                SignalingFrame.success(id: 7, ProduceAnswer(id: "p"))
            )
        else { throw Other() }
        #expect(try data.decode(ProduceAnswer.self).id == "p")
        guard
            case .response(8, .failure(let error)) = try SignalingFrame.parse(
                SignalingFrame.failure(id: 8, SignalingError(404, "no \"such\" thing"))
            )
        else { throw Other() }
        #expect(error == SignalingError(404, "no \"such\" thing"))
    }

    @Test("A response without ok counts as refused") func withoutOk() throws {
        guard case .response(1, .failure(let error)) = try SignalingFrame.parse(#"{"response":true,"id":1}"#) else {
            throw Other()
        }
        #expect(error.code == 500)
    }

    @Test("No layers and no speaker are null, which clients look for") func nulls() throws {
        #expect(
            SignalingFrame.notification(
                "consumerLayersChanged",
                ConsumerLayersNotice(consumerId: "c", spatialLayer: nil, temporalLayer: nil)
            )
                == #"{"data":{"consumerId":"c","spatialLayer":null,"temporalLayer":null},"method":"consumerLayersChanged","notification":true}"#
        )
        #expect(
            SignalingFrame.notification("activeSpeaker", ActiveSpeakerNotice(peerId: nil))
                == #"{"data":{"peerId":null},"method":"activeSpeaker","notification":true}"#
        )
        guard
            case .notification(_, let data) = try SignalingFrame.parse(
                SignalingFrame.notification(
                    "consumerLayersChanged",
                    ConsumerLayersNotice(consumerId: "c", spatialLayer: 1, temporalLayer: 0)
                )
            )
        else { throw Other() }
        let notice = ConsumerLayersNotice(consumerId: "c", spatialLayer: 1, temporalLayer: 0)
        #expect(try data.decode(ConsumerLayersNotice.self) == notice)
    }

    @Test("A notification keeps method and data") func notification() throws {
        let notice = PeerNotice(peerId: "ä")
        guard
            case .notification("peerClosed", let data) = try SignalingFrame.parse(
                SignalingFrame.notification("peerClosed", notice)
            )
        else { throw Other() }
        #expect(try data.decode(PeerNotice.self) == notice)
    }

    @Test(
        "Absent data counts as an empty object, null data as well",
        arguments: ["", #","data":null"#, #","data":{}"#]
    )
    func noData(data: String) throws {
        let frame = try Self.request(#"{"request":true,"id":1,"method":"x"\#(data)}"#)
        #expect(try frame.data.decode(CreateWebRtcTransportRequest.self) == CreateWebRtcTransportRequest())
    }

    @Test(
        "Text that is no frame is an error, with the id where there is one",
        arguments: [
            ("", nil), ("[]", nil), ("7", nil), ("{", nil), ("null", nil), ("{}", nil), (#"{"request":1,"id":1}"#, nil),
            (#"{"request":true,"method":"x"}"#, nil), (#"{"request":true,"id":"1","method":"x"}"#, nil),
            (#"{"request":true,"id":5}"#, 5), (#"{"request":true,"id":5,"method":7}"#, 5),
            (#"{"request":true,"id":5,"method":""}"#, 5), (#"{"response":true,"ok":true}"#, nil),
            (#"{"notification":true}"#, nil), (#"{"request":true,"id":1.5,"method":"x"}"#, nil),
            (#"{"request":true,"id":1e99,"method":"x"}"#, nil),
            (String(repeating: "[", count: 100_000), nil), (String(repeating: #"{"a":"#, count: 50_000), nil),
        ] as [(String, Int?)]
    ) func malformed(text: String, id: Int?) {
        do {
            _ = try SignalingFrame.parse(text)
            Issue.record("\(text.prefix(40)) was taken")
        } catch {
            #expect(error.id == id)
            #expect(!error.reason.isEmpty)
        }
    }

    @Test("Data of the wrong form is refused with 400 and the member's name") func wrongData() throws {
        let frame = try Self.request(
            #"{"request":true,"id":1,"method":"produce","data":{"transportId":"t","kind":"smell"}}"#
        )
        #expect {
            _ = try frame.data.decode(ProduceRequest.self)
        } throws: { error in
            guard let error = error as? SignalingError else { return false }
            return error.code == 400 && error.reason.contains("kind")
        }
        let missing = try Self.request(#"{"request":true,"id":1,"method":"produce"}"#)
        #expect {
            _ = try missing.data.decode(TransportRequest.self)
        } throws: { error in
            (error as? SignalingError)?.reason.contains("transportId is missing") == true
        }
    }

    @Test("Deep nesting in data is refused, not followed until the stack ends") func deepData() throws {
        let deep = String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000)
        let text = #"{"request":true,"id":1,"method":"join","data":{"displayName":"x","device":\#(deep)}}"#
        do {
            let frame = try Self.request(text)
            _ = try frame.data.decode(JoinRequest.self)
            Issue.record("20,000 levels were taken")
        } catch is SignalingError {} catch is SignalingFrame.Malformed {}
    }

    @Test("A join of the older demo's client is understood") func olderJoin() throws {
        let text = """
            {"request":true,"id":1,"method":"join","data":{"displayName":"Ann","device":{"flag":"chrome","name":"Chrome",\
            "version":"120"},"rtpCapabilities":{"codecs":[],"headerExtensions":[]},"sctpCapabilities":{"numStreams":\
            {"OS":1024,"MIS":1024}}}}
            """
        let join = try Self.request(text).data.decode(JoinRequest.self)
        #expect(join.displayName == "Ann")
        #expect(join.device?["flag"]?.string == "chrome")
        #expect(join.rtpCapabilities == RtpCapabilities())
    }

    @Test("Mutated frames never trap") func mutations() {
        var random = Linear(state: 7)
        let seed = Array(
            #"{"request":true,"id":12,"method":"join","data":{"displayName":"é","device":{"a":[1,2.5,null,true]}}}"#
                .utf8
        )
        var refused = 0
        for _ in 0..<3_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                if case .request(_, _, let data) = try SignalingFrame.parse(String(decoding: bytes, as: UTF8.self)) {
                    _ = try data.decode(JoinRequest.self)
                }
            } catch { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    private struct Linear: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }
}
