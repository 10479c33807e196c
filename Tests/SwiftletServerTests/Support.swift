// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import RawWebSocket
import ServiceLifecycle
import SwiftletORTC
import SwiftletServer
import SwiftletSignaling
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// A whole server with real workers, on ports of its own.
final class TestServer: Sendable {
    let port: Int
    let mediaPort: Int
    private let group: ServiceGroup
    private let task: Task<Void, any Error>
    private let workers: StartedWorkers

    init(_ change: (inout ServerSettings) -> Void = { _ in }) async throws {
        var settings = ServerSettings()
        (settings.port, settings.workers, settings.mediaAddresses) = (0, 1, ["127.0.0.1"])
        settings.mediaPort = Self.freePort()
        change(&settings)
        mediaPort = settings.mediaPort
        let (running, continuation) = AsyncStream<Int>.makeStream()
        let workers = StartedWorkers()
        self.workers = workers
        let logger = Logger(label: "test") { _ in StartedWorkers.Handler(workers: workers) }
        let server = try SignalingServer(settings: settings, logger: logger, signals: []) { state in
            continuation.yield(state.port)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [.init(service: server)], logger: logger)
        )
        self.group = group
        task = Task {
            defer { continuation.finish() }
            try await group.run()
        }
        var iterator = running.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await task.value
            throw CancellationError()
        }
        self.port = port
    }

    /// The process that was last started to listen on a media port, as the server logged it.
    func worker(of mediaPort: Int) -> Int32? { workers.pid(of: mediaPort) }

    /// Stops it, and waits until its workers are gone.
    func stop() async {
        task.cancel()
        _ = await task.result
    }

    /// Asks it to stop as a signal would, and waits for that.
    func stopGracefully() async {
        await group.triggerGracefulShutdown()
        _ = await task.result
    }

    /// A port of this test's own, with three behind it, below those that the system gives away.
    static func freePort() -> Int {
        let taken = portsInUse()
        return ports.withLock { port in
            repeat { port = port < 32_000 ? port + 4 : 20_000 } while !taken.isDisjoint(with: port..<port + 4)
            return port
        }
    }

    /// What other programs of this machine listen on.
    private static func portsInUse() -> Set<Int> {
        var ports: Set<Int> = []
        for table in ["udp", "udp6", "tcp", "tcp6"] {
            let text = (try? String(contentsOfFile: "/proc/net/\(table)", encoding: .utf8)) ?? ""
            for line in text.split(separator: "\n").dropFirst() {
                let address = line.split(separator: " ").dropFirst().first?.split(separator: ":").last
                if let port = address.flatMap({ Int($0, radix: 16) }) { ports.insert(port) }
            }
        }
        return ports
    }

    private static let ports = Mutex(Int.random(in: 20_000...31_000))

    /// One HTTP request on a connection of its own; everything that comes back.
    func http(_ request: String, tls: Bool = false) async throws -> String {
        let client = try await RawWebSocket(port: port, tls: tls)
        try await client.send(request)
        return await client.readToEnd()
    }

    /// A GET, and everything that comes back.
    func get(_ path: String, headers: [String] = [], method: String = "GET") async throws -> String {
        try await http(
            (["\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close"] + headers).joined(separator: "\r\n")
                + "\r\n\r\n"
        )
    }
}

/// The workers that a server says in its log to have started.
private final class StartedWorkers: Sendable {
    private let pids = Mutex<[Int: Int32]>([:])

    func pid(of mediaPort: Int) -> Int32? { pids.withLock { $0[mediaPort] } }

    struct Handler: LogHandler {
        let workers: StartedWorkers
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard event.message == "worker started", let said = event.metadata,
                let port = said["mediaPort"].flatMap({ Int("\($0)") }),
                let pid = said["worker"].flatMap({ Int32("\($0)") })
            else { return }
            workers.pids.withLock { $0[port] = pid }
        }
    }
}

/// A peer that speaks the protocol and has no media.
final class TestPeer {
    /// What the server sent beside answers, in order, until it is asked for.
    private var inbox: [SignalingFrame] = []
    private var lastId = 0
    /// The data consumers that it took.
    private(set) var taken: [NewDataConsumerRequest] = []
    let socket: RawWebSocket

    /// What browsers say that they can do.
    static let sctpCapabilities = SctpCapabilities(numStreams: NumSctpStreams(OS: 1_024, MIS: 1_024))

    /// The connection was closed.
    struct Closed: Error, Hashable {
        var code: Int
        var reason: String
    }

