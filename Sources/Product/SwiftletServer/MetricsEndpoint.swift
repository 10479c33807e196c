// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Answers `GET /metrics` on a port of its own, which need not be where strangers come.
struct MetricsEndpoint: Service {
    private static let path = "/metrics"
    /// Connections at once.
    private static let maximumConnections = 16

    let host: String
    let port: Int
    let metrics: ServerMetrics
    let logger: Logger
    /// Called with the port once it can be reached.
    let onRunning: @Sendable (Int?) -> Void

    /// Serves until it is told to stop.
    ///
    /// - Throws: ``SettingsError`` when it cannot listen.
    func run() async throws {
        let metrics = metrics
        let http = HTTP1Channel(
            responder: { request, writer, _ in
                let response = await Self.respond(to: request, metrics)
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(idleTimeout: .seconds(30))
        )
        let configuration = ServerConfiguration(
            address: .hostname(host, port: port),
            serverName: nil,
            availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections)
        )
        defer { onRunning(nil) }
        do {
            try await http.server(
                configuration: configuration,
                onServerRunning: { [onRunning] channel in onRunning(channel.localAddress?.port) },
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: logger
            )
            .run()
        } catch let error as IOError {
            throw SettingsError(
                "metrics cannot be served at port \(port) of \(host) (\(error)): "
                    + "choose others with --metrics-port and --metrics-host"
            )
        }
    }

    private static func respond(to request: Request, _ metrics: ServerMetrics) async -> Response {
        guard request.uri.path == path else { return plain(.notFound, "metrics are at \(path)\n") }
        guard request.method == .get || request.method == .head else {
            return plain(.methodNotAllowed, "only GET and HEAD are answered here\n", [.allow: "GET, HEAD"])
        }
        let response = Response(
            status: .ok,
            headers: [.contentType: MetricsText.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: await metrics.text()))
        )
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static func plain(_ status: HTTPResponse.Status, _ text: String, _ more: HTTPFields = [:]) -> Response {
        var headers = more
        headers[.contentType] = "text/plain; charset=utf-8"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

/// What a server tells of itself.
struct ServerMetrics: Sendable {
    let pool: WorkerPool
    let lobby: Lobby
    let admission: Admission
    private let began = ContinuousClock.now
    private let startedAt = Date.now.timeIntervalSince1970

    init(pool: WorkerPool, lobby: Lobby, admission: Admission) {
        (self.pool, self.lobby, self.admission) = (pool, lobby, admission)
    }

    /// Everything, as of now.
    func text() async -> String {
        var text = MetricsText()
        if let own = ProcessUse(pid: ProcessInfo.processInfo.processIdentifier) {
            text.add(
                "process_cpu_seconds_total",
                .counter,
                "Processor time of the server's process, workers aside.",
                own.cpuSeconds
            )
            text.add(
                "process_resident_memory_bytes",
                .gauge,
                "Resident memory of the server's process, workers aside.",
                own.residentBytes
            )
        }
        text.add("process_start_time_seconds", .gauge, "When the server began, in seconds since 1970.", startedAt)
        text.add(
            "swiftlet_uptime_seconds",
            .gauge,
            "How long the server has been running.",
            (ContinuousClock.now - began) / .seconds(1)
        )
        await addWorkers(to: &text)
        await addCounters(to: &text)
        let counts = admission.counts
        text.add("swiftlet_rooms", .gauge, "Rooms with somebody in them.", Double(counts.rooms))
        text.add("swiftlet_peers", .gauge, "Peers that are connected.", Double(counts.peers))
        await addMedia(to: &text)
        return text.text
    }

    private func addWorkers(to text: inout MetricsText) async {
        text.add("swiftlet_workers", .gauge, "Workers that are running.", Double(pool.aliveCount))
        let uses = await pool.processes.compactMap { worker in
            ProcessUse(pid: worker.pid).map { (labels: [("worker", "\(worker.slot)"), ("pid", "\(worker.pid)")], $0) }
        }
        text.add(
            "swiftlet_worker_cpu_seconds_total",
            .counter,
            "Processor time of a worker.",
            uses.map { ($0.labels, $0.1.cpuSeconds) }
        )
        text.add(
            "swiftlet_worker_resident_memory_bytes",
            .gauge,
            "Resident memory of a worker.",
            uses.map { ($0.labels, $0.1.residentBytes) }
        )
    }

    private func addCounters(to text: inout MetricsText) async {
        let counters = [
            ("packets_received_total", "RTP packets that a worker received.", "packetsReceived"),
            ("packets_forwarded_total", "RTP packets that a worker forwarded.", "packetsForwarded"),
            ("packets_resent_total", "RTP packets that a worker sent again.", "packetsResent"),
            ("messages_sent_total", "Messages that a worker gave to the system, of up to 64 packets each.", "messages"),
            (
                "padding_bytes_total", "Bytes of padding that made packets equal, so that they leave as one.",
                "paddingBytes"
            ),
        ]
        let workers = await pool.counters()
        for (name, help, key) in counters {
            let values = workers.compactMap { worker in
                worker.counts[key].map {
                    (labels: [("worker", "\(worker.slot)"), ("pid", "\(worker.pid)")], Double($0))
                }
            }
            text.add("swiftlet_worker_\(name)", .counter, help, values)
        }
        let turns = workers.compactMap { worker in
            worker.counts["loop.longestTurnMicroseconds"].map {
                (labels: [("worker", "\(worker.slot)"), ("pid", "\(worker.pid)")], Double($0) / 1_000_000)
            }
        }
        text.add(
            "swiftlet_worker_longest_turn_seconds",
            .gauge,
            "The longest that a worker's loop took for a turn.",
            turns
        )
    }

    private func addMedia(to text: inout MetricsText) async {
        let census = await lobby.census()
        let counts = [
            ("swiftlet_transports", "WebRTC transports of peers.", census.transports),
            ("swiftlet_producers", "Producers of peers.", census.producers),
            ("swiftlet_consumers", "Consumers of peers.", census.consumers),
            ("swiftlet_data_producers", "Data producers of peers.", census.dataProducers),
            ("swiftlet_data_consumers", "Data consumers of peers.", census.dataConsumers),
        ]
        for (name, help, count) in counts { text.add(name, .gauge, help, Double(count)) }
    }
}

/// How much of each there is in some rooms.
struct RoomCensus: Sendable {
    var transports = 0
    var producers = 0
    var consumers = 0
    var dataProducers = 0
    var dataConsumers = 0

    /// Nothing.
    init() {}

    /// Of peers.
    init(of peers: some Collection<Peer>) {
        for peer in peers {
            transports += peer.transports.count
            producers += peer.producers.count
            consumers += peer.consumers.count
            dataProducers += peer.dataProducers.count
            dataConsumers += peer.dataConsumers.count
        }
    }

    /// Adds what is in other rooms.
    mutating func add(_ other: RoomCensus) {
        transports += other.transports
        producers += other.producers
        consumers += other.consumers
        dataProducers += other.dataProducers
        dataConsumers += other.dataConsumers
    }
}
