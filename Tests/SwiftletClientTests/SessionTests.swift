// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient
import SwiftletControl
import SwiftletICE
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("A client's media in virtual time, through an engine")
struct SessionTests {
    @Test("Two clients hear and see each other, and nothing is wrong with it")
    func call() throws {
        let call = try VirtualCall()
        let parties = [try call.join("alice"), try call.join("bob")]
        var consumers: [(viewer: VirtualCall.Party, audio: String, video: String)] = []
        for (index, party) in parties.enumerated() {
            let audio = try call.publish(.audio(), by: party)
            let video = try call.publish(.video(codec: .vp8, layers: .simulcast()), by: party)
            let viewer = parties[1 - index]
            consumers.append((viewer, try call.consume(audio, by: viewer), try call.consume(video, by: viewer)))
        }
        call.run(for: .seconds(8))
        for (viewer, audio, video) in consumers {
            #expect(viewer.outputs.contains(.connected(.sending)) && viewer.outputs.contains(.connected(.receiving)))
            let heard = call.statistics(audio, of: viewer)
            #expect(heard.packets > 350 && heard.packetsLost == 0 && heard.faults == 0 && heard.duplicates == 0)
            let seen = call.statistics(video, of: viewer)
            #expect(seen.frames > 200 && seen.packetsLost == 0 && seen.duplicates == 0 && seen.undecodableFrames == 0)
            #expect(seen.faults == 0, "\(seen.faultDetails)")
            #expect(seen.freezes == 0 && seen.longestGap < .milliseconds(200))
            #expect(seen.spatialLayer == 2 && seen.bitrate > 500_000)
            // Two hops of 5 ms, and no more.
            for statistics in [heard, seen] {
                let median = try #require(statistics.delay.percentile(0.5))
                #expect(median >= .milliseconds(10) && median < .milliseconds(13), "\(median)")
            }
            let whole = viewer.session.statistics(now: call.now)
            #expect(whole.brokenDatagrams == 0 && whole.strayPackets == 0 && whole.replayedDatagrams == 0)
            #expect(whole.packetsAcknowledged > 1000 && whole.packetsUnacknowledged == 0)
            let sent = try #require(whole.publications.values.first { $0.encodings.count == 3 })
            #expect(sent.worstLag == .zero && sent.encodings[0].roundTrip != nil)
        }
    }

    static let videos: [(VideoCodec, VideoLayers)] = [
        (.vp8, .single), (.h264, .single), (.h264, .simulcast(temporal: 1)), (.vp9, .svc()),
        (.vp9, .svc(prediction: .full)), (.vp9, .simulcast()), (.av1, .svc()), (.av1, .simulcast()),
    ]

    @Test("Every codec arrives with all its layers and without a fault", arguments: videos)
    func codecs(codec: VideoCodec, layers: VideoLayers) throws {
        let call = try VirtualCall(seed: 7)
        let (alice, bob) = (try call.join("alice"), try call.join("bob"))
        let producer = try call.publish(.video(codec: codec, layers: layers), by: alice)
        let consumer = try call.consume(producer, by: bob)
        call.run(for: .seconds(8))
        let seen = call.statistics(consumer, of: bob)
        #expect(seen.faults == 0, "\(seen.faultDetails)")
        #expect(seen.frames > 200 && seen.undecodableFrames == 0 && seen.packetsLost == 0 && seen.freezes == 0)
        #expect(seen.spatialLayer == max(layers.encodings, layers.spatial) - 1)
        #expect(seen.timeToFirstFrame ?? .seconds(9) < .seconds(2))
    }

