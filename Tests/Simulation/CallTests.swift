// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("A call of two clients through an engine")
struct CallTests {
    static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    static let transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

    private func codecs(video: Bool, _ media: UInt8, _ rtx: UInt8) -> [RtpCodecParameters] {
        guard video else {
            return [RtpCodecParameters(mimeType: "audio/opus", payloadType: media, clockRate: 48_000, channels: 2)]
        }
        let feedback = [
            RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
            RtcpFeedback(type: "transport-cc"),
        ]
        return [
            RtpCodecParameters(mimeType: "video/VP8", payloadType: media, clockRate: 90_000, rtcpFeedback: feedback),
            RtpCodecParameters(
                mimeType: "video/rtx",
                payloadType: rtx,
                clockRate: 90_000,
                parameters: ["apt": .integer(Int(media))]
            ),
        ]
    }

    private func produce(_ world: World, _ client: SimulatedClient, video: Bool, ssrc: UInt32, sequence: UInt16) throws
    {
        client.publish(video: video, ssrc: ssrc, sequence: sequence)
        let parameters = RtpParameters(
            mid: video ? "v" : "a",
            codecs: codecs(video: video, video ? 96 : 111, 97),
            headerExtensions: [.init(uri: Self.mid, id: 1), .init(uri: Self.transportCC, id: 3)],
            encodings: [.init(ssrc: ssrc, rtx: video ? .init(ssrc: ssrc + 1) : nil)]
        )
        let mapping = RtpMapping(
            codecs: [.init(payloadType: video ? 96 : 111, mappedPayloadType: video ? 101 : 100)],
            encodings: [.init(ssrc: ssrc, mappedSsrc: ssrc + 1_000_000)]
        )
        try world.ask(
            .produce(
                .init(
                    id: "\(client.name)-\(video ? "video" : "audio")",
                    transportId: client.name,
                    kind: video ? .video : .audio,
                    rtpParameters: parameters,
                    rtpMapping: mapping
                )
            )
        )
    }

    private func consume(_ world: World, _ client: SimulatedClient, from name: String, video: Bool, ssrc: UInt32) throws
    {
        client.subscribe(video: video, ssrc: ssrc, rtx: video ? ssrc + 1 : nil)
        let parameters = RtpParameters(
            mid: video ? "1" : "0",
            codecs: codecs(video: video, video ? 120 : 109, 121),
            headerExtensions: [.init(uri: Self.mid, id: 9), .init(uri: Self.transportCC, id: 5)],
            encodings: [.init(ssrc: ssrc, rtx: video ? .init(ssrc: ssrc + 1) : nil)]
        )
        let id = "\(name)-\(video ? "video" : "audio")"
        try world.ask(
            .consume(
                .init(
                    id: "\(client.name)<\(id)",
                    transportId: client.name,
                    producerId: id,
                    kind: video ? .video : .audio,
                    type: .simple,
                    rtpParameters: parameters,
                    codecMapping: [.init(payloadType: video ? 101 : 100, mappedPayloadType: video ? 120 : 109)],
                    consumableRtpEncodings: [.init(ssrc: ssrc)]
                )
            )
        )
    }

    /// Two clients that send and view each other's audio and video.
    private func call(seed: UInt64, _ weather: VirtualNetwork.Weather) throws -> World {
        let world = try World(seed: seed, weather: weather)
        var random = SeededRandom(seed: seed)
        let clients = try ["alice", "bob"].map { try world.join($0) }
        for (index, client) in clients.enumerated() {
            for video in [false, true] {
                let ssrc = UInt32(10_000 * (index + 1) + (video ? 100 : 0))
                // Any beginning that a sender may choose: RFC 3711's receivers want it in the lower half.
                try produce(
                    world,
                    client,
                    video: video,
                    ssrc: ssrc,
                    sequence: UInt16.random(in: 0...32_767, using: &random)
                )
            }
        }
        for (index, client) in clients.enumerated() {
            let other = clients[1 - index]
            for video in [false, true] {
                try consume(
                    world,
                    client,
                    from: other.name,
                    video: video,
                    ssrc: UInt32(70_000 + 10 * index + (video ? 4 : 0))
                )
            }
        }
        return world
    }

