// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Stream routing, RFC 8843 §9.2")
struct StreamRouterTests {
    private typealias Encoding = StreamRouter.Encoding
    private typealias Route = StreamRouter.Route

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func register(
        _ router: StreamRouter,
        _ producer: Int,
        mid: String? = nil,
        _ encodings: [Encoding]
    ) -> StreamRouter.RegistrationError? {
        do {
            try router.register(producer: producer, mid: mid.map(bytes), encodings: encodings, now: start)
            return nil
        } catch {
            return error
        }
    }

    private func route(
        _ router: StreamRouter,
        _ ssrc: UInt32,
        _ payloadType: UInt8 = 96,
        mid: String = "",
        rid: String = "",
        rrid: String = "",
        at now: Instant = start
    ) -> StreamRouter.Outcome {
        let (mid, rid, rrid) = (bytes(mid), bytes(rid), bytes(rrid))
        let identifiers = StreamRouter.Identifiers(mid: mid.span, rid: rid.span, repairedRID: rrid.span)
        return router.route(ssrc: ssrc, payloadType: payloadType, identifiers: identifiers, now: now)
    }

    @Test("Signalled SSRCs are known at once, retransmissions too")
    func signalled() {
        let router = StreamRouter()
        let failure = register(router, 7, [Encoding(ssrc: 1, rtxSSRC: 2, payloadType: 96, rtxPayloadType: 97)])
        #expect(failure == nil)
        #expect(router.lookup(1, now: start) == Route(producer: 7, encoding: 0, role: .media))
        #expect(router.lookup(2, now: start) == Route(producer: 7, encoding: 0, role: .retransmission))
        #expect(router.lookup(3, now: start) == nil)
        #expect(route(router, 3) == .unknown)
        #expect(router.unknownCount == 1)
    }

