// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletEngine
import SwiftletORTC
import SwiftletRTP
import SwiftletSRTP
import SwiftletWire
import Testing

/// What a peer of a test got as RTP, opened.
struct Packet: Equatable {
    var payloadType: UInt8
    var marker: Bool
    var sequence: UInt16
    var timestamp: UInt32
    var ssrc: UInt32
    var payload: [UInt8]
    var padding: Int
    var extensions: [UInt8: [UInt8]]
}

/// One engine with a server and a router, driven in virtual time; its peers start with keys.
final class Rig {
    let engine: Engine
    var now = Instant(nanoseconds: 1_000_000_000_000)
    let wall: WallClockAnchor
    private(set) var peers: [Peer] = []
    private var random: SeededRandom
    var notifications: [ControlNotification] = []
    var closedSockets: [SocketID] = []
    /// Messages as the loop would have sent them.
    var messages: [TransmitBatch.Message] = []
    static let socket = SocketID(rawValue: 1)
    private var incoming = ReceiveBatch(capacity: 1 << 20)
    private var outgoing = TransmitBatch()

    init(seed: UInt64 = 1, limits: EngineLimits = EngineLimits()) throws {
        random = SeededRandom(seed: seed)
        wall = WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        var limits = limits
        limits.storedBytes = min(limits.storedBytes, 32 << 20)
        engine = try Engine(
            certificate: try Rig.certificate.get(),
            limits: limits,
            wall: wall,
            random: SeededRandom(seed: seed)
        )
        let info = TransportListenInfo(protocol: .udp, ip: "127.0.0.1", port: 4444)
        let bound = BoundSocket(id: Self.socket, kind: .udp, local: SocketAddress(ipv4: 0x7F00_0001, port: 4444))
        try ask(.createWebRtcServer(.init(id: "server", listenInfos: [info])), sockets: [bound])
        try ask(.createRouter(id: "router"))
    }

    private static let certificate = Result { try Certificate.generate(unixSeconds: 1_760_000_000) }

    /// Hands a request to the engine and returns the reply; a refusal is thrown.
    @discardableResult
    func ask(_ request: ControlRequest, sockets: [BoundSocket] = []) throws -> ControlReply {
        try engine.handle(request, sockets: sockets, now: now).get()
    }

    /// A peer whose transport is ready.
    func join(_ id: String, profile: SRTPProfile = .gcm128, router: String = "router") throws -> Peer {
        try ask(.createWebRtcTransport(.init(id: id, routerId: router, listen: .server(id: "server"))))
        let keys = SRTPKeyingMaterial(
            profile: profile,
            localKey: bytes(profile.keyLength),
            localSalt: bytes(profile.saltLength),
            remoteKey: bytes(profile.keyLength),
            remoteSalt: bytes(profile.saltLength)
        )
        let address = SocketAddress(ipv4: 0x0A00_0001 + UInt32(peers.count), port: 5000)
        let peer = Peer(rig: self, id: id, keys: keys.reversed, address: address)
        engine.startWithKeys(
            transportId: id,
            keys: keys,
            tuple: Tuple(socket: Self.socket, remote: address),
            now: now
        )
        peers.append(peer)
        return peer
    }

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }

    /// Hands packets to the engine as one batch.
    func deliver(_ packets: [(SocketAddress, [UInt8])]) {
        incoming.removeAll()
        var offset = 0
        for (source, packet) in packets {
            offset =
                incoming.append(packet.span, at: offset, socket: Self.socket, source: source, arrival: now) ?? offset
        }
        engine.receive(&incoming, now: now)
        settle()
    }

    /// Takes out all that the engine wants sent and said.
    func settle() {
        var more = true
        while more {
            more = engine.transmit(into: &outgoing, now: now)
            for message in outgoing.messages {
                messages.append(message)
                var start = message.offset
                let end = message.offset + message.length
                while start < end {
                    let stop = message.segmentSize == 0 ? end : min(end, start + message.segmentSize)
                    let bytes = outgoing.bytes.extracting(start..<stop).copied()
                    peers.first { $0.address == message.destination }?.receive(bytes)
                    start = stop
                }
            }
            outgoing.removeAll()
        }
        while let output = engine.poll() {
            switch output {
            case .notify(let notification): notifications.append(notification)
            case .closeSocket(let socket), .closeConnection(let socket): closedSockets.append(socket)
            }
        }
    }

    /// Lets time pass, firing every deadline on its way.
    func advance(by duration: Duration) {
        let end = now + duration
        while let deadline = engine.nextDeadline, deadline <= end {
            now = max(now, deadline)
            engine.advance(to: now)
            settle()
        }
        now = end
    }

    func counter(_ name: String) -> UInt64 { engine.counters[name] ?? 0 }
}

/// A client by hand: it seals and opens, and remembers what came.
final class Peer {
    let rig: Rig
    let id: String
    let address: SocketAddress
    private let sender: SRTPSender
    private let receiver: SRTPReceiver
    var packets: [Packet] = []
    var rtcp: [[UInt8]] = []
    /// Packets that did not open: none, ever.
    var broken = 0

