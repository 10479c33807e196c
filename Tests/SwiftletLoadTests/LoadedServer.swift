// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SwiftletServer
import Synchronization

/// A whole server with a real worker and metrics, on ports of its own.
final class LoadedServer: Sendable {
    let url: String
    let metrics: String?
    private let task: Task<Void, any Error>
    /// Below the ports that the system gives away, and away from those of other tests.
    private static let ports = Mutex(Int.random(in: 4_000...5_000) * 2)

    init(metricsPort: Int? = 0, _ change: (inout ServerSettings) -> Void = { _ in }) async throws {
        var settings = ServerSettings()
        (settings.port, settings.workers, settings.mediaAddresses) = (0, 1, ["127.0.0.1"])
        settings.metricsPort = metricsPort
        settings.mediaPort = Self.ports.withLock { port in
            port += 2
            return port
        }
        change(&settings)
        let (running, continuation) = AsyncStream<SignalingServer.Running>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try SignalingServer(settings: settings, logger: logger, signals: []) { state in
            continuation.yield(state)
        }
        task = Task {
            defer { continuation.finish() }
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(services: [.init(service: server)], logger: logger)
            )
            .run()
        }
        var iterator = running.makeAsyncIterator()
        guard let state = await iterator.next() else {
            try await task.value
            throw CancellationError()
        }
        (url, metrics) = ("ws://127.0.0.1:\(state.port)", state.metricsURL)
    }

    func stop() async {
        task.cancel()
        _ = await task.result
    }
}
