// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Swiftlet
import SwiftletCrypto
import SwiftletDTLS
import SwiftletEventLoop
import SwiftletICE
import SwiftletPeerLink
import SwiftletSRTP
import SwiftletWire
import Synchronization

/// Two peers on loopback who are in a call while the worker has other things to do: one sends a packet every 2 ms, the
/// other notes how long each took.
///
/// They have a thread and sockets of their own.
final class MediaProbe: Sendable {
    /// One peer's side of a transport.
    struct Side: Sendable {
        let ice: IceParameters
        let dtls: DtlsParameters
        let port: UInt16
    }

    /// What was measured so far.
    private struct State {
        var isConnected = false
        var isRecording = false
        var isStopped = false
        var sent = 0
        var delays: [Double] = []
    }

    static let interval = Duration.milliseconds(2)
    static let ssrc: UInt32 = 7
    static let payloadType: UInt8 = 111

    private let certificate: Certificate
    private let state = Mutex(State())

    init() throws { certificate = try Certificate.generate(unixSeconds: Int64(time(nil))) }

    /// What both peers tell of themselves.
    var dtlsParameters: DtlsParameters {
        DtlsParameters(
            role: .client,
            fingerprints: certificate.fingerprints.map {
                DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value)
            }
        )
    }

    /// Whether packets arrive.
    var isConnected: Bool { state.withLock { $0.isConnected } }

    /// Notes delays from now on.
    func record() {
        state.withLock { ($0.isRecording, $0.sent, $0.delays) = (true, 0, []) }
    }

    /// Notes no more.
    ///
    /// - Returns: How many packets were sent meanwhile, and the delay of each that arrived, in milliseconds.
    func finish() -> (sent: Int, delays: [Double]) {
        state.withLock { state in
            state.isRecording = false
            return (state.sent, state.delays)
        }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    /// Sends and receives until ``stop()``; takes the calling thread.
    func run(sending: Side, receiving: Side) throws {
        let loop = try EventLoop()
        let sender = try ProbePeer(sending, certificate: certificate, loop: loop)
        let receiver = try ProbePeer(receiving, certificate: certificate, loop: loop)
        var batch = ReceiveBatch(capacity: EventLoop.receiveCapacity)
        var next = loop.now
        while !state.withLock(\.isStopped) {
            _ = loop.wait(until: next)
            while loop.receive(into: &batch) {
                for entry in batch.entries {
                    var bytes = batch.mutableBytes
                    let peer = entry.socket == sender.socket ? sender : receiver
                    guard let sentAt = peer.receive(&bytes, entry, now: loop.now), peer === receiver else { continue }
                    note(arrival: entry.arrival.nanoseconds, sentAt: sentAt)
                }
            }
            for peer in [sender, receiver] { peer.advance(now: loop.now) }
            if next <= loop.now {
                if sender.isReady, receiver.isReady, sender.sendMedia(now: loop.now) {
                    state.withLock { if $0.isRecording { $0.sent += 1 } }
                }
                next = max(next + Self.interval, loop.now - .milliseconds(20))
            }
        }
    }

    private func note(arrival: Int64, sentAt: Int64) {
        state.withLock { state in
            state.isConnected = true
            if state.isRecording { state.delays.append(Double(arrival - sentAt) / 1_000_000) }
        }
    }
}

/// One peer of the call.
private final class ProbePeer {
    let socket: SocketID
    private let loop: EventLoop
    private let link: PeerLink
    private let server: SocketAddress
    private var batch = TransmitBatch(capacity: 1 << 17)
    private var sequence: UInt64 = 1

    init(_ side: MediaProbe.Side, certificate: Certificate, loop: EventLoop) throws {
        self.loop = loop
        server = SocketAddress(ipv4: 0x7F00_0001, port: side.port)
        let bound = try loop.bindUDP(SocketOptions(address: SocketAddress(ipv4: 0x7F00_0001, port: 0)))
        socket = bound.id
        var random = SystemRandomNumberGenerator()
        var agent = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
        agent.add(ICEControllingAgent.LocalCandidate(socket: socket, address: bound.local), now: loop.now)
        agent.start(
            remote: ICECredentials(usernameFragment: side.ice.usernameFragment, password: side.ice.password),
            candidates: [.init(address: server, priority: 1)],
            now: loop.now
        )
        link = PeerLink(controlling: agent, context: try DTLSContext(certificate: certificate))
        let remote = side.dtls.fingerprints.compactMap { Fingerprint(algorithm: $0.algorithm, value: $0.value) }
        guard let fingerprint = RemoteFingerprint(remote) else { throw Refusal(text: "no fingerprint") }
        _ = link.connect(remoteRole: .server, fingerprint: fingerprint, now: loop.now)
        flush()
    }

    var isReady: Bool { link.isReady }

    /// Takes in a datagram; returns when the media in it was sent.
    func receive(_ bytes: inout MutableSpan<UInt8>, _ entry: ReceiveBatch.Entry, now: Instant) -> Int64? {
        let tuple = Tuple(socket: socket, remote: entry.source)
        switch PacketClass(of: bytes.span, in: entry.range) {
        case .stun: link.receiveSTUN(bytes.span.extracting(entry.range), from: tuple, transport: .udp, now: now)
        case .dtls: link.receiveDTLS(bytes.span.extracting(entry.range), from: tuple, now: now)
        case .rtp:
            guard let opened = try? link.openRTP(&bytes, entry.range), opened.length >= 20 else { return nil }
            // The time stands at the payload's end, whatever extensions the worker put before it.
            return Int64(bitPattern: bytes.span.uint64(at: entry.range.lowerBound + opened.length - 8))
        case .rtcp, .other: break
        }
        flush()
        return nil
    }

    func advance(now: Instant) {
        guard let due = link.nextDeadline, due <= now else { return }
        link.handleTimeout(now: now)
        flush()
    }

    /// Sends one packet of sound, with the time at its end.
    func sendMedia(now: Instant) -> Bool {
        guard let sender = link.sender else { return false }
        var packet = [UInt8](repeating: 0, count: 256)
        var body = [UInt8](repeating: 0x55, count: 80)
        var end = body.mutableSpan
        end.store(UInt64(bitPattern: now.nanoseconds), at: 72)
        (packet[0], packet[1]) = (0x80, MediaProbe.payloadType)
        var room = packet.mutableSpan
        room.store(UInt16(truncatingIfNeeded: sequence), at: 2)
        room.store(UInt32(truncatingIfNeeded: sequence &* 96), at: 4)
        room.store(MediaProbe.ssrc, at: 8)
        let length = sender.seal(
            into: &room,
            at: 0,
            headerLength: 12,
            prefix: Span(),
            body: body.span,
            padding: 0,
            ssrc: MediaProbe.ssrc,
            index: sequence
        )
        sequence += 1
        guard length > 0, batch.append(packet.span.extracting(0..<length), socket: socket, destination: server) else {
            return false
        }
        _ = loop.send(&batch)
        return true
    }

    private func flush() {
        while let output = link.poll() {
            guard case .send(let bytes, let tuple) = output else { continue }
            _ = batch.append(bytes.span, socket: socket, destination: tuple.remote)
        }
        if !batch.isEmpty { _ = loop.send(&batch) }
    }
}
