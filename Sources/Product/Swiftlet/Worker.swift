// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// A process of its own that carries media on one core: routers, and everything in them, live in a worker.
///
/// It lives until ``close()``, or until its process ends by itself; a crash costs what is in this worker and nothing
/// else. Workers are not restarted: whoever started one hears ``Event/died(_:)`` and builds anew.
public final class Worker: Sendable {
    /// Something that befell a worker.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The process ended without being asked to, and everything in the worker is closed; the last event.
        case died(SwiftletError)
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Sendable {
        /// A router was created.
        case newRouter(Router)
        /// A server was created.
        case newWebRtcServer(WebRtcServer)
        /// The worker was closed or died; the last event.
        case close
    }

    private struct State {
        var routers: [String: Router] = [:]
        var servers: [String: WebRtcServer] = [:]
        var died = false
        var exitStatus: String?
        var exitWaiters: [CheckedContinuation<Void, Never>] = []
        var droppedNotifications: UInt64 = 0
    }

    private static let started = EventHub<Worker>()

    /// Every worker of this process, as it is started; for monitoring tools.
    public static var newWorkers: EventSource<Worker> { started.source }

    /// The worker's process.
    public var pid: Int32 { link.channel.pid }
    let link: WorkerLink
    private let core: ObjectCore<Event, ObserverEvent>
    private let logger: Logger?
    private let state = Mutex(State())

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the worker was closed or died.
    public var closed: Bool { core.isClosed }

    /// Whether the worker ended without being asked to.
    public var died: Bool { state.withLock { $0.died } }

    /// Scores, traces, levels, speakers and log lines that the worker dropped because this process read too slowly.
    public var droppedNotifications: UInt64 { state.withLock { $0.droppedNotifications } }

