// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletSignaling
import Testing

@Suite("Messages about data channels, as mediasoup's demo writes them") struct DataMessageTests {
    private struct Other: Error {}

    private static func data(_ text: String) throws -> FrameData {
        guard
            case .request(_, _, let data) = try SignalingFrame.parse(
                #"{"request":true,"id":1,"method":"m","data":"# + text + "}"
            )
        else { throw Other() }
        return data
    }

    @Test("A produceData of the demo's client is understood") func produceData() throws {
        let request = try Self.data(
            """
            {"transportId":"t","sctpStreamParameters":{"streamId":0,"ordered":false,"maxRetransmits":1},"label":"chat",\
            "protocol":"","appData":{"info":"my-chat-DataProducer"}}
            """
        ).decode(ProduceDataRequest.self)
        #expect(
            request
                == ProduceDataRequest(
                    transportId: "t",
                    sctpStreamParameters: SctpStreamParameters(streamId: 0, ordered: false, maxRetransmits: 1),
                    label: "chat",
                    protocol: "",
                    appData: ["info": "my-chat-DataProducer"]
                )
        )
    }

    @Test("Label, protocol and appData may be absent or null") func produceDataShort() throws {
        let wanted = ProduceDataRequest(transportId: "t", sctpStreamParameters: SctpStreamParameters(streamId: 7))
        for rest in ["", #","label":null,"protocol":null,"appData":null"#] {
            let text = #"{"transportId":"t","sctpStreamParameters":{"streamId":7}"# + rest + "}"
            #expect(try Self.data(text).decode(ProduceDataRequest.self) == wanted)
        }
    }

    @Test(
        "Stream parameters that make no sense are refused with 400 and what is wrong",
        arguments: [
            (#"{}"#, "streamId"), (#"{"streamId":-1}"#, "streamId"), (#"{"streamId":65536}"#, "streamId"),
            (#"{"streamId":1e400}"#, ""), (#"{"streamId":1.5}"#, "streamId"), (#"{"streamId":"0"}"#, "streamId"),
            (#"{"streamId":null}"#, "streamId"), (#"{"streamId":0,"ordered":"yes"}"#, "ordered"),
            (#"{"streamId":0,"maxRetransmits":-1}"#, "maxRetransmits"),
            (#"{"streamId":0,"maxRetransmits":65536}"#, "maxRetransmits"),
            (#"{"streamId":0,"maxPacketLifeTime":4294967296}"#, "maxPacketLifeTime"), ("[]", ""), ("7", ""),
            ("null", "sctpStreamParameters"),
        ]
    )
    func hostileStreamParameters(text: String, names: String) throws {
        do {
            _ = try Self.data(#"{"transportId":"t","sctpStreamParameters":\#(text)}"#).decode(ProduceDataRequest.self)
            Issue.record("\(text) was taken")
        } catch let error as SignalingError {
            #expect(error.code == 400)
            #expect(error.reason.contains(names), "\(text): \(error.reason)")
        } catch is SignalingFrame.Malformed {
            // Not even JSON to this reader.
        }
    }

    @Test(
        "SCTP capabilities that make no sense are refused, absent and null ones mean none",
        arguments: [
            ("{}", false), (#"{"numStreams":{}}"#, false), (#"{"numStreams":{"OS":-1,"MIS":1}}"#, false),
            (#"{"numStreams":{"OS":65536,"MIS":1}}"#, false), (#"{"numStreams":{"OS":1024,"MIS":1024}}"#, true),
            (#"{"numStreams":{"OS":65535,"MIS":0}}"#, true), ("true", false), ("[]", false), ("null", true),
        ]
    )
    func capabilities(text: String, isTaken: Bool) throws {
        let join = try Self.data(#"{"displayName":"x","sctpCapabilities":\#(text)}"#)
        let transport = try Self.data(#"{"consuming":true,"sctpCapabilities":\#(text)}"#)
        if isTaken {
            #expect((try join.decode(JoinRequest.self).sctpCapabilities == nil) == (text == "null"))
            #expect(
                (try transport.decode(CreateWebRtcTransportRequest.self).sctpCapabilities == nil) == (text == "null")
            )
        } else {
            #expect(throws: SignalingError.self) { try join.decode(JoinRequest.self) }
            #expect(throws: SignalingError.self) { try transport.decode(CreateWebRtcTransportRequest.self) }
        }
    }

    @Test("Requests that name a data producer or consumer want its id as text") func ids() throws {
        let named = try Self.data(#"{"dataProducerId":"p","dataConsumerId":"c"}"#)
        #expect(try named.decode(DataProducerRequest.self).dataProducerId == "p")
        #expect(try named.decode(DataConsumerRequest.self).dataConsumerId == "c")
        for text in ["{}", #"{"dataProducerId":7,"dataConsumerId":7}"#, #"{"producerId":"p","consumerId":"c"}"#, "[]"] {
            let data = try Self.data(text)
            #expect(throws: SignalingError.self) { try data.decode(DataProducerRequest.self) }
            #expect(throws: SignalingError.self) { try data.decode(DataConsumerRequest.self) }
        }
    }

    @Test("An offer has the members that mediasoup's clients read") func offer() {
        let text = SignalingFrame.request(
            id: 3,
            "newDataConsumer",
            NewDataConsumerRequest(
                peerId: "bob",
                dataProducerId: "p",
                id: "c",
                sctpStreamParameters: SctpStreamParameters(streamId: 1, ordered: false, maxRetransmits: 0),
                label: "reactions",
                protocol: "",
                appData: ["peerId": "bob"]
            )
        )
        #expect(
            text == """
                {"data":{"appData":{"peerId":"bob"},"dataProducerId":"p","id":"c","label":"reactions","peerId":"bob",\
                "protocol":"","sctpStreamParameters":{"maxRetransmits":0,"ordered":false,"streamId":1}},"id":3,\
                "method":"newDataConsumer","request":true}
                """
        )
    }

    @Test("A closed data consumer is told by its id alone") func closed() {
        #expect(
            SignalingFrame.notification("dataConsumerClosed", DataConsumerRequest(dataConsumerId: "c"))
                == #"{"data":{"dataConsumerId":"c"},"method":"dataConsumerClosed","notification":true}"#
        )
    }

    @Test("The history of the chat comes with the answer to join, each text with its five members") func history()
        throws
    {
        let message = ChatMessage(
            peerId: "bob",
            displayName: "Bob",
            time: 1_790_000_000_000,
            text: "hi \u{1}",
            id: "m1"
        )
        let text = SignalingFrame.success(id: 1, JoinAnswer(peers: [], chatHistory: [message]))
        #expect(
            text == """
                {"data":{"chatHistory":[{"displayName":"Bob","id":"m1","peerId":"bob","text":"hi \\u0001",\
                "time":1790000000000}],"peers":[]},"id":1,"ok":true,"response":true}
                """
        )
        #expect(SignalingFrame.success(id: 1, JoinAnswer(peers: [])).contains(#""chatHistory":[]"#))
    }

    @Test("Mutated requests for data channels never trap") func mutations() {
        var random = Linear(state: 11)
        let seed = Array(
            """
            {"request":true,"id":1,"method":"produceData","data":{"transportId":"t","sctpStreamParameters":{"streamId":12,\
            "ordered":false,"maxPacketLifeTime":3000},"label":"é","protocol":"p","appData":{"a":[1,null]},\
            "sctpCapabilities":{"numStreams":{"OS":1024,"MIS":1024}}}}
            """.utf8
        )
        var refused = 0
        for _ in 0..<3_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                if case .request(_, _, let data) = try SignalingFrame.parse(String(decoding: bytes, as: UTF8.self)) {
                    _ = try data.decode(ProduceDataRequest.self)
                    _ = try data.decode(JoinRequest.self)
                }
            } catch { refused += 1 }
        }
        #expect((1...2_999).contains(refused))
    }

    private struct Linear: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }
}
