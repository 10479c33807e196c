// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Layers, priorities and demand")
struct LayerTests {
    @Test("What layers are preferred is asked for with the consumer, layer 0 included")
    func preferredAtFirst() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.vp8())
        let lowest = ConsumerLayers(spatialLayer: 0, temporalLayer: 0)
        let consumer = try await call.consume(producer, preferredLayers: lowest)
        guard case .consume(let asked) = call.channel.requests.last else {
            Issue.record("asked \(call.channel.requests)")
            return
        }
        #expect(asked.preferredLayers == lowest && !asked.ignoreDtx)
        #expect(consumer.preferredLayers == lowest)
        #expect(consumer.currentLayers == nil)
        #expect(consumer.priority == 1)
    }

    @Test("The options of a consumer reach the worker and the negotiation")
    func options() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.vp8())
        var capabilities = call.everything
        for index in capabilities.headerExtensions.indices {
            capabilities.headerExtensions[index].direction = .sendrecv
        }
        func descriptor(forward: Bool) async throws -> Bool {
            let consumer = try await call.receiving.consume(
                .init(
                    producerId: producer.id,
                    rtpCapabilities: capabilities,
                    ignoreDtx: true,
                    forwardDependencyDescriptor: forward
                )
            )
            return consumer.rtpParameters.headerExtensions.contains { $0.uri.contains("dependency-descriptor") }
        }
        #expect(try await !descriptor(forward: false))
        #expect(try await descriptor(forward: true))
        guard case .consume(let asked) = call.channel.requests.last else {
            Issue.record("asked \(call.channel.requests)")
            return
        }
        #expect(asked.ignoreDtx && asked.preferredLayers == nil)
    }

    @Test("Video has RTX and sound has not, unless the options say otherwise")
    func rtx() async throws {
        let call = try await Call()
        let (audio, video) = (try await call.sending.produce(Call.opus()), try await call.sending.produce(Call.vp8()))
        func features(_ producer: Producer, _ enableRtx: Bool?) async throws -> [Bool] {
            let consumer = try await call.receiving.consume(
                .init(producerId: producer.id, rtpCapabilities: call.everything, enableRtx: enableRtx)
            )
            let codecs = consumer.rtpParameters.codecs
            return [
                codecs.contains { $0.mimeType == "video/rtx" },
                codecs[0].rtcpFeedback.contains(RtcpFeedback(type: "nack")),
            ]
        }
        #expect(try await features(video, nil) == [true, true])
        #expect(try await features(video, false) == [false, false])
        #expect(try await features(audio, nil) == [false, false])
        #expect(try await features(audio, true) == [false, true])
    }

    @Test("setPreferredLayers keeps what the worker made of it, and nil is the highest")
    func setPreferredLayers() async throws {
        let call = try await Call()
        let consumer = try await call.consume(call.sending.produce(Call.vp8()), preferredLayers: nil)
        #expect(consumer.preferredLayers == nil)
        try await consumer.setPreferredLayers(ConsumerLayers(spatialLayer: 9, temporalLayer: 1))
        #expect(consumer.preferredLayers == ConsumerLayers(spatialLayer: 2, temporalLayer: 1))
        try await consumer.setPreferredLayers(ConsumerLayers(spatialLayer: 0, temporalLayer: 0))
        #expect(consumer.preferredLayers == ConsumerLayers(spatialLayer: 0, temporalLayer: 0))
        try await consumer.setPreferredLayers(nil)
        #expect(consumer.preferredLayers == ConsumerLayers(spatialLayer: 2, temporalLayer: 2))
        call.channel.answerNext(.preferredLayers(nil))
        try await consumer.setPreferredLayers(ConsumerLayers(spatialLayer: 1))
        #expect(consumer.preferredLayers == nil)
    }

    @Test(
        "Layers below 0 are refused by name before the worker is asked",
        arguments: [
            (ConsumerLayers(spatialLayer: -1), "preferredLayers.spatialLayer is -1, below 0"),
            (ConsumerLayers(spatialLayer: 0, temporalLayer: -2), "preferredLayers.temporalLayer is -2, below 0"),
        ]
    )
    func negativeLayers(layers: ConsumerLayers, message: String) async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.vp8())
        let consumer = try await call.consume(producer)
        let asked = call.channel.requests.count
        let refusal = SwiftletError(.invalidArgument, message)
        #expect(await failure { try await consumer.setPreferredLayers(layers) } == refusal)
        #expect(await failure { _ = try await call.consume(producer, preferredLayers: layers) } == refusal)
        #expect(call.channel.requests.count == asked)
    }

    @Test("A priority is 1 to 255, stays when it is refused, and can be unset", arguments: [0, -1, 256, .min, .max])
    func priority(bad: Int) async throws {
        let call = try await Call()
        let consumer = try await call.consume(call.sending.produce(Call.vp8()))
        try await consumer.setPriority(255)
        #expect(call.channel.requests.last == .setPriority(consumerId: consumer.id, priority: 255))
        let asked = call.channel.requests.count
        #expect(
            await failure { try await consumer.setPriority(bad) }
                == SwiftletError(.invalidArgument, "priority is \(bad), not within 1 to 255")
        )
        #expect(call.channel.requests.count == asked)
        call.channel.refuseNext(SwiftletError(.internal, "no"))
        #expect(await failure { try await consumer.setPriority(7) }?.code == .internal)
        #expect(consumer.priority == 255)
        try await consumer.unsetPriority()
        #expect(consumer.priority == 1)
        #expect(call.channel.requests.last == .setPriority(consumerId: consumer.id, priority: 1))
    }

    @Test("What is forwarded is told and kept, nothing included")
    func currentLayers() async throws {
        let call = try await Call()
        let consumer = try await call.consume(call.sending.produce(Call.vp8()))
        let (events, observed) = (consumer.events(), consumer.observer.events())
        let layers = ConsumerLayers(spatialLayer: 1, temporalLayer: 2)
        call.channel.say(.consumerLayersChanged(consumerId: consumer.id, layers: layers))
        #expect(consumer.currentLayers == layers)
        call.channel.say(.consumerLayersChanged(consumerId: consumer.id, layers: nil))
        #expect(consumer.currentLayers == nil)
        await consumer.close()
        #expect(await all(events) == [.layersChange(layers), .layersChange(nil)])
        #expect(await all(observed) == [.layersChange(layers), .layersChange(nil), .close])
    }

    @Test("Demand is told and kept, and so is a camera's turn told")
    func demand() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.vp8())
        #expect(producer.demand == nil)
        let (events, observed) = (producer.events(), producer.observer.events())
        let demand = ProducerDemand(encodings: [true, false], spatialLayer: 0, temporalLayer: 2)
        let orientation = ProducerVideoOrientation(camera: true, flip: false, rotation: 90)
        call.channel.say(.producerDemand(producerId: producer.id, demand: demand))
        call.channel.say(.producerVideoOrientationChanged(producerId: producer.id, orientation: orientation))
        #expect(producer.demand == demand)
        await producer.close()
        #expect(await all(events) == [.demand(demand), .videoOrientationChange(orientation)])
        #expect(await all(observed) == [.demand(demand), .videoOrientationChange(orientation), .close])
    }
}

