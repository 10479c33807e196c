// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletEngine
import SwiftletORTC
import SwiftletRTP
import SwiftletStreams
import SwiftletWire
import SwiftletSyntheticMedia

/// An engine with publishers and viewers of layered video, in virtual time of whole milliseconds.
///
/// Links start with keys, so that minutes of it cost seconds.
final class MediaWorld {
    /// A change of layers that a viewer asked for.
    struct Switch {
        var viewer: Int
        var layers: ConsumerLayers
        var since: Instant
    }

    let engine: Engine
    let wall: WallClockAnchor
    private(set) var now: Instant
    private var tick = 0
    private var network: NetworkWheel
    private(set) var publishers: [Publisher] = []
    private(set) var viewers: [Viewer] = []
    private var peers: [KeyedPeer] = []
    private var random: SeededRandom
    private var incoming = ReceiveBatch(capacity: 1 << 20)
    private var outgoing = TransmitBatch()
    private(set) var notifications: [ControlNotification] = []
    /// What every consumer forwards, as the engine last said.
    private(set) var layers: [String: ConsumerLayers] = [:]
    private var nextSSRC: UInt32 = 7_000_000

    // Switching, see ``switchAtRandom(_:deadline:)``.
    private var pending: [Switch?] = []
    private(set) var switchTimes: [Duration] = []
    private(set) var lateSwitches: [String] = []

    private static let epoch = Instant(nanoseconds: 1_000_000_000_000)
    private static let socket = SocketID(rawValue: 1)
    private static let firstAddress: UInt32 = 0x0B00_0000
    private static let certificate = Result { try Certificate.generate(unixSeconds: 1_760_000_000) }
    private let address = SocketAddress(ipv4: 0x0A00_0001, port: 44_444)

    init(seed: UInt64, adjust: (inout EngineLimits) -> Void = { $0.lossThresholds = .off }) throws {
        now = Self.epoch
        wall = WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        random = SeededRandom(seed: seed)
        network = NetworkWheel(seed: seed &+ 1)
        var limits = EngineLimits()
        limits.storedBytes = 32 << 20
        adjust(&limits)
        engine = try Engine(
            certificate: try Self.certificate.get(),
            limits: limits,
            wall: wall,
            random: SeededRandom(seed: seed)
        )
        let info = TransportListenInfo(protocol: .udp, ip: "10.0.0.1", port: 44_444)
        try ask(
            .createWebRtcServer(.init(id: "server", listenInfos: [info])),
            sockets: [BoundSocket(id: Self.socket, kind: .udp, local: address)]
        )
        try ask(.createRouter(id: "router"))
    }

    @discardableResult
    func ask(_ request: ControlRequest, sockets: [BoundSocket] = []) throws -> ControlReply {
        try engine.handle(request, sockets: sockets, now: now).get()
    }

    // MARK: Peers

