// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import SwiftletControl
import SwiftletCrypto
import SwiftletEngine
import SwiftletORTC
import SwiftletRTP
import SwiftletSRTP
import SwiftletWire

/// An engine with one publisher of VP8 and its viewers, in virtual time, which counts what the engine allocates.
///
/// Packets are sealed and batches filled outside of what is counted.
final class WarmEngine {
    static let viewers = 5
    private static let socket = SocketID(rawValue: 1)
    private static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    private static let sendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
    private static let transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

    /// What the publisher announces and sends.
    enum Source {
        /// One stream.
        case plain
        /// Three encodings of three temporal layers, of which it sends the first; viewers prefer the two lower layers.
        case temporalLayers
        /// The same encodings, of which it sends two; viewers begin with the first.
        case simulcast

        fileprivate var streamCount: UInt32 { self == .simulcast ? 2 : 1 }
    }

    let engine: Engine
    private let source: Source
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private let senders: [SRTPSender]
    private let receivers: [SRTPReceiver]
    private var received = ReceiveBatch(capacity: 1 << 16)
    private var transmitted = TransmitBatch()
    /// The next number of each stream.
    private var numbers: [UInt64] = [1000, 1000]
    /// Newest sequence number that each viewer got.
    private var newest = [UInt16](repeating: 0, count: viewers)
    /// Allocations of the engine in the calls that were counted.
    private(set) var allocations: UInt64 = 0
    /// Packets that left in those calls, by payload type.
    private(set) var packets: [UInt8: Int] = [:]
    /// Media packets that left in those calls, by the stream that they came from.
    private(set) var origins: [UInt8: Int] = [:]

    init(profile: SRTPProfile = .gcm128, source: Source = .plain) throws {
        self.source = source
        let anchor = WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        var limits = EngineLimits()
        limits.storedBytes = 32 << 20
        engine = try Engine(
            certificate: try Certificate.generate(unixSeconds: 1_760_000_000),
            limits: limits,
            wall: anchor,
            random: SeededRandom(seed: 7)
        )
        let keys = (0...Self.viewers).map { Self.keys($0, profile) }
        senders = try keys.map { try SRTPSender($0.reversed) }
        receivers = try keys.map { try SRTPReceiver($0.reversed) }
        let info = TransportListenInfo(protocol: .udp, ip: "127.0.0.1", port: 4444)
        let bound = BoundSocket(id: Self.socket, kind: .udp, local: SocketAddress(ipv4: 0x7F00_0001, port: 4444))
        _ = try engine.handle(
            .createWebRtcServer(.init(id: "server", listenInfos: [info])),
            sockets: [bound],
            now: now
        ).get()
        try ask(.createRouter(id: "router"))
        for index in 0...Self.viewers {
            let id = "peer\(index)"
            try ask(.createWebRtcTransport(.init(id: id, routerId: "router", listen: .server(id: "server"))))
            let tuple = Tuple(socket: Self.socket, remote: Self.address(index))
            engine.startWithKeys(transportId: id, keys: keys[index], tuple: tuple, now: now)
        }
        var produce = Self.produce
        if source != .plain {
            let ssrcs: [UInt32] = [1000, 1010, 1020]
            produce.rtpParameters.encodings = ssrcs.map {
                .init(ssrc: $0, rtx: .init(ssrc: $0 + 1), scalabilityMode: "L1T3")
            }
            produce.rtpMapping.encodings = ssrcs.map { .init(ssrc: $0, mappedSsrc: $0 + 4000) }
        }
        try ask(.produce(produce))
        for index in 1...Self.viewers {
            var consume = Self.consume(index)
            if source != .plain {
                consume.type = .simulcast
                let top = source == .simulcast ? 2 : 1
                consume.preferredLayers = ConsumerLayers(spatialLayer: 0, temporalLayer: top)
            }
            try ask(.consume(consume))
        }
        while engine.poll() != nil {}
    }

    /// Lets every viewer prefer another encoding; what the request itself allocates is not counted.
    func prefer(spatialLayer: Int) throws {
        for viewer in 1...Self.viewers {
            let layers = ConsumerLayers(spatialLayer: spatialLayer, temporalLayer: 2)
            try ask(.setPreferredLayers(consumerId: "consumer\(viewer)", layers: layers))
        }
        while engine.poll() != nil {}
    }

    private func ask(_ request: ControlRequest) throws {
        _ = try engine.handle(request, sockets: [], now: now).get()
    }

    // MARK: Traffic