    init(_ server: TestServer, room: String, peer: String, tls: Bool = false) async throws {
        socket = try await RawWebSocket(port: server.port, tls: tls)
        try await socket.send(RawWebSocket.head("/?roomId=\(room)&peerId=\(peer)"))
        let head = try await socket.readHead()
        #expect(head.hasPrefix("HTTP/1.1 101"))
    }

    /// Opens, makes a transport each way and joins, as a client would.
    static func joined(
        _ server: TestServer,
        room: String = "r",
        peer: String,
        data: Bool = false
    ) async throws -> (TestPeer, Joined) {
        let sctp = data ? sctpCapabilities : nil
        let client = try await TestPeer(server, room: room, peer: peer)
        let capabilities: RtpCapabilities = try await client.ask("getRouterRtpCapabilities", Nothing())
        let sending: CreateWebRtcTransportAnswer = try await client.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(forceTcp: false, producing: true, consuming: false, sctpCapabilities: sctp)
        )
        let receiving: CreateWebRtcTransportAnswer = try await client.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(forceTcp: false, producing: false, consuming: true, sctpCapabilities: sctp)
        )
        let answer: JoinAnswer = try await client.ask(
            "join",
            JoinRequest(
                displayName: peer.uppercased(),
                device: ["name": "test"],
                rtpCapabilities: capabilities,
                sctpCapabilities: sctp
            )
        )
        let others = answer.peers.map(\.id).sorted()
        return (client, Joined(sending: sending, receiving: receiving, others: others, chat: answer.chatHistory))
    }

    /// What joining brought.
    struct Joined {
        var sending: CreateWebRtcTransportAnswer
        var receiving: CreateWebRtcTransportAnswer
        var others: [String]
        var chat: [ChatMessage]
    }

    /// Asks, and waits for the answer; what else comes is kept.
    func ask<Answer: Decodable>(_ method: String, _ data: some Encodable) async throws -> Answer {
        try await answer(to: try await send(method, data))
    }

    /// Asks, and does not wait for the answer.
    func send(_ method: String, _ data: some Encodable) async throws -> Int {
        lastId += 1
        try await socket.send(message: SignalingFrame.request(id: lastId, method, data))
        return lastId
    }

    /// Waits for the answer to what was asked; what else comes is kept.
    func answer<Answer: Decodable>(to id: Int) async throws -> Answer {
        for (index, frame) in inbox.enumerated() {
            guard case .response(id, let result) = frame else { continue }
            inbox.remove(at: index)
            return try result.get().decode()
        }
        while true {
            let frame = try await receive()
            guard case .response(id, let result) = frame else {
                inbox.append(frame)
                continue
            }
            return try result.get().decode()
        }
    }

    /// Asks for something that is answered with nothing.
    func ask(_ method: String, _ data: some Encodable) async throws { let _: Nothing = try await ask(method, data) }

    /// Waits for a notification; others before it are dropped.
    func notification<Payload: Decodable>(_ method: String) async throws -> Payload {
        while true {
            if case .notification(method, let data) = try await next() { return try data.decode() }
        }
    }

    /// Waits for the offer of a consumer, and takes it.
    @discardableResult
    func takeConsumer(refusing: Bool = false) async throws -> NewConsumerRequest {
        while true {
            guard case .request(let id, "newConsumer", let data) = try await next() else { continue }
            let answer =
                refusing
                ? SignalingFrame.failure(id: id, SignalingError(403, "no")) : SignalingFrame.success(id: id, Nothing())
            try await socket.send(message: answer)
            return try data.decode()
        }
    }

    /// Waits for the offer of a data consumer.
    func dataOffer() async throws -> (id: Int, offer: NewDataConsumerRequest) {
        while true {
            if case .request(let id, "newDataConsumer", let data) = try await next() { return (id, try data.decode()) }
        }
    }

    /// Waits for the offer of a data consumer, and takes it.
    @discardableResult
    func takeDataConsumer(refusing: Bool = false) async throws -> NewDataConsumerRequest {
        let (id, offer) = try await dataOffer()
        let refusal = SignalingError(403, "no")
        try await socket.send(
            message: refusing ? SignalingFrame.failure(id: id, refusal) : SignalingFrame.success(id: id, Nothing())
        )
        if !refusing { taken.append(offer) }
        return offer
    }

    /// A data channel without order and repetition.
    static func channel(
        on transport: CreateWebRtcTransportAnswer,
        stream: UInt16,
        label: String = "reactions"
    ) -> ProduceDataRequest {
        ProduceDataRequest(
            transportId: transport.id,
            sctpStreamParameters: SctpStreamParameters(streamId: stream, ordered: false, maxRetransmits: 0),
            label: label,
            protocol: "p",
            appData: ["info": "x"]
        )
    }

    /// Makes a data channel, without ever sending a message on it.
    func produceData(
        on transport: CreateWebRtcTransportAnswer,
        stream: UInt16 = 0,
        label: String = "reactions",
        takenBy taker: TestPeer? = nil
    ) async throws -> String {
        let id = try await send("produceData", Self.channel(on: transport, stream: stream, label: label))
        try await taker?.takeDataConsumer()
        let answer: ProduceAnswer = try await answer(to: id)
        return answer.id
    }

    /// What was sent so far, by method, once everything before now has come.
    func methodsSoFar() async throws -> [String] {
        // Whatever was caused before is on its way before the answer to this.
        do { try await ask("noSuchMethod", Nothing()) } catch is SignalingError {}
        defer { inbox = [] }
        return inbox.map { frame in
            switch frame {
            case .request(_, let method, _), .notification(let method, _): method
            case .response: "response"
            }
        }
    }

    /// Sends video of one stream, without ever sending a packet.
    func produce(
        on transport: CreateWebRtcTransportAnswer,
        ssrc: UInt32 = 1_111,
        mid: String = "0"
    ) async throws -> String {
        let parameters = RtpParameters(
            mid: mid,
            codecs: [
                RtpCodecParameters(
                    mimeType: "video/VP8",
                    payloadType: 96,
                    clockRate: 90_000,
                    rtcpFeedback: [RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli")]
                )
            ],
            encodings: [RtpEncodingParameters(ssrc: ssrc)],
            rtcp: RtcpParameters(cname: "test")
        )
        let answer: ProduceAnswer = try await ask(
            "produce",
            ProduceRequest(
                transportId: transport.id,
                kind: .video,
                rtpParameters: parameters,
                appData: ["source": "camera"]
            )
        )
        return answer.id
    }

    /// Sends video in three sizes, without ever sending a packet.
    func produceSimulcast(on transport: CreateWebRtcTransportAnswer, codec: String = "VP8") async throws -> String {
        try await produce(
            .video,
            RtpParameters(
                mid: "0",
                codecs: [RtpCodecParameters(mimeType: "video/\(codec)", payloadType: 96, clockRate: 90_000)],
                encodings: ["r0", "r1", "r2"].map { RtpEncodingParameters(rid: $0, scalabilityMode: "L1T3") },
                rtcp: RtcpParameters(cname: "test")
            ),
            on: transport
        )
    }

    /// Sends three sizes of AV1 in one stream, without ever sending a packet.
    func produceLayered(on transport: CreateWebRtcTransportAnswer) async throws -> String {
        try await produce(
            .video,
            RtpParameters(
                mid: "0",
                codecs: [RtpCodecParameters(mimeType: "video/AV1", payloadType: 45, clockRate: 90_000)],
                encodings: [RtpEncodingParameters(ssrc: 3_333, scalabilityMode: "L3T3_KEY")],
                rtcp: RtcpParameters(cname: "test")
            ),
            on: transport
        )
    }

    /// Sends sound, without ever sending a packet; redundant sound where asked for.
    func produceSound(on transport: CreateWebRtcTransportAnswer, isRedundant: Bool = false) async throws -> String {
        var codecs = [RtpCodecParameters(mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2)]
        if isRedundant {
            codecs.append(
                RtpCodecParameters(
                    mimeType: "audio/red",
                    payloadType: 63,
                    clockRate: 48_000,
                    channels: 2,
                    parameters: ["111/111": ""]
                )
            )
        }
        return try await produce(
            .audio,
            RtpParameters(
                mid: "1",
                codecs: codecs,
                encodings: [RtpEncodingParameters(ssrc: 2_222)],
                rtcp: RtcpParameters(cname: "test")
            ),
            on: transport
        )
    }

    private func produce(
        _ kind: MediaKind,
        _ parameters: RtpParameters,
        on transport: CreateWebRtcTransportAnswer
    ) async throws -> String {
        let request = ProduceRequest(transportId: transport.id, kind: kind, rtpParameters: parameters)
        let answer: ProduceAnswer = try await ask("produce", request)
        return answer.id
    }

    private func next() async throws -> SignalingFrame { inbox.isEmpty ? try await receive() : inbox.removeFirst() }

    private func receive() async throws -> SignalingFrame {
        let message = try await socket.readMessage()
        if let code = message.closeCode {
            throw Closed(code: code, reason: String(decoding: message.payload.dropFirst(2), as: UTF8.self))
        }
        return try SignalingFrame.parse(message.text)
    }
}