    @Test("A MID teaches its SSRC, so that later packets need none")
    func mid() {
        let router = StreamRouter()
        _ = register(router, 7, mid: "0", [Encoding(payloadType: 96, rtxPayloadType: 97)])
        _ = register(router, 8, mid: "1", [Encoding(payloadType: 111)])
        let video = Route(producer: 7, encoding: 0, role: .media)
        #expect(route(router, 10, mid: "0") == .learned(video, replaced: nil))
        #expect(route(router, 10) == .known(video))
        #expect(
            route(router, 20, 111, mid: "1")
                == .learned(Route(producer: 8, encoding: 0, role: .media), replaced: nil)
        )
        #expect(
            route(router, 11, 97, mid: "0")
                == .learned(Route(producer: 7, encoding: 0, role: .retransmission), replaced: nil)
        )
        #expect(route(router, 30, 96, mid: "2") == .unknown)
        #expect(route(router, 31, 50, mid: "0") == .unknown, "a payload type that was not negotiated")
    }

    @Test("RIDs tell encodings apart, repaired RIDs pair retransmissions, LiveKit 4369")
    func rids() {
        let router = StreamRouter()
        _ = register(
            router,
            7,
            mid: "0",
            ["l", "m", "h"].map { Encoding(rid: bytes($0), payloadType: 96, rtxPayloadType: 97) }
        )
        #expect(route(router, 12, 97, mid: "0", rrid: "h") == .unknown, "no media to repair yet")
        for (index, rid) in ["l", "m", "h"].enumerated() {
            #expect(
                route(router, UInt32(10 + index), mid: "0", rid: rid)
                    == .learned(Route(producer: 7, encoding: index, role: .media), replaced: nil)
            )
        }
        #expect(
            route(router, 22, 97, mid: "0", rrid: "h")
                == .learned(Route(producer: 7, encoding: 2, role: .retransmission), replaced: nil)
        )
        #expect(route(router, 40, mid: "0", rid: "x") == .unknown)
        #expect(route(router, 40, mid: "0") == .unknown, "several encodings, and nothing says which")
    }

    @Test("Without a MID the RID names the producer")
    func ridOnly() {
        let router = StreamRouter()
        _ = register(router, 7, [Encoding(rid: bytes("a"), payloadType: 96)])
        _ = register(router, 8, [Encoding(rid: bytes("b"), payloadType: 96)])
        #expect(
            route(router, 5, rid: "b") == .learned(Route(producer: 8, encoding: 0, role: .media), replaced: nil)
        )
    }

    @Test("Registration is all or nothing")
    func rollback() {
        let router = StreamRouter()
        _ = register(router, 1, mid: "0", [Encoding(ssrc: 100, rtxSSRC: 101, payloadType: 96)])
        let clash = register(
            router,
            2,
            mid: "1",
            [Encoding(ssrc: 200, rtxSSRC: 201, payloadType: 96), Encoding(ssrc: 202, rtxSSRC: 101, payloadType: 96)]
        )
        #expect(clash == .ssrcInUse(101))
        #expect(router.knownCount == 2)
        for ssrc in [200, 201, 202] as [UInt32] { #expect(router.lookup(ssrc, now: start) == nil) }
        #expect(router.lookup(101, now: start) == Route(producer: 1, encoding: 0, role: .retransmission))
        let retry = register(router, 2, mid: "1", [Encoding(ssrc: 200, rtxSSRC: 201, payloadType: 96)])
        #expect(retry == nil, "nothing of the refused producer is in the way")
    }

    @Test("What is in use is refused by name")
    func conflicts() {
        let router = StreamRouter()
        _ = register(router, 1, mid: "0", [Encoding(ssrc: 100, rid: bytes("a"), payloadType: 96)])
        _ = register(router, 2, [Encoding(rid: bytes("b"), payloadType: 96)])
        var failure = register(router, 3, mid: "0", [Encoding(payloadType: 96)])
        #expect(failure == .midInUse)
        failure = register(router, 3, mid: "1", [Encoding(ssrc: 100, payloadType: 96)])
        #expect(failure == .ssrcInUse(100))
        failure = register(router, 3, mid: "1", [Encoding(ssrc: 5, rtxSSRC: 5, payloadType: 96)])
        #expect(failure == .ssrcInUse(5))
        failure = register(router, 3, [Encoding(rid: bytes("b"), payloadType: 96)])
        #expect(failure == .ridInUse)
        failure = register(router, 1, mid: "9", [Encoding(payloadType: 96)])
        #expect(failure == .producerInUse)
        failure = register(router, 3, mid: "seventeen bytes..", [Encoding(payloadType: 96)])
        #expect(failure == .invalidIdentifier)
        failure = register(router, 3, mid: "", [Encoding(payloadType: 96)])
        #expect(failure == .invalidIdentifier)
        failure = register(
            router,
            3,
            mid: "1",
            [Encoding(rid: bytes("a"), payloadType: 96), Encoding(rid: bytes("a"), payloadType: 96)]
        )
        #expect(failure == .ridInUse)
        failure = register(router, 3, mid: "1", [Encoding(rid: bytes("b"), payloadType: 96)])
        #expect(failure == nil, "under a MID of its own a RID may repeat")
    }

    @Test("A new SSRC takes over when the old one was silent for a second, not before")
    func rebind() {
        let router = StreamRouter()
        _ = register(router, 7, mid: "0", [Encoding(payloadType: 96)])
        let media = Route(producer: 7, encoding: 0, role: .media)
        _ = route(router, 10, mid: "0", at: at(0))
        _ = router.lookup(10, now: at(500))
        #expect(route(router, 11, mid: "0", at: at(1499)) == .unknown)
        #expect(route(router, 11, mid: "0", at: at(1500)) == .learned(media, replaced: 10))
        #expect(router.lookup(10, now: at(1501)) == nil)
        #expect(router.lookup(11, now: at(1501)) == media)
        #expect(router.knownCount == 1)
    }

    @Test("Any number of invented SSRCs under a valid MID leaves the table small and the stream in place")
    func flood() {
        let router = StreamRouter()
        _ = register(router, 7, mid: "0", [Encoding(payloadType: 96, rtxPayloadType: 97)])
        _ = route(router, 1, mid: "0")
        var random = SeededRandom(seed: 5)
        for step in 0..<100_000 {
            let now = at(Double(step))
            _ = router.lookup(1, now: now)
            _ = route(router, .random(in: 2 ... .max, using: &random), step % 2 == 0 ? 96 : 97, mid: "0", at: now)
        }
        #expect(router.knownCount == 2)
        #expect(router.lookup(1, now: at(100_000)) != nil)
    }

    @Test("A producer that goes takes all its SSRCs along, and what it held is free")
    func unregister() {
        let router = StreamRouter()
        _ = register(router, 1, mid: "0", [Encoding(ssrc: 100, payloadType: 96)])
        _ = register(router, 2, mid: "1", [Encoding(payloadType: 96)])
        _ = route(router, 50, mid: "1")
        _ = router.lookup(50, now: start)
        router.unregister(producer: 2)
        #expect(router.lookup(50, now: start) == nil, "the cached hit goes too")
        #expect(router.lookup(100, now: start) != nil)
        let again = register(router, 3, mid: "1", [Encoding(ssrc: 50, payloadType: 96)])
        #expect(again == nil)
    }

    @Test("The table agrees with a dictionary through 100,000 random changes", arguments: [1, 2] as [UInt64])
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let router = StreamRouter()
        var truth: [UInt32: Int] = [:]
        var producers: [Int] = []
        var next = 0
        for _ in 0..<100_000 {
            if producers.count < 100, Bool.random(using: &random) {
                let ssrcs = (0..<3).map { _ in UInt32.random(in: 0..<400, using: &random) }
                let failure = register(router, next, ssrcs.map { Encoding(ssrc: $0, payloadType: 96) })
                let clashes = Set(ssrcs).count < 3 || ssrcs.contains { truth[$0] != nil }
                #expect((failure != nil) == clashes)
                if !clashes {
                    for ssrc in ssrcs { truth[ssrc] = next }
                    producers.append(next)
                }
                next += 1
            } else if let place = producers.indices.randomElement(using: &random) {
                let gone = producers.remove(at: place)
                router.unregister(producer: gone)
                truth = truth.filter { $0.value != gone }
            }
            let probe = UInt32.random(in: 0..<400, using: &random)
            #expect(router.lookup(probe, now: start)?.producer == truth[probe])
            #expect(router.knownCount == truth.count)
        }
    }
}
