// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Codecs of a router, changed while it runs")
struct MediaCodecsTests {
    private static let h264 = RtpCodecCapability(
        kind: .video,
        mimeType: "video/H264",
        clockRate: 90000,
        parameters: ["packetization-mode": 1, "profile-level-id": "42e01f"]
    )

    private static let h264Producer = ProducerOptions(
        kind: .video,
        rtpParameters: RtpParameters(
            mid: "h",
            codecs: [
                RtpCodecParameters(
                    mimeType: "video/H264",
                    payloadType: 102,
                    clockRate: 90000,
                    parameters: ["packetization-mode": 1, "profile-level-id": "42e01f"]
                )
            ],
            encodings: [RtpEncodingParameters(ssrc: 5)]
        )
    )

    @Test("New producers negotiate with the new codecs; the worker is not asked")
    func newProducers() async throws {
        let call = try await Call()
        #expect(await failure { _ = try await call.sending.produce(Self.h264Producer) }?.code == .unsupported)
        let asked = call.channel.requests.count
        try call.router.updateMediaCodecs([Self.h264])
        #expect(call.channel.requests.count == asked)
        #expect(call.router.rtpCapabilities.codecs.map(\.mimeType) == ["video/H264", "video/rtx"])
        _ = try await call.sending.produce(Self.h264Producer)
        #expect(await failure { _ = try await call.sending.produce(Call.vp8()) }?.code == .unsupported)
    }

    @Test("Producers of before keep their codecs, for consumers of before and after")
    func oldProducers() async throws {
        let call = try await Call()
        let capabilities = call.everything
        let producer = try await call.sending.produce(Call.vp8())
        let before = try await call.consume(producer)
        try call.router.updateMediaCodecs([Self.h264])
        #expect(call.router.canConsume(producerId: producer.id, rtpCapabilities: capabilities))
        #expect(!call.router.canConsume(producerId: producer.id, rtpCapabilities: call.everything))
        let after = try await call.receiving.consume(.init(producerId: producer.id, rtpCapabilities: capabilities))
        #expect(after.rtpParameters.codecs == before.rtpParameters.codecs)
    }

    @Test("Codecs that are refused change nothing")
    func refused() async throws {
        let call = try await Call()
        let before = call.router.rtpCapabilities
        let unknown = RtpCodecCapability(kind: .video, mimeType: "video/H266", clockRate: 90000)
        #expect(await failure { try call.router.updateMediaCodecs([Self.h264, unknown]) }?.code == .unsupported)
        #expect(call.router.rtpCapabilities == before)
        await call.router.close()
        #expect(await failure { try call.router.updateMediaCodecs([Self.h264]) }?.code == .closed)
    }
}
