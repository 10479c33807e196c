// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
import Swiftlet
import SwiftletWeb
import SwiftletWebSockets
public import UnixSignals

/// A whole Swiftlet node: media workers, rooms, signalling and the meeting page.
public struct SignalingServer: Service {
    /// What a server that is up says of itself.
    public struct Running: Sendable {
        /// The port of HTTP.
        public var port: Int
        /// Pages to open, the best first.
        public var urls: [String]
        /// Where media listens.
        public var media: String
        /// Addresses of this machine that media does not listen on, because there are too many.
        public var addressesLeftOut: [String]
        /// Whether there is a page to open.
        public var hasPage: Bool
        /// Where metrics are, if anywhere.
        public var metricsURL: String?
    }

    private let settings: ServerSettings
    private let logger: Logger
    private let signals: [UnixSignal]
    private let onRunning: @Sendable (Running) async -> Void

    /// A server that is started by ``run()``.
    ///
    /// - Parameters:
    ///   - settings: How it is run.
    ///   - logger: Where it logs.
    ///   - signals: Signals that end it gracefully.
    ///   - onRunning: Called once it can be reached.
    /// - Throws: ``SettingsError`` for settings that contradict each other or are unsafe.
    public init(
        settings: ServerSettings,
        logger: Logger,
        signals: [UnixSignal] = [.sigterm, .sigint],
        onRunning: @escaping @Sendable (Running) async -> Void = { _ in }
    ) throws(SettingsError) {
        try settings.validate()
        (self.settings, self.logger, self.signals, self.onRunning) = (settings, logger, signals, onRunning)
    }

    /// Starts the workers, serves until it is told to stop, and ends everything in order.
    ///
    /// - Throws: ``SettingsError`` when it cannot start; then nothing is left running.
    public func run() async throws {
        let tls = try settings.tlsConfiguration()
        let addresses = try MediaAddresses(settings: settings, machine: MediaAddresses.ofThisMachine())
        let count = settings.workers ?? max(1, min(256, System.coreCount))
        guard settings.mediaPort + count - 1 <= 65_535 else {
            throw SettingsError("media-port \(settings.mediaPort) with \(count) workers leaves the range of ports")
        }
        let pool = WorkerPool(
            settings: WorkerSettings(
                logLevel: .warn,
                logger: logger,
                flushWindow: .microseconds(settings.flushWindow),
                workerBinary: settings.workerBinary
            ),
            count: count,
            mediaPort: UInt16(settings.mediaPort),
            addresses: addresses,
            logger: logger
        )
        try await pool.start()
        if !addresses.leftOut.isEmpty {
            logger.warning("media does not listen on every address", metadata: ["without": "\(addresses.leftOut)"])
        }
        do {
            try await serve(pool, tls, addresses, count)
        } catch {
            await pool.close()
            throw explained(error)
        }
        await pool.close()
    }