@Suite("Traces")
struct TraceTests {
    @Test("Traces are asked for by type, told to events and observers, and switched off again")
    func traces() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.vp8())
        let consumer = try await call.consume(producer)
        let (produced, consumed) = (producer.events(), consumer.events())
        let (producerSeen, consumerSeen) = (producer.observer.events(), consumer.observer.events())
        try await producer.enableTraceEvent([.rtp, .sr])
        #expect(call.channel.requests.last == .traceProducer(id: producer.id, types: [.rtp, .sr]))
        try await consumer.enableTraceEvent([.nack, .keyframe])
        #expect(call.channel.requests.last == .traceConsumer(id: consumer.id, types: [.nack, .keyframe]))
        let received = TraceEvent(type: .rtp, timestamp: 5, direction: .incoming, info: TraceInfo(ssrc: 2222))
        let asked = TraceEvent(type: .nack, timestamp: 6, direction: .incoming, info: TraceInfo(ssrc: 1))
        call.channel.say(.producerTrace(producerId: producer.id, event: received))
        call.channel.say(.consumerTrace(consumerId: consumer.id, event: asked))
        try await producer.enableTraceEvent()
        #expect(call.channel.requests.last == .traceProducer(id: producer.id, types: []))
        await consumer.close()
        await producer.close()
        #expect(await all(produced) == [.trace(received)])
        #expect(await all(consumed) == [.trace(asked)])
        #expect(await all(producerSeen) == [.trace(received), .close])
        #expect(await all(consumerSeen) == [.trace(asked), .close])
    }

    @Test("Sender reports are not traced on consumers")
    func senderReports() async throws {
        let call = try await Call()
        let consumer = try await call.consume(call.sending.produce(Call.vp8()))
        let asked = call.channel.requests.count
        let refused = await failure { try await consumer.enableTraceEvent([.sr, .rtp]) }
        #expect(refused == SwiftletError(.invalidArgument, "types: sr is traced on producers alone"))
        #expect(call.channel.requests.count == asked)
    }

    @Test("Closed objects refuse traces, layers and priorities")
    func closed() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.vp8())
        let consumer = try await call.consume(producer)
        await call.router.close()
        #expect(await failure { try await producer.enableTraceEvent([.rtp]) }?.code == .closed)
        #expect(await failure { try await consumer.enableTraceEvent([.rtp]) }?.code == .closed)
        #expect(await failure { try await consumer.setPreferredLayers(nil) }?.code == .closed)
        #expect(await failure { try await consumer.setPriority(2) }?.code == .closed)
        #expect(await failure { try await consumer.unsetPriority() }?.code == .closed)
    }
}
