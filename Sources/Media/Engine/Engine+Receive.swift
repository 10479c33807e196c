// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletPeerLink
import SwiftletSTUN
import SwiftletStreams
package import SwiftletWire

/// From packets to transports.
extension Engine {
    /// Takes in packets and TCP events; opens SRTP in the batch's own memory.
    ///
    /// STUN, DTLS and RTCP come before media, so that a full turn never delays them.
    package func receive(_ batch: inout ReceiveBatch, now: Instant) {
        board.turn &+= 1
        board.moment = now.nanoseconds
        let entries = batch.entries
        var bytes = batch.mutableBytes
        var media = 0
        for index in entries.indices {
            let entry = entries[index]
            switch entry.kind {
            case .datagram:
                if PacketClass(of: bytes.span, in: entry.range) == .rtp {
                    media += 1
                } else {
                    receiveControl(entry, &bytes, now: now)
                }
            case .streamBytes: receiveStream(entry, bytes.span, now: now)
            case .streamOpened:
                board.add(
                    connection: Connection(
                        tuple: Tuple(socket: entry.socket, remote: entry.source),
                        listener: entry.listener,
                        opened: now
                    )
                )
            case .streamClosed: streamClosed(entry, now: now)
            }
        }
        guard media > 0 else { return }
        for index in entries.indices {
            let entry = entries[index]
            guard entry.kind == .datagram, PacketClass(of: bytes.span, in: entry.range) == .rtp else { continue }
            let tuple = Tuple(socket: entry.socket, remote: entry.source)
            guard let slot = board.tuples.find(tuple), let transport = board.transport(at: slot) else {
                board.counters.strays &+= 1
                continue
            }
            transport.receiveRTP(&bytes, entry.range, from: tuple, arrival: entry.arrival, now: now)
        }
    }

    private func receiveControl(_ entry: ReceiveBatch.Entry, _ bytes: inout MutableSpan<UInt8>, now: Instant) {
        let tuple = Tuple(socket: entry.socket, remote: entry.source)
        receive(
            &bytes,
            entry.range,
            from: tuple,
            listener: entry.listener,
            transport: .udp,
            arrival: entry.arrival,
            now: now
        )
    }

    /// Takes one packet of whatever class, from a socket or out of a stream.
    private func receive(
        _ bytes: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        from tuple: Tuple,
        listener: SocketID,
        transport kind: ICETransport,
        arrival: Instant,
        now: Instant
    ) {
        let type = PacketClass(of: bytes.span, in: range)
        if type == .stun {
            return receiveSTUN(bytes.span.extracting(range), from: tuple, listener: listener, kind, now: now)
        }
        guard let slot = board.tuples.find(tuple), let transport = board.transport(at: slot) else {
            board.counters.strays &+= 1
            return
        }
        switch type {
        case .rtp: transport.receiveRTP(&bytes, range, from: tuple, arrival: arrival, now: now)
        case .rtcp: transport.receiveRTCP(&bytes, range, from: tuple, arrival: arrival, now: now)
        case .dtls:
            transport.traffic.received.add(range.count, now: now)
            transport.link.receiveDTLS(bytes.span.extracting(range), from: tuple, now: now)
            transport.drainLink(now: now)
        case .stun, .other: break
        }
    }

    /// A request finds its transport by the name it asks for, since a page that was loaded again may come from the
    /// address of its former transport; everything else by its address.
    private func receiveSTUN(
        _ datagram: Span<UInt8>,
        from tuple: Tuple,
        listener: SocketID,
        _ kind: ICETransport,
        now: Instant
    ) {
        let fragment = STUN.peekLocalUsernameFragment(datagram)
        guard let slot = fragment.flatMap({ board.fragments[$0] }) ?? board.tuples.find(tuple),
            let transport = board.transport(at: slot), transport.listens(on: listener)
        else {
            board.counters.unknownFragments &+= 1
            return
        }
        transport.traffic.received.add(datagram.count, now: now)
        transport.link.receiveSTUN(datagram, from: tuple, transport: kind, now: now)
        transport.drainLink(now: now)
    }

    // MARK: TCP

    private func receiveStream(_ entry: ReceiveBatch.Entry, _ bytes: Span<UInt8>, now: Instant) {
        guard let connection = board.connections[entry.socket] else { return }
        var rest = bytes.extracting(entry.range)
        // Taken out while in use, so that its buffer has one owner.
        var deframer = StreamDeframer()
        swap(&deframer, &connection.deframer)
        // A closed connection may stay listed for a while, but its buffer does not.
        defer { if !connection.isClosed { swap(&deframer, &connection.deframer) } }
        do {
            while !rest.isEmpty {
                rest = rest.extracting(droppingFirst: deframer.append(rest))
                while let frame = try deframer.nextFrame() {
                    var frames = deframer.bytes
                    receive(
                        &frames,
                        frame,
                        from: connection.tuple,
                        listener: connection.listener,
                        transport: .tcp,
                        arrival: entry.arrival,
                        now: now
                    )
                }
                guard !connection.isClosed else { return }
            }
        } catch {
            // Out of step for good.
            board.counters.malformed &+= 1
            streamClosed(entry, now: now, byPeer: false)
        }
    }

    private func streamClosed(_ entry: ReceiveBatch.Entry, now: Instant, byPeer: Bool = true) {
        guard let connection = board.connections[entry.socket] else { return }
        board.remove(connection: entry.socket, close: !byPeer)
        guard let slot = connection.slot, let transport = board.transport(at: slot) else { return }
        transport.link.remove(connection.tuple, now: now)
        transport.drainLink(now: now)
    }
}

extension WebRtcTransport {
    /// Whether packets that came by this socket or listener may be for it.
    func listens(on socket: SocketID) -> Bool { sockets.contains { $0.socket.id == socket } }
}