    /// Lets so many bursts of eight packets of each stream pass, 120 a second; every eighth packet of what viewers got is asked for
    /// again where `withLoss`.
    func forward(bursts: Int, withLoss: Bool = false) {
        for burst in 0..<bursts {
            now = now + .nanoseconds(1_000_000_000 / 120)
            received.removeAll()
            var offset = 0
            for stream in 0..<source.streamCount {
                for _ in 0..<8 { offset = add(mediaPacket(of: stream), from: 0, at: offset) }
            }
            if withLoss {
                for viewer in 1...Self.viewers { offset = add(lossReport(viewer), from: viewer, at: offset) }
            }
            if burst % 120 == 119 {
                for viewer in 1...Self.viewers { offset = add(receiverReport(viewer), from: viewer, at: offset) }
            }
            turn()
        }
    }

    /// One turn of a worker, counted.
    private func turn() {
        var before = allocation_count()
        engine.receive(&received, now: now)
        if let due = engine.nextDeadline, due <= now { engine.advance(to: now) }
        allocations += allocation_count() - before
        var hasMore = true
        while hasMore {
            before = allocation_count()
            hasMore = engine.transmit(into: &transmitted, now: now)
            allocations += allocation_count() - before
            open()
            transmitted.removeAll()
        }
        while engine.poll() != nil {}
    }

    /// Begins to count.
    func startCounting() { (allocations, packets, origins) = (0, [:], [:]) }

    private func add(_ packet: [UInt8], from peer: Int, at offset: Int) -> Int {
        received.append(
            packet.span,
            at: offset,
            socket: Self.socket,
            source: Self.address(peer),
            arrival: now
        ) ?? offset
    }

    /// Takes what left as the viewers would.
    private func open() {
        for message in transmitted.messages {
            let peer = Int(message.destination.low - 0x0A00_0001)
            guard peer > 0 else { continue }
            let step = message.segmentSize == 0 ? message.length : message.segmentSize
            for start in stride(from: message.offset, to: message.offset + message.length, by: step) {
                let end = min(start + step, message.offset + message.length)
                var bytes = transmitted.bytes.extracting(start..<end).copied()
                guard !(192...223).contains(bytes[1]) else { continue }
                var span = bytes.mutableSpan
                guard (try? receivers[peer].open(&span, 0..<(end - start))) != nil else { continue }
                packets[bytes[1] & 0x7F, default: 0] += 1
                guard bytes[1] & 0x7F == 120 else { continue }
                newest[peer - 1] = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
                origins[bytes[500], default: 0] += 1
            }
        }
    }

    private func mediaPacket(of stream: UInt32) -> [UInt8] {
        let number = numbers[Int(stream)]
        let ssrc = 1000 + 10 * stream
        let isKey = (number - 1000) % 100 == 0
        var bytes = [UInt8](repeating: 0, count: 1200)
        var span = bytes.mutableSpan
        span[0] = 0x90
        span[1] = 96
        span.store(UInt16(truncatingIfNeeded: number), at: 2)
        span.store(UInt32(truncatingIfNeeded: number / 8 &* 3000), at: 4)
        span.store(ssrc, at: 8)
        span.store(UInt32(0xBEDE_0001), at: 12)
        span[16] = 0x31
        span.store(UInt16(truncatingIfNeeded: number), at: 17)
        // Two sizes, so that padding is written too.
        var payload = [UInt8](repeating: UInt8(stream), count: number % 2 == 0 ? 1100 : 1090)
        (payload[0], payload[1]) = (0x10, isKey ? 0 : 1)
        if source != .plain { describe(&payload, number, isKey: (number - 1000) % 800 == 0) }
        let length = senders[0].seal(
            into: &span,
            at: 0,
            headerLength: 20,
            prefix: Span(),
            body: payload.span,
            padding: 0,
            ssrc: ssrc,
            index: number
        )
        numbers[Int(stream)] += 1
        return Array(bytes.prefix(length))
    }

    /// VP8 with picture id, TL0PICIDX and temporal layers 0, 2, 1, 2 in turn, RFC 7741 §4.2; a frame is eight packets.
    private func describe(_ payload: inout [UInt8], _ number: UInt64, isKey: Bool) {
        let picture = (number - 1000) / 8
        let layer: UInt8 = isKey ? 0 : [0, 2, 1, 2][Int(picture % 4)]
        let isStart = (number - 1000) % 8 == 0
        (payload[0], payload[1]) = (isStart ? 0x90 : 0x80, 0xE0)
        (payload[2], payload[3]) = (0x80 | UInt8(picture >> 8 & 0x7F), UInt8(picture & 0xFF))
        (payload[4], payload[5]) = (UInt8(picture / 4 & 0xFF), layer << 6 | 0x20)
        payload[6] = isKey ? 0 : 1
    }