    @Test("What a path swallows is counted to the packet", arguments: [1, 2, 3] as [UInt64])
    func exactLoss(seed: UInt64) throws {
        let call = try VirtualCall(seed: seed)
        let (alice, bob) = (try call.join("alice"), try call.join("bob"))
        let audio = try call.consume(try call.publish(.audio(), by: alice), by: bob)
        let video = try call.consume(try call.publish(.video(), by: alice), by: bob)
        call.run(for: .seconds(3))
        bob.session.profile = NetworkProfile(down: .init(loss: 0.05))
        call.run(for: .seconds(20))
        bob.session.profile = .clear
        call.run(for: .seconds(3))
        for id in [audio, video] {
            let seen = call.statistics(id, of: bob)
            #expect(seen.packetsSwallowed > 20)
            #expect(seen.packetsLost == Int64(seen.packetsSwallowed))
            #expect(seen.duplicates == 0)
        }
        let seen = call.statistics(video, of: bob)
        #expect(seen.packetsRepaired == seen.packetsSwallowed, "all repaired")
        #expect(seen.undecodableFrames == 0 && seen.faults == 0, "\(seen.faultDetails)")
        #expect(call.statistics(audio, of: bob).packetsRepaired == 0)
    }

    @Test(
        "Without repairs the loss shown is the loss put in, from the first packet on and at any time",
        arguments: [0.02, 0.2]
    )
    func unrepairedLoss(share: Double) throws {
        let call = try VirtualCall(seed: UInt64(share * 100))
        let (alice, bob) = (try call.join("alice"), try call.join("bob"))
        // Checks and the handshake are lost too, and repeated.
        bob.session.profile = NetworkProfile(down: .init(loss: share))
        let audio = try call.consume(try call.publish(.audio(), by: alice), by: bob)
        let producer = try call.publish(.video(), by: alice)
        let checked = try call.consume(producer, isRepaired: false, by: bob)
        let timed = try call.consume(producer, isChecked: false, isRepaired: false, by: bob)
        for _ in 0..<60 {
            call.run(for: .milliseconds(333))
            for id in [audio, checked, timed] {
                let seen = call.statistics(id, of: bob)
                #expect(seen.packetsLost == Int64(seen.packetsSwallowed))
                #expect(seen.packetsRequested == 0 && seen.packetsRepaired == 0 && seen.duplicates == 0)
            }
        }
        for id in [audio, checked, timed] {
            let seen = call.statistics(id, of: bob)
            let whole = Double(seen.packets) + Double(seen.packetsLost)
            #expect(whole > 500)
            // Three standard deviations of as many draws.
            #expect(abs(Double(seen.packetsLost) / whole - share) < 3 * (share * (1 - share) / whole).squareRoot())
            #expect(seen.faults == 0, "\(seen.faultDetails)")
            #expect(seen.delay.count > 400)
        }
        #expect(call.statistics(checked, of: bob).undecodableFrames > 0)
        #expect(call.statistics(timed, of: bob).undecodableFrames == 0, "nothing looks")
        #expect(call.statistics(timed, of: bob).keyFrames > 0)
    }

    @Test("What is lost on the way up is asked for again, and the server reports it")
    func lossUp() throws {
        let call = try VirtualCall(seed: 5)
        let (alice, bob) = (try call.join("alice"), try call.join("bob"))
        let producer = try call.publish(.video(), by: alice)
        let consumer = try call.consume(producer, by: bob)
        call.run(for: .seconds(3))
        alice.session.profile = NetworkProfile(up: .init(loss: 0.05))
        call.run(for: .seconds(10))
        alice.session.profile = .clear
        call.run(for: .seconds(5))
        let sent = try #require(alice.session.statistics(now: call.now).publications[producer]?.encodings.first)
        #expect(sent.packetsSwallowed > 20 && sent.packetsLost == Int64(sent.packetsSwallowed))
        #expect(sent.retransmissions >= sent.packetsSwallowed)
        let seen = call.statistics(consumer, of: bob)
        #expect(seen.faults == 0 && seen.undecodableFrames == 0, "\(seen.faultDetails)")
        #expect(seen.packetsSwallowed == 0)
    }

