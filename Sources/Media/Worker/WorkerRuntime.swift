// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl
package import SwiftletEngine
package import SwiftletEventLoop
import SwiftletORTC
import SwiftletWire
import SwiftletWorkerProtocol

/// One worker: drives an engine on an event loop, and answers its host over a channel.
///
/// Everything happens on the thread that calls ``run()``, which returns when the host closes the channel, breaks the
/// protocol or stops reading.
package final class WorkerRuntime {
    /// Why a worker ended.
    package enum Ending: Equatable, Sendable {
        /// The host closed its end, or died.
        case hostGone
        /// The host sent what is no message of the protocol.
        case protocolViolation
        /// The host left more than 4 MiB unread, messages and packets for it aside.
        case hostStalled
    }

    /// Passes of receiving and sending in one turn, before the channel gets a look; a turn without end would let
    /// media lock out its own control.
    private static let passesPerTurn = 32
    /// Requests answered in one turn, before media gets a look: the host may send thousands of messages at once.
    private static let requestsPerTurn = 64
    /// How long requests may keep media waiting; the one that goes beyond is the last.
    private static let requestTime = Duration.milliseconds(1)
    /// How often the wall clock is compared with the monotonic one.
    private static let wallClockInterval = Duration.seconds(10)

    /// The numbers of the engine that `start` makes, but for what it says itself; benchmarks change them.
    package var limits = EngineLimits()
    /// Whether the process is the worker's alone, whose heap and code it may give back to the system.
    package var ownsProcess = false
    let loop: EventLoop
    private let channel: ChannelPort
    private(set) var engine: Engine?
    private var received = ReceiveBatch(capacity: EventLoop.receiveCapacity)
    private var transmitted = TransmitBatch()
    private var logFilter = LogFilter()
    private var nextWallClockCheck: Instant
    private var anchor: WallClockAnchor
    private var mayHaveMore = false
    /// Whether what was read from the channel holds requests that were left for the next turn.
    private var hasRequests = false
    private var longestTurn = Duration.zero
    private var memory = MemoryKeeper()
    private var ending: Ending?

    /// - Parameter descriptor: One end of a stream socket to the host; closed when the worker ends.
    /// - Throws: ``SocketError`` when the system has no descriptor left.
    package init(channel descriptor: Int32) throws(SocketError) {
        loop = try EventLoop()
        channel = ChannelPort(descriptor: descriptor)
        loop.watchControl(descriptor)
        anchor = loop.wallClock
        nextWallClockCheck = loop.now + Self.wallClockInterval
    }

    /// Works until the channel ends.
    package func run() -> Ending {
        while ending == nil {
            // What arrives while packets gather is read with one call, and saves a wake-up each.
            if !mayHaveMore, !hasRequests, let until = engine?.gatheringDeadline { loop.rest(until: until) }
            let readiness = loop.wait(until: mayHaveMore || hasRequests ? loop.now : deadline)
            if hasRequests || readiness.controlReadable { readChannel() }
            turn()
            let start = loop.now
            drainEngine()
            flushChannel()
            longestTurn = max(longestTurn, loop.now - start)
        }
        channel.close()
        return ending ?? .hostGone
    }

    private var deadline: Instant? {
        guard let engine else { return nil }
        return earliest(engine.nextDeadline, nextWallClockCheck)
    }

    // MARK: Media

    private func turn() {
        guard let engine else { return }
        mayHaveMore = false
        for _ in 0..<Self.passesPerTurn {
            let start = loop.now
            let hasReceived = loop.receive(into: &received)
            if hasReceived { engine.receive(&received, now: start) }
            if let due = engine.nextDeadline, due <= start { engine.advance(to: start) }
            mayHaveMore = send(engine, now: start)
            longestTurn = max(longestTurn, loop.now - start)
            if !hasReceived, !mayHaveMore { break }
            mayHaveMore = true
        }
        if nextWallClockCheck <= loop.now { checkWallClock(engine) }
    }

    /// Sends one batch; returns whether the engine has another.
    private func send(_ engine: Engine, now: Instant) -> Bool {
        var hasMore = false
        if transmitted.isEmpty { hasMore = engine.transmit(into: &transmitted, now: now) }
        guard !transmitted.isEmpty else { return hasMore }
        if let refused = loop.send(&transmitted) { engine.sendFailed(refused, segmentationRefused: true) }
        return hasMore && !loop.isBlocked
    }

    private func checkWallClock(_ engine: Engine) {
        let now = loop.now
        let fresh = loop.wallClock
        let step = fresh.unixNanoseconds(at: now) - anchor.unixNanoseconds(at: now)
        if step.magnitude > 50_000_000 {
            anchor = fresh
            engine.setWallClock(fresh)
        }
        nextWallClockCheck = now + Self.wallClockInterval
        giveBackMemory(engine, now: now)
    }

    /// Gives memory back to the system when it is time for it; looks again soon where it is only too busy.
    private func giveBackMemory(_ engine: Engine, now: Instant) {
        let (transports, packets) = (engine.transportCount, loop.counters.packetsReceived)
        guard memory.isDue(transports: transports, packets: packets, now: now) else {
            if memory.isWorthwhile(transports: transports) { nextWallClockCheck = now + MemoryKeeper.delay }
            return
        }
        received.giveBackMemory()
        transmitted.giveBackMemory()
        engine.giveBackMemory()
        if ownsProcess { loop.giveBackMemory() }
    }

    private func drainEngine() {
        guard let engine else { return }
        while let output = engine.poll() {
            switch output {
            case .notify(let notification): notify(notification)
            case .closeSocket(let id), .closeConnection(let id): loop.close(id)
            }
        }
    }

    // MARK: Channel

    private func readChannel() {
        let start = loop.now
        let isOpen = hasRequests || channel.read()
        var answered = 0
        var isTimeUp = false
        do {
            while !isTimeUp, let message = try channel.nextMessage() {
                answered += 1
                let (id, request) = try WorkerProtocol.decodeRequest(message)
                let hadEngine = engine != nil
                channel.outbox.append(request.flatMap(handle), to: id)
                if !hadEngine, engine != nil { notify(.workerRunning(pid: HostSystem.processID)) }
                let elapsed = loop.now - start
                // What the start takes, making a certificate above all, holds up nobody.
                if hadEngine { longestTurn = max(longestTurn, elapsed) }
                isTimeUp = answered == Self.requestsPerTurn || elapsed > Self.requestTime
            }
        } catch {
            ending = .protocolViolation
        }
        hasRequests = isTimeUp
        if !isOpen { ending = .hostGone }
    }

    private func flushChannel() {
        guard ending == nil else { return }
        guard channel.flush() else {
            ending = .hostGone
            return
        }
        if channel.outbox.isOverfull { ending = .hostStalled }
        loop.setControlInterest(readable: true, writable: !channel.isEmpty)
    }

    private func notify(_ notification: ControlNotification) {
        if case .log(let level, let tag, _) = notification, !logFilter.passes(level, tag) { return }
        channel.outbox.append(notification)
    }

    // MARK: Requests

    /// Does what the host asks; its requests come by the channel, those of benchmarks directly.
    package func handle(_ request: ControlRequest) -> Result<ControlReply, ControlError> {
        switch request {
        case .start(let settings):
            return start(settings)
        case .updateSettings(let settings):
            logFilter.apply(settings)
            return .success(.done)
        case .getResourceUsage:
            return .success(.resourceUsage(HostSystem.resourceUsage()))
        case .dumpWorker:
            return engineHandle(request, sockets: []).map { reply in
                guard case .workerDump(var dump) = reply else { return reply }
                dump.pid = HostSystem.processID
                dump.counters.merge(loopCounters) { $1 }
                return .workerDump(dump)
            }
        case .createWebRtcServer(let server):
            return handle(request, binding: server.listenInfos)
        case .createWebRtcTransport(let transport):
            guard case .infos(let infos) = transport.listen else { return engineHandle(request, sockets: []) }
            return handle(request, binding: infos)
        default:
            return engineHandle(request, sockets: [])
        }
    }

    private func engineHandle(_ request: ControlRequest, sockets: [BoundSocket]) -> Result<ControlReply, ControlError> {
        guard let engine else {
            return .failure(ControlError(.invalidState, "the first request of a channel is start"))
        }
        let now = loop.now
        let result = engine.handle(request, sockets: sockets, now: now)
        if memory.isWorthwhile(transports: engine.transportCount) {
            nextWallClockCheck = min(nextWallClockCheck, now + MemoryKeeper.delay)
        }
        mayHaveMore = true
        drainEngine()
        return result
    }

    private func start(_ settings: ControlRequest.Start) -> Result<ControlReply, ControlError> {
        guard engine == nil else { return .failure(ControlError(.invalidState, "the worker has been started")) }
        do throws(ControlError) {
            var limits = limits
            guard (.zero...EngineLimits.longestFlushWindow).contains(settings.flushWindow) else {
                let text = "flushWindow is \(settings.flushWindow), not within 0 to \(EngineLimits.longestFlushWindow)"
                throw ControlError(.invalidArgument, text)
            }
            limits.flushWindow = settings.flushWindow
            let certificate = try WorkerCertificate.make(settings)
            engine = try Engine(certificate: certificate, limits: limits, wall: anchor)
            logFilter = LogFilter(settings)
            nextWallClockCheck = loop.now + MemoryKeeper.delay
            return .success(.done)
        } catch {
            return .failure(error)
        }
    }

    /// Binds what a request listens on, then hands it to the engine; closes the sockets again if it refuses.
    private func handle(
        _ request: ControlRequest,
        binding infos: [TransportListenInfo]
    ) -> Result<ControlReply, ControlError> {
        guard (1...TransportListenInfo.maximumCount).contains(infos.count) else {
            let limit = TransportListenInfo.maximumCount
            return .failure(
                ControlError(.invalidArgument, "listenInfos: \(infos.count) entries, 1 to \(limit) are allowed")
            )
        }
        var sockets: [BoundSocket] = []
        for (index, info) in infos.enumerated() {
            switch Self.bind(info, index: index, on: loop) {
            case .success(let socket):
                sockets.append(socket)
                logBound(socket)
            case .failure(let error):
                for socket in sockets { loop.close(socket.id) }
                return .failure(error)
            }
        }
        let result = engineHandle(request, sockets: sockets)
        if case .failure = result { for socket in sockets { loop.close(socket.id) } }
        return result
    }

    private static func bind(
        _ info: TransportListenInfo,
        index: Int,
        on loop: EventLoop
    ) -> Result<BoundSocket, ControlError> {
        guard let address = SocketAddress(info.ip, port: info.port) else {
            return .failure(
                ControlError(.invalidArgument, "listenInfos[\(index)].ip: \"\(info.ip)\" is no IPv4 or IPv6 address")
            )
        }
        let wanted = info.portRange
        let range = wanted.max == 0 ? (10_000, 59_999) : (min(wanted.min, wanted.max), wanted.max)
        var options = SocketOptions(address: address)
        options.portRange = range.0...range.1
        options.ipv6Only = info.flags.ipv6Only
        options.reusePort = info.flags.udpReusePort
        if let size = info.sendBufferSize { options.sendBufferSize = size }
        if let size = info.recvBufferSize { options.receiveBufferSize = size }
        do {
            return .success(try info.protocol == .udp ? loop.bindUDP(options) : loop.listenTCP(options))
        } catch {
            let why = HostSystem.message(of: error.errno)
            let port = info.port == 0 ? "a port of \(range.0)-\(range.1)" : "port \(info.port)"
            return .failure(
                ControlError(.socket, "listenInfos[\(index)]: cannot bind \(info.protocol) \(info.ip), \(port): \(why)")
            )
        }
    }

    private func logBound(_ socket: BoundSocket) {
        guard socket.kind == .udp, let sizes = loop.bufferSizes(of: socket.id) else { return }
        notify(
            .log(
                level: .debug,
                tag: .info,
                text: "listening on udp \(socket.local), kernel buffers \(sizes.send) B out, \(sizes.receive) B in"
            )
        )
    }

    private var loopCounters: [String: UInt64] {
        let counters = loop.counters
        return [
            "loop.receiveCalls": counters.receiveCalls, "loop.packetsReceived": counters.packetsReceived,
            "loop.bytesReceived": counters.bytesReceived, "loop.kernelDrops": counters.kernelDrops,
            "loop.sendCalls": counters.sendCalls, "loop.messagesSent": counters.messagesSent,
            "loop.packetsSent": counters.packetsSent, "loop.bytesSent": counters.bytesSent,
            "loop.sendErrors": counters.sendErrors, "loop.refusedRuns": counters.refusedRuns,
            "loop.blockedSends": counters.blockedSends, "loop.streamDrops": counters.streamDrops,
            "loop.longestTurnMicroseconds": UInt64(max(0, longestTurn.wholeNanoseconds / 1000)),
            "channel.dropped": channel.outbox.dropped,
            "engine.flushWindowMicroseconds": UInt64((engine?.limits.flushWindow ?? .zero).wholeNanoseconds / 1000),
        ]
    }
}
