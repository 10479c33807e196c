// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import Swiftlet
import SwiftletSignaling
import Synchronization

/// One worker per core, each listening on a media port of its own; those that die are started anew.
actor WorkerPool {
    /// A room's hold on a worker, given up by ``WorkerPool/release(_:)``.
    struct Lease: Sendable, Hashable {
        fileprivate let id: Int
        fileprivate let slot: Int
        fileprivate let generation: Int
    }

    /// A router that a room leased, and what it takes to make transports on it.
    struct Hosting: Sendable {
        let lease: Lease
        let router: Router
        let server: WebRtcServer
        /// The worker's process, for logs.
        let pid: Int32
    }

    private struct Slot {
        var generation = 0
        var running: (worker: Worker, server: WebRtcServer)?
        /// Peers by lease; a room counts as one more.
        var loads: [Int: Int] = [:]

        var load: Int { loads.values.reduce(loads.count, +) }
    }

    /// How long a room waits for a worker when none is alive.
    private static let patience = Duration.seconds(5)
    /// Between two attempts to start a worker anew, growing.
    private static let backOff = [100, 200, 500, 1_000, 2_000, 5_000]

    private let settings: WorkerSettings
    private let mediaPort: UInt16
    private let addresses: MediaAddresses
    private let logger: Logger
    private var slots: [Slot]
    private var nextLease = 0
    private var isClosing = false
    private let alive = Mutex(0)

    init(settings: WorkerSettings, count: Int, mediaPort: UInt16, addresses: MediaAddresses, logger: Logger) {
        (self.settings, self.mediaPort, self.addresses, self.logger) = (settings, mediaPort, addresses, logger)
        slots = Array(repeating: Slot(), count: count)
    }

    /// Workers that are running now.
    nonisolated var aliveCount: Int { alive.withLock { $0 } }

    /// The processes of the workers that are running now.
    var processes: [(slot: Int, pid: Int32)] {
        slots.indices.compactMap { index in slots[index].running.map { (index, $0.worker.pid) } }
    }

    /// What the workers that are running count, by name; without those that do not answer within a second.
    func counters() async -> [(slot: Int, pid: Int32, counts: [String: UInt64])] {
        let workers = slots.indices.compactMap { index in slots[index].running.map { (index, $0.worker) } }
        let (answers, continuation) = AsyncStream.makeStream(
            of: (slot: Int, pid: Int32, counts: [String: UInt64])?.self
        )
        // Not structured: who waits for a worker that hangs could not be ended.
        for (slot, worker) in workers {
            Task {
                let dump = try? await worker.dump()
                continuation.yield(dump.map { (slot, worker.pid, $0.counters) })
            }
        }
        let patience = Task {
            try await Task.sleep(for: .seconds(1))
            continuation.finish()
        }
        defer { patience.cancel() }
        var found: [(slot: Int, pid: Int32, counts: [String: UInt64])] = []
        var left = workers.count
        var iterator = answers.makeAsyncIterator()
        while left > 0, let answer = await iterator.next() {
            left -= 1
            if let answer { found.append(answer) }
        }
        return found.sorted { $0.slot < $1.slot }
    }

    /// Starts every worker.
    ///
    /// - Throws: ``SettingsError`` when one cannot be started or cannot listen; then none is left running.
    func start() async throws(SettingsError) {
        for index in slots.indices {
            do {
                try await startWorker(index)
            } catch {
                await close()
                throw explained(error, index)
            }
        }
    }

    /// Makes a router on the least loaded worker that is alive.
    ///
    /// - Throws: What the worker says, or ``SignalingError`` 503 when none comes up in time.
    func host(mediaCodecs: [RtpCodecCapability]) async throws -> Hosting {
        let end = ContinuousClock.now + Self.patience
        while true {
            let candidates = slots.indices.filter { slots[$0].running?.worker.closed == false }
            guard let index = candidates.min(by: { slots[$0].load < slots[$1].load }),
                let running = slots[index].running
            else {
                guard !isClosing, ContinuousClock.now < end else {
                    throw SignalingError(503, "no media worker is running; try again soon")
                }
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            nextLease += 1
            let lease = Lease(id: nextLease, slot: index, generation: slots[index].generation)
            slots[index].loads[lease.id] = 0
            do {
                let router = try await running.worker.createRouter(mediaCodecs: mediaCodecs)
                return Hosting(lease: lease, router: router, server: running.server, pid: running.worker.pid)
            } catch {
                release(lease)
                // A worker that died just now: another one may do.
                guard running.worker.closed, ContinuousClock.now < end else { throw error }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Says how many peers a room has now.
    func update(_ lease: Lease, peers: Int) {
        guard slots[lease.slot].generation == lease.generation else { return }
        slots[lease.slot].loads[lease.id] = peers
    }

    /// Gives a room's hold up.
    func release(_ lease: Lease) {
        guard slots[lease.slot].generation == lease.generation else { return }
        slots[lease.slot].loads[lease.id] = nil
    }

    /// Ends every worker.
    func close() async {
        isClosing = true
        let workers = slots.compactMap(\.running?.worker)
        for index in slots.indices { slots[index].running = nil }
        alive.withLock { $0 = 0 }
        await withTaskGroup { group in
            for worker in workers { group.addTask { await worker.close() } }
        }
    }

    private func startWorker(_ index: Int) async throws(SwiftletError) {
        let worker = try await Worker.start(settings)
        let server: WebRtcServer
        do {
            let infos = addresses.listenInfos(port: mediaPort + UInt16(index))
            server = try await worker.createWebRtcServer(listenInfos: infos)
        } catch {
            await worker.close()
            throw error
        }
        guard !isClosing else { return await worker.close() }
        slots[index].generation += 1
        slots[index].loads = [:]
        slots[index].running = (worker, server)
        alive.withLock { $0 += 1 }
        logger.info("worker started", metadata: ["worker": "\(worker.pid)", "mediaPort": "\(Int(mediaPort) + index)"])
        let events = worker.events()
        // Ends with the worker, which the pool ends.
        Task { [weak self] in
            for await event in events {
                if case .died(let error) = event { await self?.replace(index, after: error) }
            }
        }
    }

    private func replace(_ index: Int, after error: SwiftletError) async {
        guard !isClosing, slots[index].running != nil else { return }
        slots[index].running = nil
        alive.withLock { $0 -= 1 }
        logger.error("worker died, starting another", metadata: ["slot": "\(index)", "reason": "\(error.message)"])
        var attempt = 0
        while !isClosing {
            do {
                return try await startWorker(index)
            } catch {
                let pause = Self.backOff[min(attempt, Self.backOff.count - 1)]
                logger.error(
                    "worker not started",
                    metadata: ["slot": "\(index)", "reason": "\(error)", "retryMs": "\(pause)"]
                )
                attempt += 1
                try? await Task.sleep(for: .milliseconds(pause))
            }
        }
    }

    private func explained(_ error: SwiftletError, _ index: Int) -> SettingsError {
        guard error.code == .socket else { return SettingsError(error.message) }
        return SettingsError(
            "media cannot listen on port \(Int(mediaPort) + index): \(error.message). Another program, or another "
                + "Swiftlet, may be using it: choose another with --media-port."
        )
    }
}
