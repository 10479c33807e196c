// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import SwiftletICE
import SwiftletORTC
import SwiftletPeerLink
import SwiftletRTP
import SwiftletSRTP
import SwiftletStreams
import SwiftletWire

/// A whole client: it makes ICE checks, speaks DTLS as client, publishes and views, asks for what it misses and answers
/// those who ask.
final class SimulatedClient {
    let name: String
    let address: SocketAddress
    let server: SocketAddress
    let link: PeerLink
    let certificate: Certificate
    private(set) var publications: [Publication] = []
    private(set) var subscriptions: [Subscription] = []
    private var transportSequence: UInt16 = 0
    private var nextReport: Instant?
    private let pool = PacketPool(capacity: 1 << 20)
    private let wall: WallClockAnchor
    private(set) var connectedAt: Instant?
    /// What the engine told of our packets' arrival.
    private(set) var acknowledged: Set<UInt16> = []
    private(set) var senderReports = 0
    private(set) var receiverReports = 0
    private(set) var broken = 0
    /// Its data channels, once it has any.
    var data: DataPeer?
    /// Datagrams to send.
    var outbox: [[UInt8]] = []

    static let socket = SocketID(rawValue: 900)

    init(
        name: String,
        address: SocketAddress,
        server: SocketAddress,
        remote: IceParameters,
        seed: UInt64,
        certificate: Certificate,
        wall: WallClockAnchor,
        now: Instant
    ) throws {
        (self.name, self.address, self.server, self.certificate, self.wall) = (name, address, server, certificate, wall)
        var random = SeededRandom(seed: seed)
        var agent = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
        agent.add(ICEControllingAgent.LocalCandidate(socket: Self.socket, address: address), now: now)
        agent.start(
            remote: ICECredentials(usernameFragment: remote.usernameFragment, password: remote.password),
            candidates: [.init(address: server, priority: 1)],
            now: now
        )
        link = PeerLink(controlling: agent, context: try DTLSContext(certificate: certificate))
    }

    /// Whether any video it views has not begun.
    var awaitsKeyFrame: Bool { subscriptions.contains { $0.isVideo && $0.firstKeyFrame == nil } }

    func connect(_ fingerprint: RemoteFingerprint, now: Instant) {
        _ = link.connect(remoteRole: .server, fingerprint: fingerprint, now: now)
        drain(now: now)
    }

    func publish(video: Bool, ssrc: UInt32, sequence: UInt16) {
        publications.append(
            Publication(
                isVideo: video,
                ssrc: ssrc,
                interval: .milliseconds(video ? 33 : 20),
                sequence: sequence
            )
        )
    }

    func subscribe(video: Bool, ssrc: UInt32, rtx: UInt32?) {
        let stream = ReceiveStream(
            ReceiveStream.Parameters(
                kind: video ? .video : .audio,
                ssrc: ssrc,
                payloadType: video ? 120 : 109,
                clockRate: video ? 90_000 : 48_000,
                usesNack: video
            ),
            pool: pool
        )
        stream.rtxSSRC = rtx
        subscriptions.append(Subscription(isVideo: video, ssrc: ssrc, stream: stream))
    }

    // MARK: Time

    var nextDeadline: Instant? {
        guard link.isReady else { return link.nextDeadline }
        var next = earliest(earliest(link.nextDeadline, nextReport), data?.nextDeadline)
        for publication in publications { next = earliest(next, publication.next) }
        for subscription in subscriptions { next = earliest(next, subscription.stream.nextDeadline) }
        return next
    }

    func advance(to now: Instant) {
        link.handleTimeout(now: now)
        data?.handleTimeout(now: now)
        drain(now: now)
        guard link.isReady else { return }
        for index in publications.indices {
            while let next = publications[index].next, next <= now {
                publications[index].next = next + publications[index].interval
                sendFrame(index, now: now)
            }
        }
        for subscription in subscriptions {
            guard let deadline = subscription.stream.nextDeadline, deadline <= now else { continue }
            var nacks: [UInt16] = []
            subscription.stream.advance(to: now, nacks: &nacks)
            guard !nacks.isEmpty else { continue }
            sendRTCP { bytes, room in
                RTCPWriter.genericNACK(
                    senderSSRC: 1,
                    mediaSSRC: subscription.ssrc,
                    sequences: nacks.span,
                    into: &bytes,
                    in: room
                )?.length
            }
        }
        if let due = nextReport, due <= now {
            nextReport = now + .seconds(1)
            report(now: now)
        }
    }