    /// Checks that what was published came, each packet once, as far as the rules promise it.
    private func check(_ world: World, least: [Bool: Double], until horizon: Instant) {
        for (index, client) in world.clients.enumerated() {
            let other = world.clients[1 - index]
            #expect(client.connectedAt != nil && client.broken == 0)
            for (subscription, publication) in zip(client.subscriptions, other.publications) {
                #expect(subscription.contradictions == 0)
                #expect(subscription.received.values.allSatisfy { $0 == 1 }, "delivered once")
                // From the first key frame on, video; from the moment both were connected, audio.
                let both = max(client.connectedAt ?? world.now, other.connectedAt ?? world.now) + .milliseconds(300)
                let start =
                    subscription.isVideo
                    ? Int(subscription.firstKeyFrame ?? .max) : publication.times.firstIndex { $0 >= both } ?? .max
                let expected = publication.times.indices.filter { $0 >= start && publication.times[$0] < horizon }
                #expect(expected.count > 50, "\(client.name) got too little")
                let came = expected.count { subscription.received[UInt32($0)] != nil }
                let share = Double(came) / Double(max(1, expected.count))
                #expect(share >= least[subscription.isVideo] ?? 1, "\(client.name): \(came) of \(expected.count)")
            }
            #expect(client.acknowledged.count > 100 && client.senderReports > 0 && client.receiverReports > 0)
        }
    }

    @Test("On a fair network everything arrives")
    func fairWeather() throws {
        let world = try call(seed: 1, .fair)
        world.run(for: .seconds(5))
        let horizon = world.now
        for client in world.clients { client.stop() }
        world.run(for: .seconds(2))
        check(world, least: [true: 1, false: 1], until: horizon)
        for client in world.clients {
            #expect((client.connectedAt ?? world.now) - Instant(nanoseconds: 1_000_000_000_000) < .milliseconds(500))
        }
    }

    @Test(
        "With 20 % loss, 100 ms of jitter, reordering and duplication the handshake completes and media flows",
        arguments: 0..<200 as Range<UInt64>
    )
    func storm(seed: UInt64) throws {
        let world = try call(seed: seed, .storm)
        // Mostly within 2 s; one check in three gets no answer, and RFC 8489 doubles the wait each time.
        for _ in 0..<60 where world.clients.contains(where: { $0.connectedAt == nil }) { world.run(for: .seconds(1)) }
        // A request for a key frame may be lost several times, each for longer.
        for _ in 0..<30 where world.clients.contains(where: \.awaitsKeyFrame) { world.run(for: .seconds(1)) }
        world.run(for: .seconds(8))
        let horizon = world.now
        for client in world.clients { client.stop() }
        world.run(for: .seconds(4))
        // Two lossy hops: audio loses what it loses; video is repaired but for what ten requests or two seconds miss.
        check(world, least: [true: 0.98, false: 0.5], until: horizon)
    }

    @Test("A client that falls silent is disconnected after its consent, and its transport stays closable")
    func consent() throws {
        let world = try call(seed: 3, .fair)
        world.run(for: .seconds(3))
        world.network.weather.loss = 1
        world.run(for: .seconds(40))
        #expect(world.notifications.contains(.iceStateChanged(transportId: "alice", state: .disconnected)))
        world.network.weather.loss = 0
        try world.ask(.closeTransport(id: "alice"))
        try world.ask(.closeRouter(id: "router"))
        world.run(for: .seconds(1))
        #expect(world.engine.counters["transports"] == 0 && world.engine.counters["tuples"] == 0)
    }

    @Test("Ten thousand random and mutated datagrams before and during a call change nothing in it")
    func badInput() throws {
        let world = try call(seed: 4, .fair)
        var random = SeededRandom(seed: 99)
        var kept: [[UInt8]] = []
        for _ in 0..<100 {
            for client in world.clients { kept += client.outbox.prefix(4) }
            if kept.count > 200 { kept.removeFirst(kept.count - 200) }
            for _ in 0..<100 {
                var bytes =
                    kept.randomElement(using: &random)
                    ?? (0..<Int.random(in: 0...1500, using: &random)).map { _ in
                        UInt8.random(in: 0...255, using: &random)
                    }
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                let source = Bool.random(using: &random) ? world.clients[0].address : SocketAddress(ipv4: 7, port: 7)
                world.network.send(bytes, from: source, to: world.address, now: world.now)
            }
            world.run(for: .milliseconds(60))
        }
        let horizon = world.now
        for client in world.clients { client.stop() }
        world.run(for: .seconds(2))
        check(world, least: [true: 1, false: 1], until: horizon)
    }
}