    init(rig: Rig, id: String, keys: SRTPKeyingMaterial, address: SocketAddress) {
        (self.rig, self.id, self.address) = (rig, id, address)
        guard let sender = try? SRTPSender(keys), let receiver = try? SRTPReceiver(keys) else {
            fatalError("keys of the profile's lengths")
        }
        (self.sender, self.receiver) = (sender, receiver)
    }

    func receive(_ bytes: [UInt8]) {
        var buffer = bytes
        var span = buffer.mutableSpan
        let isRTCP = 192...223 ~= bytes[1]
        do {
            if isRTCP {
                let opened = try receiver.openRTCP(&span, 0..<bytes.count)
                rtcp.append(span.span.extracting(0..<opened.length).copied())
            } else {
                let opened = try receiver.open(&span, 0..<bytes.count)
                let view = try RTPPacketView(parsing: span.span.extracting(0..<opened.length))
                var extensions: [UInt8: [UInt8]] = [:]
                var walk = view.extensions
                while let element = walk.next() {
                    extensions[element.id] = view.bytes.extracting(element.range).copied()
                }
                packets.append(
                    Packet(
                        payloadType: view.payloadType,
                        marker: view.marker,
                        sequence: view.sequenceNumber,
                        timestamp: view.timestamp,
                        ssrc: view.ssrc,
                        payload: view.payload.copied(),
                        padding: view.paddingLength,
                        extensions: extensions
                    )
                )
            }
        } catch {
            broken += 1
        }
    }

    /// A sealed RTP packet.
    func rtp(
        _ sequence: UInt16,
        ssrc: UInt32,
        payloadType: UInt8,
        timestamp: UInt32,
        marker: Bool = false,
        payload: [UInt8],
        extensions: [(UInt8, [UInt8])] = [],
        rollover: UInt64 = 0
    ) -> [UInt8] {
        var block: [UInt8] = []
        for (id, value) in extensions { block += [id << 4 | UInt8(value.count - 1)] + value }
        while block.count % 4 != 0 { block.append(0) }
        var writer = ByteWriter()
        writer.write(UInt8(block.isEmpty ? 0x80 : 0x90))
        writer.write(payloadType | (marker ? 0x80 : 0))
        writer.write(sequence)
        writer.write(timestamp)
        writer.write(ssrc)
        if !block.isEmpty {
            writer.write(UInt16(0xBEDE))
            writer.write(UInt16(block.count / 4))
            writer.write(block)
        }
        let header = writer.count
        var bytes = writer.bytes + [UInt8](repeating: 0, count: payload.count + 32)
        var span = bytes.mutableSpan
        let length = sender.seal(
            into: &span,
            at: 0,
            headerLength: header,
            prefix: Span(),
            body: payload.span,
            padding: 0,
            ssrc: ssrc,
            index: rollover << 16 | UInt64(sequence)
        )
        return Array(bytes.prefix(length))
    }

    func send(_ packets: [UInt8]...) { rig.deliver(packets.map { (address, $0) }) }

    /// Seals a plain compound and sends it.
    func sendRTCP(_ plain: [UInt8]) {
        var bytes = plain + [UInt8](repeating: 0, count: 32)
        var span = bytes.mutableSpan
        let length = sender.sealRTCP(into: &span, at: 0, length: plain.count)
        rig.deliver([(address, Array(bytes.prefix(length)))])
    }

    func nack(_ ssrc: UInt32, _ sequences: [UInt16]) {
        write { bytes, room in
            RTCPWriter.genericNACK(senderSSRC: 1, mediaSSRC: ssrc, sequences: sequences.span, into: &bytes, in: room)?
                .length
        }
    }

    func pli(_ ssrc: UInt32) {
        write { bytes, room in
            RTCPWriter.pictureLossIndication(senderSSRC: 1, mediaSSRC: ssrc, into: &bytes, in: room)
        }
    }

    func write(_ body: (inout MutableSpan<UInt8>, Range<Int>) -> Int?) {
        var bytes = [UInt8](repeating: 0, count: 1400)
        var span = bytes.mutableSpan
        guard let length = body(&span, 0..<1200) else { return }
        sendRTCP(Array(bytes.prefix(length)))
    }

    /// How many RTCP packets of a type and format came.
    func count(type: UInt8, format: UInt8) -> Int {
        rtcp.reduce(0) { sum, compound in
            var offset = 0
            var found = 0
            while offset + 4 <= compound.count {
                if compound[offset + 1] == type, compound[offset] & 0x1F == format { found += 1 }
                offset += 4 + 4 * (Int(compound[offset + 2]) << 8 | Int(compound[offset + 3]))
            }
            return sum + found
        }
    }

    var pliCount: Int { count(type: 206, format: 1) }
    var nackCount: Int { count(type: 205, format: 1) }
    var feedbackCount: Int { count(type: 205, format: 15) }
}