    private func lossReport(_ viewer: Int) -> [UInt8] {
        let lost = [newest[viewer - 1] &- 20]
        return compound(viewer) { bytes, room in
            RTCPWriter.genericNACK(
                senderSSRC: 1,
                mediaSSRC: Self.ssrc(viewer),
                sequences: lost.span,
                into: &bytes,
                in: room
            )?.length
        }
    }

    private func receiverReport(_ viewer: Int) -> [UInt8] {
        compound(viewer) { bytes, _ in
            // One report block, RFC 3550 §6.4.2.
            bytes.store(UInt32(0x81C9_0007), at: 0)
            bytes.store(UInt32(1), at: 4)
            bytes.store(Self.ssrc(viewer), at: 8)
            bytes.store(UInt32(newest[viewer - 1]), at: 16)
            return 32
        }
    }

    private func compound(_ viewer: Int, _ write: (inout MutableSpan<UInt8>, Range<Int>) -> Int?) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 256)
        var span = bytes.mutableSpan
        guard let plain = write(&span, 0..<200) else { return [] }
        let length = senders[viewer].sealRTCP(into: &span, at: 0, length: plain)
        return Array(bytes.prefix(length))
    }

    // MARK: The call

    private static func address(_ peer: Int) -> SocketAddress {
        SocketAddress(ipv4: 0x0A00_0001 + UInt32(peer), port: 5000)
    }

    private static func ssrc(_ viewer: Int) -> UInt32 { UInt32(7000 + 2 * viewer) }

    private static func keys(_ peer: Int, _ profile: SRTPProfile) -> SRTPKeyingMaterial {
        let bytes = { (salt: Int, count: Int) in (0..<count).map { UInt8(truncatingIfNeeded: peer * 31 + salt + $0) } }
        return SRTPKeyingMaterial(
            profile: profile,
            localKey: bytes(1, profile.keyLength),
            localSalt: bytes(2, profile.saltLength),
            remoteKey: bytes(3, profile.keyLength),
            remoteSalt: bytes(4, profile.saltLength)
        )
    }

    private static func codecs(_ type: UInt8) -> [RtpCodecParameters] {
        let feedback = [
            RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
            RtcpFeedback(type: "transport-cc"),
        ]
        return [
            RtpCodecParameters(mimeType: "video/VP8", payloadType: type, clockRate: 90_000, rtcpFeedback: feedback),
            RtpCodecParameters(
                mimeType: "video/rtx",
                payloadType: type + 1,
                clockRate: 90_000,
                parameters: ["apt": .integer(Int(type))]
            ),
        ]
    }

    private static var produce: ControlRequest.Produce {
        ControlRequest.Produce(
            id: "producer",
            transportId: "peer0",
            kind: .video,
            rtpParameters: RtpParameters(
                mid: "0",
                codecs: codecs(96),
                headerExtensions: [.init(uri: mid, id: 1), .init(uri: transportCC, id: 3)],
                encodings: [.init(ssrc: 1000, rtx: .init(ssrc: 1001))]
            ),
            rtpMapping: RtpMapping(
                codecs: [
                    .init(payloadType: 96, mappedPayloadType: 101), .init(payloadType: 97, mappedPayloadType: 102),
                ],
                encodings: [.init(ssrc: 1000, mappedSsrc: 5000)]
            )
        )
    }

    private static func consume(_ viewer: Int) -> ControlRequest.Consume {
        ControlRequest.Consume(
            id: "consumer\(viewer)",
            transportId: "peer\(viewer)",
            producerId: "producer",
            kind: .video,
            type: .simple,
            rtpParameters: RtpParameters(
                mid: "0",
                codecs: codecs(120),
                headerExtensions: [
                    .init(uri: mid, id: 9), .init(uri: transportCC, id: 5), .init(uri: sendTime, id: 6),
                ],
                encodings: [.init(ssrc: ssrc(viewer), rtx: .init(ssrc: ssrc(viewer) + 1))],
                rtcp: .init(cname: "test")
            ),
            codecMapping: [
                .init(payloadType: 101, mappedPayloadType: 120), .init(payloadType: 102, mappedPayloadType: 121),
            ],
            consumableRtpEncodings: [.init(ssrc: 5000)]
        )
    }
}