    private func report(now: Instant) {
        for subscription in subscriptions {
            if subscription.isVideo, subscription.firstKeyFrame == nil {
                sendRTCP { bytes, room in
                    RTCPWriter.pictureLossIndication(
                        senderSSRC: 1,
                        mediaSSRC: subscription.ssrc,
                        into: &bytes,
                        in: room
                    )
                }
            }
            guard let block = subscription.stream.report(now: now) else { continue }
            sendRTCP { bytes, room in
                let blocks = [block]
                return RTCPWriter.receiverReport(ssrc: 1, blocks: blocks.span, into: &bytes, in: room)
            }
        }
        for publication in publications where publication.count > 0 {
            let info = RTCPSenderInfo(
                ntp: wall.ntp(at: now),
                rtpTimestamp: 0,
                packetCount: publication.count,
                octetCount: 0
            )
            sendRTCP { bytes, room in
                RTCPWriter.senderReport(ssrc: publication.ssrc, info: info, into: &bytes, in: room)
            }
        }
    }

    // MARK: Sending

    private func sendFrame(_ index: Int, now: Instant) {
        let isKey = publications[index].isVideo && publications[index].wantsKeyFrame
        publications[index].wantsKeyFrame = false
        let timestamp = UInt32(truncatingIfNeeded: publications[index].times.count) &* 1500
        let packets = publications[index].isVideo ? 2 : 1
        for part in 0..<packets {
            let number = publications[index].count
            publications[index].count += 1
            publications[index].times.append(now)
            var payload: [UInt8] =
                publications[index].isVideo ? [part == 0 ? 0x10 : 0, isKey && part == 0 ? 0 : 1] : []
            payload += [
                UInt8(number >> 24), UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF),
            ]
            payload += [UInt8](repeating: UInt8(number & 0xFF), count: publications[index].isVideo ? 300 + part : 60)
            let sequence = publications[index].sequence
            let marker = part == packets - 1
            publications[index].history[sequence] = (timestamp, marker, payload)
            publications[index].history[sequence &- 600] = nil
            sendRTP(
                ssrc: publications[index].ssrc,
                payloadType: publications[index].isVideo ? 96 : 111,
                sequence: sequence,
                index: publications[index].rollover << 16 | UInt64(sequence),
                timestamp: timestamp,
                marker: marker,
                payload: payload
            )
            publications[index].sequence &+= 1
            if publications[index].sequence == 0 { publications[index].rollover += 1 }
        }
    }

    private func sendRTP(
        ssrc: UInt32,
        payloadType: UInt8,
        sequence: UInt16,
        index: UInt64,
        timestamp: UInt32,
        marker: Bool,
        payload: [UInt8]
    ) {
        guard let sender = link.sender, link.isReady else { return }
        var writer = ByteWriter(reservingCapacity: payload.count + 64)
        writer.write(UInt8(0x90))
        writer.write(payloadType | (marker ? 0x80 : 0))
        writer.write(sequence)
        writer.write(timestamp)
        writer.write(ssrc)
        writer.write(UInt32(0xBEDE_0001))
        writer.write(UInt8(3 << 4 | 1))
        writer.write(transportSequence)
        writer.write(UInt8(0))
        transportSequence &+= 1
        let header = writer.count
        var bytes = writer.bytes + [UInt8](repeating: 0, count: payload.count + sender.overhead)
        var span = bytes.mutableSpan
        let length = sender.seal(
            into: &span,
            at: 0,
            headerLength: header,
            prefix: Span(),
            body: payload.span,
            padding: 0,
            ssrc: ssrc,
            index: index
        )
        outbox.append(Array(bytes.prefix(length)))
    }

    private func sendRTCP(_ write: (inout MutableSpan<UInt8>, Range<Int>) -> Int?) {
        guard let sender = link.sender, link.isReady else { return }
        var bytes = [UInt8](repeating: 0, count: 1400)
        var span = bytes.mutableSpan
        guard let length = write(&span, 0..<1200) else { return }
        let sealed = sender.sealRTCP(into: &span, at: 0, length: length)
        outbox.append(Array(bytes.prefix(sealed)))
    }

    // MARK: Receiving

    func receive(_ datagram: [UInt8], now: Instant) {
        var bytes = datagram
        let range = 0..<bytes.count
        let tuple = Tuple(socket: Self.socket, remote: server)
        switch PacketClass(of: bytes.span, in: range) {
        case .stun: link.receiveSTUN(bytes.span, from: tuple, transport: .udp, now: now)
        case .dtls: link.receiveDTLS(bytes.span, from: tuple, now: now)
        case .rtp:
            var span = bytes.mutableSpan
            // A duplicate is refused as a replay.
            guard let opened = try? link.openRTP(&span, range) else { return }
            let plain = span.span.extracting(0..<opened.length)
            guard let packet = try? RTPPacketView(parsing: plain) else {
                broken += 1
                return
            }
            receive(packet, now: now)
        case .rtcp:
            var span = bytes.mutableSpan
            guard let opened = try? link.openRTCP(&span, range) else { return }
            var compound = RTCPCompound(span.span.extracting(0..<opened.length))
            while let packet = compound.next() { handle(packet, now: now) }
            broken += compound.malformedCount
        case .other: broken += 1
        }
        drain(now: now)
    }

    private func receive(_ packet: borrowing RTPPacketView, now: Instant) {
        for index in subscriptions.indices {
            let subscription = subscriptions[index]
            let isRTX = subscription.stream.rtxSSRC == packet.ssrc
            guard isRTX || subscription.ssrc == packet.ssrc else { continue }
            var payload = packet.payload
            let described = ReceiveStream.Packet(
                sequence: packet.sequenceNumber,
                timestamp: packet.timestamp,
                size: packet.bytes.count,
                arrival: now
            )
            let reception =
                isRTX
                ? subscription.stream.receiveRetransmission(described, payload: payload)
                : subscription.stream.receive(described)
            guard case .accepted(let acceptance) = reception else { return }
            if isRTX { payload = payload.extracting(droppingFirst: 2) }
            let start = subscription.isVideo ? 2 : 0
            guard payload.count >= start + 4 else {
                broken += 1
                return
            }
            let number = payload.uint32(at: start)
            subscriptions[index].received[number, default: 0] += 1
            if let other = subscriptions[index].byOutput.updateValue(number, forKey: acceptance.sequence),
                other != number
            {
                subscriptions[index].contradictions += 1
            }
            if subscription.firstKeyFrame == nil, VideoCodec.vp8.isKeyFrame(payload) {
                subscriptions[index].firstKeyFrame = number
            }
        }
    }

    private func handle(_ packet: consuming RTCPPacket, now: Instant) {
        switch packet {
        case .pictureLossIndication(_, let media):
            for index in publications.indices where publications[index].ssrc == media {
                publications[index].wantsKeyFrame = true
            }
        case .genericNACK(var nack):
            let media = nack.mediaSSRC
            while let sequence = nack.next() { resend(sequence, of: media) }
        case .transportFeedback(var feedback):
            while let status = feedback.next() { if status.arrival != nil { acknowledged.insert(status.sequence) } }
        case .senderReport(let report):
            senderReports += 1
            for subscription in subscriptions where subscription.ssrc == report.ssrc {
                subscription.stream.receive(senderReport: report.info, now: now)
            }
        case .receiverReport: receiverReports += 1
        default: break
        }
    }

    private func resend(_ sequence: UInt16, of ssrc: UInt32) {
        guard let index = publications.firstIndex(where: { $0.ssrc == ssrc }),
            let packet = publications[index].history[sequence]
        else { return }
        let rtx = publications[index].rtxSequence
        publications[index].rtxSequence += 1
        sendRTP(
            ssrc: ssrc + 1,
            payloadType: 97,
            sequence: UInt16(truncatingIfNeeded: rtx),
            index: rtx,
            timestamp: packet.timestamp,
            marker: packet.marker,
            payload: [UInt8(sequence >> 8), UInt8(sequence & 0xFF)] + packet.payload
        )
    }

    func drain(now: Instant) {
        repeat {
            while let output = link.poll() {
                switch output {
                case .send(let bytes, _): outbox.append(bytes)
                case .applicationData(let packet): data?.receive(packet, now: now)
                default: break
                }
            }
        } while data?.send(over: link, now: now) == true
        guard link.isReady, connectedAt == nil else { return }
        connectedAt = now
        nextReport = now + .milliseconds(700)
        for index in publications.indices { publications[index].next = now }
    }

    /// Stops publishing, so that what is under way may arrive.
    func stop() {
        for index in publications.indices { publications[index].next = nil }
    }
}
