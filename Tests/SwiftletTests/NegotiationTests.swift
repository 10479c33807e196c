// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Negotiation in the host")
struct NegotiationTests {
    @Test("canConsume asks nobody and agrees with consume")
    func canConsume() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.vp8())
        let asked = call.channel.requests.count
        let audioOnly = RtpCapabilities(codecs: call.everything.codecs.filter { $0.kind == .audio })
        #expect(call.router.canConsume(producerId: producer.id, rtpCapabilities: call.everything))
        #expect(!call.router.canConsume(producerId: producer.id, rtpCapabilities: audioOnly))
        #expect(!call.router.canConsume(producerId: "nobody", rtpCapabilities: call.everything))
        #expect(call.channel.requests.count == asked)
        let refused = await failure {
            _ = try await call.receiving.consume(.init(producerId: producer.id, rtpCapabilities: audioOnly))
        }
        #expect(refused?.code == .unsupported)
        #expect(call.channel.requests.count == asked)
    }

    @Test("A consumer gets its peer's payload types, and the worker the way to them")
    func ownPayloadTypes() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        var capabilities = call.everything
        capabilities.codecs = capabilities.codecs.filter { $0.kind == .audio }
        let router = try #require(capabilities.codecs.first?.preferredPayloadType)
        capabilities.codecs[0].preferredPayloadType = 63
        let consumer = try await call.receiving.consume(
            .init(producerId: producer.id, rtpCapabilities: capabilities, paused: true)
        )
        #expect(consumer.rtpParameters.codecs.map(\.payloadType) == [63])
        #expect(consumer.paused)
        guard case .consume(let asked) = call.channel.requests.last else {
            Issue.record("asked \(call.channel.requests)")
            return
        }
        #expect(asked.codecMapping == [RtpCodecMapping(payloadType: router, mappedPayloadType: 63)])
        #expect(asked.consumableRtpEncodings == producer.consumableRtpParameters.encodings)
    }

    @Test("Within a transport a payload type stands for one codec")
    func payloadTypeConflict() async throws {
        let call = try await Call()
        let (audio, video) = (try await call.sending.produce(Call.opus()), try await call.sending.produce(Call.vp8()))
        func capabilities(_ kind: MediaKind) -> RtpCapabilities {
            var codecs = call.everything.codecs.filter { $0.kind == kind && !$0.mimeType.hasSuffix("rtx") }
            codecs[0].preferredPayloadType = 100
            return RtpCapabilities(codecs: codecs)
        }
        let first = try await call.receiving.consume(.init(producerId: audio.id, rtpCapabilities: capabilities(.audio)))
        let refused = await failure {
            _ = try await call.receiving.consume(.init(producerId: video.id, rtpCapabilities: capabilities(.video)))
        }
        #expect(refused?.code == .invalidArgument)
        #expect(refused?.message.contains("payload type 100") == true)
        await first.close()
        _ = try await call.receiving.consume(.init(producerId: video.id, rtpCapabilities: capabilities(.video)))
    }

    @Test("MIDs count up, custom ones are unique, and come free with their consumer")
    func mids() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let first = try await call.consume(producer)
        let named = try await call.consume(producer, mid: "1")
        let next = try await call.consume(producer)
        #expect([first, named, next].map(\.rtpParameters.mid) == ["0", "1", "2"])
        #expect(await failure { _ = try await call.consume(producer, mid: "1") }?.code == .invalidArgument)
        #expect(await failure { _ = try await call.consume(producer, mid: "") }?.code == .invalidArgument)
        await named.close()
        #expect(try await call.consume(producer, mid: "1").rtpParameters.mid == "1")
        let ssrcs = Set([first, next].compactMap(\.rtpParameters.encodings.first?.ssrc))
        #expect(ssrcs.count == 2)
    }

    @Test("A consumer that the worker refuses leaves nothing behind")
    func refusedConsumer() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        call.channel.refuseNext(SwiftletError(.limitReached, "full"))
        #expect(await failure { _ = try await call.consume(producer, mid: "x") }?.code == .limitReached)
        #expect(try await call.consume(producer, mid: "x").rtpParameters.mid == "x")
    }

    @Test("Producer ids are unique in a router and come free with their producer")
    func producerIds() async throws {
        let call = try await Call()
        var options = Call.opus()
        options.id = "mine"
        let producer = try await call.sending.produce(options)
        options.rtpParameters.encodings[0].ssrc = 5
        #expect(await failure { _ = try await call.receiving.produce(options) }?.code == .alreadyExists)
        await producer.close()
        call.channel.refuseNext(SwiftletError(.alreadyExists, "ssrc 5"))
        #expect(await failure { _ = try await call.receiving.produce(options) }?.message == "ssrc 5")
        #expect(try await call.receiving.produce(options).id == "mine")
    }

    @Test("A codec that the router lacks is refused by name, before the worker is asked")
    func unknownCodec() async throws {
        let call = try await Call()
        var options = Call.vp8()
        options.rtpParameters.codecs[0].mimeType = "video/VP9"
        let asked = call.channel.requests.count
        let refused = await failure { _ = try await call.sending.produce(options) }
        #expect(refused?.code == .unsupported)
        #expect(refused?.message.contains("video/VP9") == true)
        #expect(call.channel.requests.count == asked)
    }

    @Test("All producers of a transport share one canonical name, the first one's")
    func cname() async throws {
        let call = try await Call()
        var options = Call.opus()
        options.rtpParameters.rtcp.cname = "first"
        let first = try await call.sending.produce(options)
        var other = Call.vp8()
        other.rtpParameters.rtcp.cname = "second"
        #expect(first.rtpParameters.rtcp.cname == "first")
        #expect(try await call.sending.produce(other).rtpParameters.rtcp.cname == "first")
        let made = try await call.receiving.produce(Call.opus(ssrc: 9))
        #expect(made.rtpParameters.rtcp.cname?.count == 8)
    }

    @Test("An unsupported codec makes no router")
    func routerCodecs() async throws {
        let call = try await Call()
        let asked = call.channel.requests.count
        let refused = await failure {
            _ = try await call.worker.createRouter(
                mediaCodecs: [RtpCodecCapability(kind: .audio, mimeType: "audio/chirping", clockRate: 48000)])
        }
        #expect(refused?.code == .unsupported)
        #expect(call.channel.requests.count == asked)
    }
}