    private func connect(_ name: String) throws -> SRTPKeyingMaterial {
        try ask(.createWebRtcTransport(.init(id: name, routerId: "router", listen: .server(id: "server"))))
        let profile = SRTPProfile.gcm128
        let keys = SRTPKeyingMaterial(
            profile: profile,
            localKey: bytes(profile.keyLength),
            localSalt: bytes(profile.saltLength),
            remoteKey: bytes(profile.keyLength),
            remoteSalt: bytes(profile.saltLength)
        )
        let tuple = Tuple(socket: Self.socket, remote: remote(peers.count))
        engine.startWithKeys(transportId: name, keys: keys, tuple: tuple, now: now)
        return keys.reversed
    }

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }

    private func remote(_ peer: Int) -> SocketAddress {
        SocketAddress(ipv4: Self.firstAddress + UInt32(peer), port: 5000)
    }

    /// A peer that begins to send at once.
    func publish(_ name: String, _ options: Publisher.Options, path: NetworkWheel.Path = .init()) throws -> Publisher {
        let keys = try connect(name)
        let publisher = try Publisher(
            name: name,
            options: options,
            firstSSRC: UInt32(publishers.count + 1) * 1_000,
            keys: keys,
            wall: wall,
            seed: random.next(),
            now: now
        )
        publisher.path = (path, path)
        peers.append(publisher)
        publishers.append(publisher)
        try ask(.produce(MediaParameters.produceVideo(publisher)))
        if options.hasAudio { try ask(.produce(MediaParameters.produceAudio(publisher))) }
        return publisher
    }

    /// A peer that views nothing yet.
    func join(_ name: String, path: NetworkWheel.Path = .init()) throws -> Viewer {
        let keys = try connect(name)
        let viewer = try Viewer(name: name, keys: keys, wall: wall, now: now)
        viewer.path = (path, path)
        peers.append(viewer)
        viewers.append(viewer)
        pending.append(nil)
        return viewer
    }

    /// Lets a viewer view a publisher.
    @discardableResult
    func view(
        _ publisher: Publisher,
        by viewer: Viewer,
        audio: Bool = false,
        preferred: ConsumerLayers? = nil,
        paused: Bool = false
    ) throws -> Viewer.Video {
        var rules = StreamChecker.Rules(publisher.options.codec, isSVC: publisher.options.isSVC)
        rules.hasIndependentLayers = publisher.options.structure.prediction == .none
        rules.mayGrow = publisher.options.hasDescriptor && publisher.path.up.jitter > 0
        let id = "\(viewer.name)<\(publisher.videoID)"
        let video = Viewer.Video(id: id, ssrc: nextSSRC, checker: StreamChecker(rules))
        nextSSRC += 2
        let mid = "\(viewer.videos.count)"
        viewer.videos.append(video)
        try ask(
            .consume(
                MediaParameters.consumeVideo(video, of: publisher, on: viewer, mid: mid, preferred, paused: paused)
            )
        )
        if audio {
            let subscription = Viewer.Audio(ssrc: nextSSRC)
            nextSSRC += 2
            viewer.audio = subscription
            try ask(.consume(MediaParameters.consumeAudio(subscription, of: publisher, on: viewer)))
        }
        return video
    }

    // MARK: Switching

    /// Asks for other layers, and watches for them.
    func prefer(_ layers: ConsumerLayers, by index: Int) throws {
        let video = viewers[index].videos[0]
        video.checker.watch(spatial: layers.spatialLayer, temporal: layers.temporalLayer ?? 2, now: now)
        pending[index] = Switch(viewer: index, layers: layers, since: now)
        try ask(.setPreferredLayers(consumerId: video.id, layers: layers))
    }

    /// Notes which changes are done, and which are not after `deadline`.
    func settleSwitches(deadline: (Viewer) -> Duration) {
        for index in pending.indices {
            guard let one = pending[index] else { continue }
            let video = viewers[index].videos[0]
            if let done = video.checker.probe?.done, layers[video.id] == one.layers {
                pending[index] = nil
                switchTimes.append(max(done, one.since) - one.since)
            } else if now - one.since > deadline(viewers[index]) {
                pending[index] = nil
                let told = layers[video.id].map { "\($0.spatialLayer)/\($0.temporalLayer ?? -1)" } ?? "nothing"
                let text =
                    "\(viewers[index].name) at \((one.since - Self.epoch).inSeconds): wanted "
                    + "\(one.layers.spatialLayer)/\(one.layers.temporalLayer ?? -1), told \(told), "
                    + "seen \(String(describing: video.checker.layers)), done \(video.checker.probe?.done != nil)"
                lateSwitches.append(text)
            }
        }
    }

    func isSwitching(_ index: Int) -> Bool { pending[index] != nil }

    // MARK: Time

    /// Seconds since the beginning.
    var elapsed: Double { (now - Self.epoch).inSeconds }

    /// Lets time pass.
    func run(for duration: Duration) { run(for: duration) { _ in } }

    /// Lets time pass, millisecond by millisecond; `each` is called in every one.
    func run(for duration: Duration, each: (Int) throws -> Void) rethrows {
        let end = tick + Int(duration.wholeNanoseconds / 1_000_000)
        flush()
        while tick < end {
            tick += 1
            now = Self.epoch + .milliseconds(tick)
            deliver()
            if let due = engine.nextDeadline, due <= now { engine.advance(to: now) }
            for peer in peers {
                if let due = peer.nextDeadline, due <= now { peer.advance(to: now) }
            }
            try each(tick)
            flush()
        }
    }

    private func deliver() {
        let arrived = network.take(at: tick)
        guard !arrived.isEmpty else { return }
        incoming.removeAll()
        var offset = 0
        for datagram in arrived {
            guard datagram.isForEngine else {
                peers[datagram.peer].receive(datagram.bytes, now: now)
                continue
            }
            offset =
                incoming.append(
                    datagram.bytes.span,
                    at: offset,
                    socket: Self.socket,
                    source: remote(datagram.peer),
                    arrival: now
                ) ?? offset
        }
        if !incoming.entries.isEmpty { engine.receive(&incoming, now: now) }
    }

    private func flush() {
        var more = true
        while more {
            more = engine.transmit(into: &outgoing, now: now)
            for message in outgoing.messages {
                let peer = Int(UInt32(truncatingIfNeeded: message.destination.low) &- Self.firstAddress)
                var start = message.offset
                let end = message.offset + message.length
                while start < end {
                    let stop = message.segmentSize == 0 ? end : min(end, start + message.segmentSize)
                    let bytes = outgoing.bytes.extracting(start..<stop).copied()
                    network.send(bytes, peer: peer, isForEngine: false, by: peers[peer].path.down, at: tick)
                    start = stop
                }
            }
            outgoing.removeAll()
        }
        for (index, peer) in peers.enumerated() where !peer.outbox.isEmpty {
            for bytes in peer.outbox {
                network.send(bytes, peer: index, isForEngine: true, by: peer.path.up, at: tick)
            }
            peer.outbox.removeAll(keepingCapacity: true)
        }
        while let output = engine.poll() {
            guard case .notify(let notification) = output else { continue }
            if case .consumerLayersChanged(let id, let layers) = notification {
                self.layers[id] = layers
            } else {
                notifications.append(notification)
            }
        }
    }
}
