// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import SwiftletEmbedded
import Testing

@Suite("Layers and observers over a real worker", .serialized)
struct LayersAndObserversTests {
    private static func simulcast() -> ProducerOptions {
        ProducerOptions(
            kind: .video,
            rtpParameters: RtpParameters(
                mid: "v",
                codecs: [RtpCodecParameters(mimeType: "video/VP8", payloadType: 96, clockRate: 90000)],
                encodings: ["q", "h", "f"].map { RtpEncodingParameters(rid: $0, scalabilityMode: "L1T3") }
            )
        )
    }

    private static func transports(_ worker: Worker) async throws -> (Router, WebRtcTransport, WebRtcTransport) {
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let sending = try await router.createWebRtcTransport(.init(listen: .infos([RealWorker.loopback])))
        let receiving = try await router.createWebRtcTransport(.init(listen: .infos([RealWorker.loopback])))
        return (router, sending, receiving)
    }

    @Test("A simulcast's consumer gets its wish within what there is", arguments: RealWorker.allCases)
    func layers(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let (router, sending, receiving) = try await Self.transports(worker)
        let producer = try await sending.produce(Self.simulcast())
        #expect(producer.type == .simulcast)
        let consumer = try await receiving.consume(
            .init(
                producerId: producer.id,
                rtpCapabilities: router.rtpCapabilities,
                preferredLayers: ConsumerLayers(spatialLayer: 0, temporalLayer: 0)
            )
        )
        #expect(consumer.type == .simulcast)
        #expect(consumer.preferredLayers == ConsumerLayers(spatialLayer: 0, temporalLayer: 0))
        #expect(consumer.currentLayers == nil)
        #expect(consumer.rtpParameters.encodings.map(\.scalabilityMode) == ["L3T3"])
        try await consumer.setPreferredLayers(ConsumerLayers(spatialLayer: .max, temporalLayer: 1))
        #expect(consumer.preferredLayers == ConsumerLayers(spatialLayer: 2, temporalLayer: 1))
        try await consumer.setPreferredLayers(nil)
        #expect(consumer.preferredLayers == ConsumerLayers(spatialLayer: 2, temporalLayer: 2))
        try await consumer.setPriority(255)
        try await consumer.unsetPriority()
        #expect(consumer.priority == 1)
        try await producer.enableTraceEvent(Set(TraceEventType.allCases))
        try await consumer.enableTraceEvent([.rtp, .keyframe, .nack, .pli, .fir])
        try await consumer.enableTraceEvent()
        await worker.close()
    }

    @Test("A consumer of one stream without layers has no layers, whatever it wishes", arguments: RealWorker.allCases)
    func noLayers(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let (router, sending, receiving) = try await Self.transports(worker)
        let producer = try await sending.produce(RealWorker.opus(ssrc: 1))
        let consumer = try await receiving.consume(
            .init(
                producerId: producer.id,
                rtpCapabilities: router.rtpCapabilities,
                preferredLayers: ConsumerLayers(spatialLayer: 1),
                ignoreDtx: true
            )
        )
        #expect(consumer.preferredLayers == nil)
        try await consumer.setPreferredLayers(ConsumerLayers(spatialLayer: 0))
        #expect(consumer.preferredLayers == nil)
        await worker.close()
    }

    @Test(
        "Observers listen to producers until those close, are paused, and end with their router",
        arguments: RealWorker.allCases
    )
    func observers(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let (router, sending, _) = try await Self.transports(worker)
        let one = try await sending.produce(RealWorker.opus(ssrc: 1))
        let two = try await sending.produce(RealWorker.opus(ssrc: 2))
        let levels = try await router.createAudioLevelObserver(maxEntries: 2, threshold: -60, interval: 250)
        let speaker = try await router.createActiveSpeakerObserver(interval: 100)
        for observer in [levels, speaker] as [any RtpObserver] {
            try await observer.addProducer(producerId: one.id)
            try await observer.addProducer(producerId: two.id)
            try await observer.addProducer(producerId: two.id)
            #expect(try await observer.dump().producerIds.sorted() == [one.id, two.id].sorted())
            try await observer.removeProducer(producerId: one.id)
            try await observer.removeProducer(producerId: one.id)
            try await observer.pause()
            let dump = try await observer.dump()
            #expect(dump.producerIds == [two.id] && dump.paused)
            #expect(dump.type == observer.type.rawValue && dump.routerId == router.id)
            try await observer.resume()
        }
        await two.close()
        #expect(try await levels.dump().producerIds == [])
        await speaker.close()
        let ended = levels.events()
        await router.close()
        guard case .routerClose = await all(ended).last else {
            Issue.record("no routerClose")
            return
        }
        #expect(speaker.closed && levels.closed)
        await worker.close()
    }
}