    @Test("A path that delays adds exactly that")
    func delay() throws {
        let call = try VirtualCall(seed: 6)
        let (alice, bob) = (try call.join("alice"), try call.join("bob"))
        alice.session.profile = NetworkProfile(up: .init(delay: .milliseconds(40)))
        bob.session.profile = NetworkProfile(down: .init(delay: .milliseconds(50)))
        let audio = try call.consume(try call.publish(.audio(), by: alice), by: bob)
        call.run(for: .seconds(5))
        let heard = call.statistics(audio, of: bob)
        #expect(heard.packets > 150 && heard.packetsLost == 0)
        #expect(heard.delay.longest >= .milliseconds(100) && heard.delay.longest < .milliseconds(102))
        #expect(try #require(heard.delay.percentile(0.01)) >= .milliseconds(100))
    }

    @Test("Streams that nobody watches stop, but for the smallest, and come back when they are wanted")
    func demand() throws {
        let call = try VirtualCall(seed: 8)
        let (alice, bob) = (try call.join("alice"), try call.join("bob"))
        let producer = try call.publish(.video(layers: .simulcast()), by: alice)
        let consumer = try call.consume(producer, by: bob)
        call.run(for: .seconds(8))
        try call.ask(.setPreferredLayers(consumerId: consumer, layers: ConsumerLayers(spatialLayer: 0)))
        call.run(for: .seconds(8))
        func sent() throws -> [PublicationStatistics.Encoding] {
            try #require(alice.session.statistics(now: call.now).publications[producer]).encodings
        }
        let before = try sent()
        #expect(before.map(\.isActive) == [true, false, false])
        call.run(for: .seconds(5))
        let after = try sent()
        #expect(after[0].packets > before[0].packets && after[2].packets == before[2].packets)
        #expect(call.statistics(consumer, of: bob).spatialLayer == 0)
        try call.ask(.setPreferredLayers(consumerId: consumer, layers: ConsumerLayers(spatialLayer: 2)))
        call.run(for: .seconds(5))
        #expect(call.statistics(consumer, of: bob).spatialLayer == 2)
        #expect(call.statistics(consumer, of: bob).faults == 0)
    }

    @Test("A broken path is told, and an ICE restart brings media back")
    func restart() throws {
        let call = try VirtualCall(seed: 9)
        let (alice, bob) = (try call.join("alice"), try call.join("bob"))
        let audio = try call.consume(try call.publish(.audio(), by: alice), by: bob)
        call.run(for: .seconds(3))
        call.isCut = true
        call.run(for: .seconds(40))
        #expect(bob.outputs.contains(.disconnected(.receiving)))
        call.isCut = false
        for party in [alice, bob] {
            for side in TransportSide.allCases {
                guard
                    case .iceParameters(let remote) = try call.ask(
                        .restartIce(transportId: party.transport(side))
                    )
                else { throw ControlError(.internal, "no credentials") }
                party.session.restartICE(
                    side,
                    remote: .init(usernameFragment: remote.usernameFragment, password: remote.password),
                    now: call.now
                )
            }
        }
        call.run(for: .seconds(2))
        #expect(bob.outputs.contains(.recovered(.receiving)) && alice.outputs.contains(.recovered(.sending)))
        let before = call.statistics(audio, of: bob).packets
        call.run(for: .seconds(2))
        #expect(call.statistics(audio, of: bob).packets >= before + 95)
        #expect(bob.session.statistics(now: call.now).iceRestarts == 2)
    }

    @Test("A server that closes the transport ends the client's")
    func serverCloses() throws {
        let call = try VirtualCall(seed: 10)
        let alice = try call.join("alice")
        call.run(for: .seconds(2))
        try call.ask(.closeTransport(id: alice.transport(.receiving)))
        call.run(for: .seconds(1))
        let isLost = alice.outputs.contains { if case .lost(.receiving, _) = $0 { true } else { false } }
        #expect(isLost)
        #expect(alice.session.isConnected(.sending))
    }
}