    /// What happens in the worker, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The worker's events from now on, in a sequence of the caller's own that ends with the worker.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    private init(link: WorkerLink, settings: WorkerSettings) {
        self.link = link
        core = ObjectCore(appData: settings.appData)
        logger = settings.logger
    }

    /// Starts a worker in a process of its own.
    ///
    /// - Parameter settings: How to start it.
    /// - Returns: A worker that takes requests.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/workerStart`` when there is no program to run or it does not
    ///   answer within 10 s, or with ``SwiftletError/Code/invalidArgument`` when it refuses its settings.
    public static func start(_ settings: WorkerSettings = WorkerSettings()) async throws(SwiftletError) -> Worker {
        let path = try WorkerBinary.system.find(setting: settings.workerBinary)
        return try await start(settings) { handler throws(SwiftletError) in
            try await WorkerProcess.connect(path, handler: handler)
        }
    }

    /// Starts a worker behind whatever channel `open` makes.
    ///
    /// - Parameters:
    ///   - settings: How to start it.
    ///   - timeout: How long the worker may take to answer.
    ///   - open: Makes a channel that reports to the handler it is given.
    /// - Returns: A worker that takes requests.
    /// - Throws: What `open` throws, and as ``start(_:)``.
    package static func start(
        _ settings: WorkerSettings,
        timeout: Duration = .seconds(10),
        open: (@escaping @Sendable (WorkerChannelEvent) -> Void) async throws(SwiftletError) -> any WorkerChannel
    ) async throws(SwiftletError) -> Worker {
        try settings.check()
        let inbox = WorkerInbox()
        let channel = try await open { event in inbox.handle(event) }
        let link = WorkerLink(channel: channel, inbox: inbox)
        let worker = Worker(link: link, settings: settings)
        inbox.attach(worker)
        // Not structured: it is not awaited, since a prompt answer cancels it.
        let watchdog = Task {
            try await Task.sleep(for: timeout)
            channel.close()
        }
        defer { watchdog.cancel() }
        let start = ControlRequest.Start(
            logLevel: settings.logLevel,
            logTags: settings.logTags,
            dtlsCertificateFile: settings.dtlsCertificateFile,
            dtlsPrivateKeyFile: settings.dtlsPrivateKeyFile,
            flushWindow: settings.flushWindow
        )
        do {
            try await link.request(.start(start))
        } catch {
            _ = worker.core.close()
            channel.close()
            guard error.code == .workerLost else { throw error }
            throw SwiftletError(
                .workerStart,
                "worker \(channel.pid) ended, or did not answer within \(timeout): \(error.message)"
            )
        }
        started.emit(worker)
        return worker
    }

    /// Makes a router: a place where producers meet consumers.
    ///
    /// - Parameters:
    ///   - mediaCodecs: The codecs to route, preferred ones first; RTX is added by itself.
    ///   - appData: The application's own data.
    /// - Returns: An empty router.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/unsupported`` or ``SwiftletError/Code/invalidArgument`` for a
    ///   codec, or with ``SwiftletError/Code/closed``.
    public func createRouter(
        mediaCodecs: [RtpCodecCapability] = [],
        appData: JSONValue = [:]
    ) async throws(SwiftletError) -> Router {
        try requireOpen()
        let capabilities: RtpCapabilities
        do { capabilities = try ORTC.routerRtpCapabilities(mediaCodecs: mediaCodecs) } catch {
            throw SwiftletError(error)
        }
        let router = Router(worker: self, rtpCapabilities: capabilities, appData: appData)
        try await link.request(.createRouter(id: router.id))
        state.withLock { $0.routers[router.id] = router }
        if closed {
            removeRouter(router.id)
            router.workerClosed()
            throw closedError
        }
        core.observers.emit(.newRouter(router))
        return router
    }

    /// Listens on ports that many transports share.
    ///
    /// - Parameters:
    ///   - listenInfos: One socket each, the preferred first; 1 to 32.
    ///   - appData: The application's own data.
    /// - Returns: A server that listens.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for bad listen infos, with
    ///   ``SwiftletError/Code/socket`` when one cannot be bound, or with ``SwiftletError/Code/closed``.
    public func createWebRtcServer(
        listenInfos: [TransportListenInfo],
        appData: JSONValue = [:]
    ) async throws(SwiftletError) -> WebRtcServer {
        try requireOpen()
        try listenInfos.check()
        let id = Identifier.make()
        let addresses = try await link.request(.createWebRtcServer(.init(id: id, listenInfos: listenInfos))) { reply in
            if case .webRtcServer(let addresses) = reply { addresses } else { nil }
        }
        let server = WebRtcServer(id: id, worker: self, addresses: addresses, appData: appData)
        state.withLock { $0.servers[id] = server }
        if closed {
            removeServer(id)
            server.workerClosed()
            throw closedError
        }
        core.observers.emit(.newWebRtcServer(server))
        return server
    }

    /// What the worker's process has used so far.
    public func getResourceUsage() async throws(SwiftletError) -> WorkerResourceUsage {
        try requireOpen()
        return try await link.request(.getResourceUsage) {
            if case .resourceUsage(let usage) = $0 { usage } else { nil }
        }
    }

    /// Changes what the worker logs from now on; what is `nil` stays.
    public func updateSettings(
        logLevel: WorkerLogLevel? = nil,
        logTags: [WorkerLogTag]? = nil
    ) async throws(SwiftletError) {
        try requireOpen()
        try await link.request(.updateSettings(.init(logLevel: logLevel, logTags: logTags)))
    }

    /// The inside of the worker, for people who debug.
    public func dump() async throws(SwiftletError) -> WorkerDump {
        try requireOpen()
        return try await link.request(.dumpWorker) { if case .workerDump(let dump) = $0 { dump } else { nil } }
    }

    /// Closes everything in the worker, ends its process and waits until that is gone, about 2 s at most.
    public func close() async {
        if core.close() {
            cascade()
            core.events.finish()
            link.channel.close()
        }
        await withCheckedContinuation { continuation in
            let isGone = state.withLock { state in
                if state.exitStatus == nil { state.exitWaiters.append(continuation) }
                return state.exitStatus != nil
            }
            if isGone { continuation.resume() }
        }
    }

    // MARK: - Told by the channel

    func handle(_ notification: ControlNotification) {
        switch notification {
        case .log(let level, let tag, let text):
            logger?.log(
                level: Logger.Level(level),
                "\(text)",
                metadata: ["worker": "\(pid)"].merging(tag.map { ["tag": "\($0.rawValue)"] } ?? [:]) { $1 }
            )
        case .notificationsDropped(let count):
            state.withLock { $0.droppedNotifications += count }
            logger?.warning("worker dropped notifications", metadata: ["worker": "\(pid)", "count": "\(count)"])
        default:
            // Running is known from the answer to the start; the others are of objects in the worker.
            return
        }
    }

    func channelEnded(reason: String) {
        guard core.close() else { return }
        state.withLock { $0.died = true }
        logger?.error("worker died", metadata: ["worker": "\(pid)", "reason": "\(reason)"])
        cascade()
    }

    func exited(status: String) {
        let (waiters, died) = state.withLock { state in
            state.exitStatus = status
            defer { state.exitWaiters = [] }
            return (state.exitWaiters, state.died)
        }
        core.events.finish(with: died ? .died(SwiftletError(.workerLost, "worker \(pid) ended: \(status)")) : nil)
        for waiter in waiters { waiter.resume() }
    }

    // MARK: - Told by what is in the worker

    func removeRouter(_ id: String) { state.withLock { _ = $0.routers.removeValue(forKey: id) } }

    func removeServer(_ id: String) { state.withLock { _ = $0.servers.removeValue(forKey: id) } }

    private func cascade() {
        let (routers, servers) = state.withLock { state in
            defer { (state.routers, state.servers) = ([:], [:]) }
            return (Array(state.routers.values), Array(state.servers.values))
        }
        for router in routers { router.workerClosed() }
        for server in servers { server.workerClosed() }
        core.observers.finish(with: .close)
    }

    private func requireOpen() throws(SwiftletError) {
        if closed { throw closedError }
    }

    private var closedError: SwiftletError { SwiftletError(.closed, "worker \(pid) is closed") }
}

extension Logger.Level {
    /// The level of a worker's message.
    fileprivate init(_ level: WorkerLogLevel) {
        self =
            switch level {
            case .none: .trace
            case .debug: .debug
            case .warn: .warning
            case .error: .error
            }
    }
}

extension [TransportListenInfo] {
    /// Refuses what cannot be listened on, before a worker is asked.
    func check() throws(SwiftletError) {
        guard !isEmpty else { throw SwiftletError(.invalidArgument, "listenInfos is empty") }
        guard count <= TransportListenInfo.maximumCount else {
            throw SwiftletError(
                .invalidArgument,
                "listenInfos has more than \(TransportListenInfo.maximumCount) entries"
            )
        }
        for info in self {
            if ["0.0.0.0", "::"].contains(info.ip), info.announcedAddress == nil {
                throw SwiftletError(.invalidArgument, "listenInfos: \(info.ip) needs an announcedAddress")
            }
            if info.portRange.min > info.portRange.max {
                throw SwiftletError(.invalidArgument, "listenInfos: portRange.min is above portRange.max")
            }
        }
    }
}
