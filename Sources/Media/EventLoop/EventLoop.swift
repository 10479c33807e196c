// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CNetwork
package import SwiftletWire

/// The only sockets and clock of the media path, driven by one thread.
///
/// It knows no protocol. The worker calls ``wait(until:)``, hands what ``receive(into:)`` read to the engine, and
/// what the engine sealed to ``send(_:)``.
@safe
package final class EventLoop {
    /// What ``wait(until:)`` found besides media.
    package struct Readiness: Sendable {
        /// The watched control descriptor has bytes, or its other end is gone.
        package var controlReadable = false
        package var controlWritable = false
    }

    static let again: Int32 = 11
    static let interrupted: Int32 = 4
    private static let controlToken = UInt64.max

    /// Accepted connections that one turn takes from a listener.
    private static let acceptsPerTurn = 32
    /// Bytes that one turn reads from a connection.
    private static let streamReadSize = 16 << 10
    /// Distance of the slots that datagrams are read into: room for the largest GRO run, and no power of two, so that
    /// headers do not fall on the same cache sets.
    private static let slotStride = 65_536 + 1_344

    /// Size of the slab that ``receive(into:)`` needs.
    package static let receiveCapacity = slotStride * Int(CNET_MAX_BATCH)

    package internal(set) var counters = LoopCounters()
    var poller: Poller
    var sockets = SocketTable()
    private var control: Int32?
    /// What of it is watched.
    private var controlInterest = (readable: false, writable: false)
    private var readable: [SocketID] = []
    private var nextReadable = 0
    var closedStreams: [ReceiveBatch.Entry] = []
    private var received = [cnet_received](repeating: cnet_received(), count: Int(CNET_MAX_BATCH))
    private var events = [cnet_event](repeating: cnet_event(), count: Int(CNET_MAX_BATCH))
    var outgoing: [cnet_message] = unsafe []
    /// Messages of a batch sent so far, when a full socket held it up.
    var sentMessages = 0
    var blocked: SocketID?

    package init() throws(SocketError) {
        poller = try Poller()
        unsafe outgoing.reserveCapacity(Int(CNET_MAX_BATCH))
        readable.reserveCapacity(256)
    }

    deinit {
        for entry in sockets.all { cnet_close(entry.descriptor) }
        poller.close()
    }

    /// The time on the loop's monotonic clock.
    package var now: Instant { Instant(nanoseconds: cnet_monotonic_ns()) }

    /// The wall clock tied to the loop's, for NTP times.
    package var wallClock: WallClockAnchor {
        WallClockAnchor(instant: now, unixNanoseconds: cnet_realtime_ns())
    }

    // MARK: Sockets

    /// Opens a UDP socket.
    ///
    /// - Throws: ``SocketError`` with the errno of the last port tried.
    package func bindUDP(_ options: SocketOptions) throws(SocketError) -> BoundSocket {
        try open(options, kind: .udp)
    }

    /// Opens a TCP listener; its connections appear in ``receive(into:)``.
    package func listenTCP(_ options: SocketOptions) throws(SocketError) -> BoundSocket {
        try open(options, kind: .tcpListener)
    }

    /// The kernel's buffer sizes for a socket, in bytes: what was granted, not what was asked for.
    package func bufferSizes(of id: SocketID) -> (send: Int, receive: Int)? {
        guard let entry = sockets[id] else { return nil }
        var (send, receive): (Int32, Int32) = (0, 0)
        guard unsafe cnet_buffer_sizes(entry.descriptor, &send, &receive) == 0 else { return nil }
        return (Int(send), Int(receive))
    }

    /// The open socket that was bound first, if any.
    package var firstSocket: SocketID? { sockets.all.first?.id }

    /// Closes a socket or connection; closing again does nothing.
    package func close(_ id: SocketID) {
        guard let entry = sockets.remove(id) else { return }
        poller.remove(entry.descriptor, token: UInt64(entry.id.rawValue))
        cnet_close(entry.descriptor)
        if blocked == id { blocked = nil }
    }

    private func open(_ options: SocketOptions, kind: SocketKind) throws(SocketError) -> BoundSocket {
        var ports = options.address.port...options.address.port
        if options.address.port == 0, let range = options.portRange { ports = range }
        // From a random port on, once around.
        let start = Int.random(in: 0..<ports.count)
        var failure: Int32 = 98
        for step in 0..<ports.count {
            let port = ports.lowerBound + UInt16((start + step) % ports.count)
            let descriptor = bind(options, port: port, kind: kind)
            guard descriptor >= 0 else {
                failure = -descriptor
                continue
            }
            var local = cnet_address()
            _ = unsafe cnet_local_address(descriptor, &local)
            let address = SocketAddress(local)
            guard let id = register(descriptor, kind: kind, isIPv6: local.is_ipv6, address: address) else {
                failure = 24
                break
            }
            return BoundSocket(id: id, kind: kind, local: address)
        }
        throw SocketError(kind == .udp ? .bind : .listen, options.address, errno: failure)
    }

    private func bind(_ options: SocketOptions, port: UInt16, kind: SocketKind) -> Int32 {
        var request = cnet_socket_options()
        request.address = cnet_address(options.address.withPort(port))
        request.send_buffer = Int32(clamping: options.sendBufferSize)
        request.receive_buffer = Int32(clamping: options.receiveBufferSize)
        request.ipv6_only = options.ipv6Only
        request.reuse_port = options.reusePort
        return unsafe kind == .udp ? cnet_udp_bind(&request) : cnet_tcp_listen(&request, 128)
    }

    private func register(_ descriptor: Int32, kind: SocketKind, isIPv6: Bool, address: SocketAddress) -> SocketID? {
        guard let id = sockets.insert(descriptor: descriptor, kind: kind, isIPv6: isIPv6, address: address) else {
            cnet_close(descriptor)
            return nil
        }
        guard poller.add(descriptor, token: UInt64(id.rawValue), isDatagram: kind == .udp) else {
            _ = sockets.remove(id)
            cnet_close(descriptor)
            return nil
        }
        return id
    }

    /// Gives back to the system what the process holds of memory without use.
    ///
    /// That is the free part of the heap, and code and constants that have not been used since the last time: what only
    /// the start or a handshake needs goes. Takes milliseconds after a heavy load.
    package func giveBackMemory() { cnet_give_back_memory() }

    // MARK: Control descriptor

    /// Watches one descriptor that is not a media socket: the worker's channel.
    package func watchControl(_ descriptor: Int32) {
        control = descriptor
        _ = cnet_set_nonblocking(descriptor)
        _ = poller.add(descriptor, token: Self.controlToken, isDatagram: false)
        controlInterest = (true, false)
    }

    /// Says whether the control descriptor's writability, and whether its bytes, are of interest.
    package func setControlInterest(readable: Bool, writable: Bool) {
        guard let control, controlInterest != (readable, writable) else { return }
        controlInterest = (readable, writable)
        poller.change(control, token: Self.controlToken, readable: readable, writable: writable)
    }

    // MARK: Turns

    /// Sleeps until a socket is ready or `deadline` comes; `nil` waits for sockets alone.
    package func wait(until deadline: Instant?) -> Readiness {
        var readiness = Readiness()
        var timeout: Int64 = -1
        if nextReadable < readable.count || !closedStreams.isEmpty {
            timeout = 0
        } else if let deadline {
            timeout = max(0, deadline.nanoseconds &- cnet_monotonic_ns())
        }
        if nextReadable > 0 {
            readable.removeFirst(nextReadable)
            nextReadable = 0
        }
        let count = poller.wait(&events, timeout: timeout)
        guard count > 0 else { return readiness }
        for index in 0..<count {
            let event = events[index]
            if event.token == Self.controlToken {
                readiness.controlReadable = event.flags & UInt32(CNET_READABLE | CNET_HANGUP) != 0
                readiness.controlWritable = event.flags & UInt32(CNET_WRITABLE) != 0
                continue
            }
            let id = SocketID(rawValue: UInt32(truncatingIfNeeded: event.token))
            if event.flags & UInt32(CNET_WRITABLE) != 0 { becameWritable(id) }
            if event.flags & UInt32(CNET_READABLE | CNET_HANGUP) != 0, !readable.contains(id) {
                readable.append(id)
            }
        }
        return readiness
    }

    /// Sleeps until `deadline`, a few milliseconds ahead at most, whatever arrives: it is read together afterwards.
    package func rest(until deadline: Instant) { cnet_sleep_until(deadline.nanoseconds) }

    /// Reads from one ready socket, replacing what the batch held.
    ///
    /// - Returns: `false` when no socket is ready any more; the batch is then empty.
    package func receive(into batch: inout ReceiveBatch) -> Bool {
        batch.removeAll()
        if !closedStreams.isEmpty {
            for entry in closedStreams { batch.append(entry) }
            closedStreams.removeAll()
            return true
        }
        while nextReadable < readable.count {
            let id = readable[nextReadable]
            nextReadable += 1
            guard let entry = sockets[id] else { continue }
            switch entry.kind {
            case .udp: readDatagrams(entry, into: &batch)
            case .tcpListener: accept(entry, into: &batch)
            case .tcpConnection: readStream(entry, into: &batch)
            }
            if !batch.entries.isEmpty { return true }
        }
        return false
    }

    private func readDatagrams(_ entry: SocketTable.Entry, into batch: inout ReceiveBatch) {
        let base = unsafe batch.unsafeBaseAddress
        let count = unsafe cnet_receive(entry.descriptor, base, Self.slotStride, Int32(CNET_MAX_BATCH), &received)
        guard count > 0 else { return }
        let monotonic = cnet_monotonic_ns()
        let offset = monotonic &- cnet_realtime_ns()
        counters.receiveCalls &+= 1
        for index in 0..<Int(count) {
            let datagram = received[index]
            if datagram.dropped != entry.kernelDrops, datagram.dropped != 0 { noteDrops(datagram.dropped, entry.id) }
            guard !datagram.truncated else { continue }
            // A stepped wall clock must not put arrivals into the future or far into the past.
            let arrival =
                datagram.realtime_ns == 0
                ? monotonic : min(monotonic, max(monotonic &- 1_000_000_000, datagram.realtime_ns &+ offset))
            let start = Self.slotStride * index
            let length = Int(datagram.length)
            let step = datagram.segment == 0 ? max(length, 1) : Int(datagram.segment)
            let source = SocketAddress(datagram.source)
            var position = 0
            repeat {
                let end = min(position + step, length)
                batch.append(
                    ReceiveBatch.Entry(
                        range: start + position..<start + end,
                        socket: entry.id,
                        source: source,
                        arrival: Instant(nanoseconds: arrival)
                    )
                )
                position = end
            } while position < length
            counters.bytesReceived &+= UInt64(length)
        }
        counters.packetsReceived &+= UInt64(batch.entries.count)
    }

    private func noteDrops(_ total: UInt32, _ id: SocketID) {
        sockets.update(id) { entry in
            counters.kernelDrops &+= UInt64(total &- entry.kernelDrops)
            entry.kernelDrops = total
        }
    }

    private func accept(_ listener: SocketTable.Entry, into batch: inout ReceiveBatch) {
        for _ in 0..<Self.acceptsPerTurn {
            var peer = cnet_address()
            let descriptor = unsafe cnet_tcp_accept(listener.descriptor, &peer)
            guard descriptor >= 0 else { return }
            let source = SocketAddress(peer)
            guard let id = register(descriptor, kind: .tcpConnection, isIPv6: peer.is_ipv6, address: source) else {
                return
            }
            batch.append(
                ReceiveBatch.Entry(
                    range: 0..<0,
                    socket: id,
                    listener: listener.id,
                    source: source,
                    arrival: now,
                    kind: .streamOpened
                )
            )
        }
    }

    private func readStream(_ entry: SocketTable.Entry, into batch: inout ReceiveBatch) {
        let count = unsafe cnet_read(entry.descriptor, batch.unsafeBaseAddress, Self.streamReadSize)
        if count > 0 {
            batch.append(
                ReceiveBatch.Entry(
                    range: 0..<Int(count),
                    socket: entry.id,
                    source: entry.address,
                    arrival: now,
                    kind: .streamBytes
                )
            )
        } else if count == 0 || -count != Self.again && -count != Self.interrupted {
            batch.append(streamClosed(entry))
            close(entry.id)
        }
    }

    func streamClosed(_ entry: SocketTable.Entry) -> ReceiveBatch.Entry {
        ReceiveBatch.Entry(range: 0..<0, socket: entry.id, source: entry.address, arrival: now, kind: .streamClosed)
    }
}
