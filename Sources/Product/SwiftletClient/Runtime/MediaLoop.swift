// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import SwiftletEventLoop
import SwiftletICE
import SwiftletStreams
import SwiftletWire

/// One thread of media: an event loop, and the sessions of the clients that were given to it.
///
/// Everything but ``MediaMailbox`` happens on its thread.
final class MediaLoop {
    /// One session, its sockets, and when it is due.
    private final class Hosted {
        let session: MediaSession
        let tell: @Sendable (MediaSession.Output) -> Void
        var sockets: [SocketID] = []
        var scheduled: Instant?

        init(_ session: MediaSession, _ tell: @escaping @Sendable (MediaSession.Output) -> Void) {
            (self.session, self.tell) = (session, tell)
        }
    }

    private struct SocketOwner {
        var socket: SocketID
        var session: Int
        var side: TransportSide
    }

    /// Bytes of kernel buffer asked for by each socket, each way: a client has two, and there are thousands.
    private static let socketBuffer = 256 << 10

    private let loop: EventLoop
    private let mailbox: MediaMailbox
    private let context: DTLSContext
    private let wall: WallClockAnchor
    private let outbox = DatagramQueue()
    private var nextDatagram = 0
    private var transmit = TransmitBatch(capacity: 1 << 17)
    private let pool = PacketPool(capacity: PacketPool.chunkSize)
    private var sessions: [Int: Hosted] = [:]
    /// Who has a socket, by the low half of its id.
    private var owners: [SocketOwner?] = []
    private var deadlines = DeadlineHeap()
    /// How late what was due came to be done.
    private(set) var lag = DelayHistogram()

    init(mailbox: MediaMailbox, certificate: Certificate) throws {
        self.mailbox = mailbox
        loop = try EventLoop()
        context = try DTLSContext(certificate: certificate)
        wall = loop.wallClock
        loop.watchControl(mailbox.readEnd)
    }

    /// Works until the mailbox is closed.
    func run() {
        var batch = ReceiveBatch(capacity: EventLoop.receiveCapacity)
        while true {
            guard mailbox.takeAll(on: self) else { return }
            flush()
            let readiness = loop.wait(until: deadlines.next)
            if readiness.controlReadable { mailbox.clear() }
            while loop.receive(into: &batch) {
                receive(&batch)
                flush()
            }
            let now = loop.now
            while let entry = deadlines.pop(now: now) {
                guard let hosted = sessions[entry.session], hosted.scheduled == entry.due else { continue }
                lag.record(nanoseconds: (now - entry.due).wholeNanoseconds)
                hosted.scheduled = nil
                hosted.session.handleTimeout(now: now)
                settle(entry.session, hosted)
            }
        }
    }

    private func receive(_ batch: inout ReceiveBatch) {
        for index in batch.entries.indices {
            let entry = batch.entries[index]
            let slot = Int(entry.socket.rawValue & 0xFFFF)
            guard slot < owners.count, let owner = owners[slot], owner.socket == entry.socket,
                let hosted = sessions[owner.session]
            else { continue }
            var bytes = batch.mutableBytes
            hosted.session.receive(
                owner.side,
                &bytes,
                entry.range,
                from: Tuple(socket: entry.socket, remote: entry.source),
                now: entry.arrival
            )
            settle(owner.session, hosted)
        }
    }

    /// Tells what happened, and notes when the session is due.
    private func settle(_ id: Int, _ hosted: Hosted) {
        while let output = hosted.session.poll() { hosted.tell(output) }
        guard let due = hosted.session.nextDeadline, hosted.scheduled.map({ due < $0 }) ?? true else { return }
        hosted.scheduled = due
        deadlines.push(due, id)
    }

    /// Sends what waits, as far as the sockets take it.
    private func flush() {
        while !outbox.isEmpty, !loop.isBlocked {
            if transmit.isEmpty { nextDatagram = outbox.move(from: nextDatagram, into: &transmit) }
            _ = loop.send(&transmit)
            guard transmit.isEmpty else { return }
            guard nextDatagram == outbox.entries.count else { continue }
            outbox.removeAll()
            nextDatagram = 0
        }
        if !transmit.isEmpty, !loop.isBlocked { _ = loop.send(&transmit) }
    }

    // MARK: From clients

    /// Makes a session.
    func add(_ id: Int, seed: UInt64?, tell: @escaping @Sendable (MediaSession.Output) -> Void) {
        let session = MediaSession(
            outbox: outbox,
            pool: pool,
            wall: wall,
            seed: seed ?? UInt64.random(in: 0...UInt64.max),
            secrets: SystemRandomNumberGenerator()
        )
        sessions[id] = Hosted(session, tell)
    }

    /// Opens sockets for a side of a session, one for each family of address that the server has, and connects.
    ///
    /// - Returns: What is wrong, or `nil`.
    func open(_ side: TransportSide, of id: Int, _ plan: TransportPlan) -> SwiftletClientError? {
        guard let hosted = sessions[id] else { return SwiftletClientError(.closed, "the client has left") }
        var locals: [ICEControllingAgent.LocalCandidate] = []
        for isIPv6 in [false, true] where plan.candidates.contains(where: { $0.address.isIPv6 == isIPv6 }) {
            let any = isIPv6 ? SocketAddress(ipv6: 0, 0, port: 0) : SocketAddress(ipv4: 0, port: 0)
            var options = SocketOptions(address: any)
            (options.sendBufferSize, options.receiveBufferSize) = (Self.socketBuffer, Self.socketBuffer)
            options.ipv6Only = true
            do throws(SocketError) {
                let bound = try loop.bindUDP(options)
                hosted.sockets.append(bound.id)
                own(bound.id, id, side)
                locals.append(.init(socket: bound.id, address: bound.local))
            } catch {
                continue
            }
        }
        guard !locals.isEmpty else {
            return SwiftletClientError(
                .resources,
                "no socket for any of the server's \(plan.candidates.count) addresses"
            )
        }
        hosted.session.open(side, plan, locals: locals, context: context, now: loop.now)
        settle(id, hosted)
        return nil
    }

    private func own(_ socket: SocketID, _ session: Int, _ side: TransportSide) {
        let slot = Int(socket.rawValue & 0xFFFF)
        while owners.count <= slot { owners.append(nil) }
        owners[slot] = SocketOwner(socket: socket, session: session, side: side)
    }

    /// Lets `body` work with a session; `nil` when there is none.
    func with<Result>(_ id: Int, _ body: (MediaSession, Instant) -> Result) -> Result? {
        guard let hosted = sessions[id] else { return nil }
        let result = body(hosted.session, loop.now)
        settle(id, hosted)
        return result
    }

    /// Says good-bye and forgets a session.
    func remove(_ id: Int) {
        guard let hosted = sessions.removeValue(forKey: id) else { return }
        hosted.session.close(now: loop.now)
        flush()
        for socket in hosted.sockets {
            owners[Int(socket.rawValue & 0xFFFF)] = nil
            loop.close(socket)
        }
    }
}