    private func serve(
        _ pool: WorkerPool,
        _ tls: TLSConfiguration?,
        _ addresses: MediaAddresses,
        _ count: Int
    ) async throws {
        let admission = Admission(limits: settings.limits)
        let files = SwiftletWeb.root.map { WebFiles(root: $0) } ?? WebFiles()
        if !files.hasPage { logger.warning("the meeting page is not installed; signalling works without it") }
        let responder = WebResponder(files: files, pool: pool, admission: admission)
        let http = HTTP1Channel(
            responder: { request, writer, _ in
                let response = responder.respond(to: request)
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(idleTimeout: .seconds(30))
        )
        let lobby = Lobby(pool: pool, settings: settings, logger: logger)
        let metrics = metrics(ServerMetrics(pool: pool, lobby: lobby, admission: admission))
        let channel = ServerChannel(
            http: http,
            policy: UpgradePolicy(allowedOrigins: settings.allowedOrigins, admission: admission),
            lobby: lobby,
            limits: WebSocketLimits()
        )
        let configuration = ServerConfiguration(
            address: .hostname(settings.host, port: settings.port),
            serverName: nil,
            availableConnectionsDelegate: MaximumAvailableConnections(settings.limits.connections)
        )
        let onServerRunning: @Sendable (any Channel) async -> Void = { [settings, onRunning] channel in
            let port = channel.localAddress?.port ?? settings.port
            let ports =
                count > 1
                ? "ports \(settings.mediaPort) to \(settings.mediaPort + count - 1)" : "port \(settings.mediaPort)"
            let media = "UDP and TCP \(ports) on \(addresses)"
            let metricsURL = await metrics?.url.first { _ in true } ?? nil
            // Without the metrics that were asked for it does not run, and says so instead.
            guard metrics == nil || metricsURL != nil else { return }
            await onRunning(
                Running(
                    port: port,
                    urls: settings.urls(port: port, machine: MediaAddresses.ofThisMachine()),
                    media: media,
                    addressesLeftOut: addresses.leftOut,
                    hasPage: files.hasPage,
                    metricsURL: metricsURL
                )
            )
        }
        let group = MultiThreadedEventLoopGroup.singleton
        let service: any Service =
            if let tls {
                try TLSChannel(channel, tlsConfiguration: tls)
                    .server(
                        configuration: configuration,
                        onServerRunning: onServerRunning,
                        eventLoopGroup: group,
                        logger: logger
                    )
            } else {
                channel.server(
                    configuration: configuration,
                    onServerRunning: onServerRunning,
                    eventLoopGroup: group,
                    logger: logger
                )
            }
        let services = [service] + (metrics.map { [$0.endpoint] } ?? [])
        var lifecycle = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: signals,
            logger: logger
        )
        // Sockets get 1 s to say good-bye and workers 2: what is left after that is cut off.
        lifecycle.maximumGracefulShutdownDuration = .seconds(2)
        try await ServiceGroup(configuration: lifecycle).run()
    }

    /// The listener of metrics and, once it is up, its URL; `nil` without one.
    private func metrics(_ metrics: ServerMetrics) -> (endpoint: any Service, url: AsyncStream<String?>)? {
        guard let port = settings.metricsPort else { return nil }
        let (url, continuation) = AsyncStream<String?>.makeStream()
        let host = settings.metricsHost
        let endpoint = MetricsEndpoint(host: host, port: port, metrics: metrics, logger: logger) { port in
            let name = host.contains(":") ? "[\(host)]" : host
            continuation.yield(port.map { "http://\(name):\($0)/metrics" })
            continuation.finish()
        }
        return (endpoint, url)
    }

    private func explained(_ error: any Error) -> any Error {
        guard let io = error as? IOError else { return error }
        switch io.errnoCode {
        case EADDRINUSE:
            return SettingsError("port \(settings.port) of \(settings.host) is in use: choose another with --port")
        case EACCES:
            return SettingsError(
                "port \(settings.port) may not be used by this user: choose one above 1023 with --port"
            )
        case EADDRNOTAVAIL:
            return SettingsError("host \(settings.host) is no address of this machine")
        default:
            return error
        }
    }
}

extension ServerSettings {
    /// Pages to open: of this machine alone, or one for every address that others reach it by.
    func urls(port: Int, machine: [SocketAddress]) -> [String] {
        let scheme = tls == .off ? "http" : "https"
        let standard = tls == .off ? 80 : 443
        func url(_ host: String) -> String {
            let name = host.contains(":") ? "[\(host)]" : host
            return "\(scheme)://\(name)" + (port == standard ? "" : ":\(port)") + "/"
        }
        guard host == "0.0.0.0" || host == "::" else { return [url(host)] }
        let reachable = machine.filter { MediaAddresses.rank($0).map { $0 < 2 } ?? false }.compactMap(\.ipAddress)
            .filter { host == "::" || !$0.contains(":") }
        return reachable.map(url) + [url("127.0.0.1")]
    }
}
