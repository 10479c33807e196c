// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletEventLoop
import SwiftletWire
import Testing

/// These use real sockets on the loopback interface, and real time where a deadline is waited for.
@Suite("The event loop, over real sockets")
struct EventLoopTests {
    private let loopback = SocketAddress(ipv4: 0x7F00_0001, port: 0)

    /// Waits and reads until `count` entries of `kind` have come, at most two seconds.
    private func collect(
        _ loop: EventLoop,
        _ count: Int,
        _ kind: ReceiveBatch.Kind = .datagram
    ) -> [(entry: ReceiveBatch.Entry, bytes: [UInt8])] {
        var batch = ReceiveBatch(capacity: EventLoop.receiveCapacity)
        var found: [(entry: ReceiveBatch.Entry, bytes: [UInt8])] = []
        let end = loop.now + .seconds(2)
        while found.count < count, loop.now < end {
            _ = loop.wait(until: end)
            while loop.receive(into: &batch) {
                for entry in batch.entries where entry.kind == kind {
                    found.append((entry, batch.bytes.extracting(entry.range).copied()))
                }
            }
        }
        return found
    }

    @Test("A datagram arrives with its source, its bytes and a time that is past")
    func datagram() throws {
        let loop = try EventLoop()
        let a = try loop.bindUDP(SocketOptions(address: loopback))
        let b = try loop.bindUDP(SocketOptions(address: loopback))
        #expect(a.local.port != 0 && a.local.port != b.local.port)
        var batch = TransmitBatch()
        let packet: [UInt8] = [1, 2, 3, 4, 5]
        let before = loop.now
        let added = batch.append(packet.span, socket: a.id, destination: b.local)
        #expect(added)
        #expect(loop.send(&batch) == nil)
        let received = collect(loop, 1)
        #expect(received.first?.bytes == packet)
        #expect(received.first?.entry.source == a.local)
        #expect(received.first?.entry.socket == b.id)
        if let arrival = received.first?.entry.arrival {
            #expect(arrival <= loop.now)
            #expect(arrival >= before - .milliseconds(50))
        }
    }

    @Test("A GSO run arrives as its packets, the shorter last one too")
    func segmentation() throws {
        let loop = try EventLoop()
        let a = try loop.bindUDP(SocketOptions(address: loopback))
        let b = try loop.bindUDP(SocketOptions(address: loopback))
        var batch = TransmitBatch()
        var bytes = batch.mutableBytes
        for index in 0..<2500 { bytes[index] = UInt8(index / 1000) }
        batch.append(
            TransmitBatch.Message(offset: 0, length: 2500, segmentSize: 1000, socket: a.id, destination: b.local)
        )
        _ = loop.send(&batch)
        let received = collect(loop, 3)
        #expect(received.map(\.bytes.count) == [1000, 1000, 500])
        #expect(received.map(\.bytes.first) == [0, 1, 2])
        #expect(loop.counters.packetsSent == 3)
    }

    @Test("Every socket is heard, however many there are, and after others were closed")
    func manySockets() throws {
        let loop = try EventLoop()
        // More than are watched without epoll.
        var sockets = try (0..<20).map { _ in try loop.bindUDP(SocketOptions(address: loopback)) }
        let sender = try EventLoop()
        let source = try sender.bindUDP(SocketOptions(address: loopback)).id
        for round in 0..<3 {
            var batch = TransmitBatch()
            for socket in sockets { _ = batch.append([UInt8(round)].span, socket: source, destination: socket.local) }
            _ = sender.send(&batch)
            let received = collect(loop, sockets.count)
            #expect(Set(received.map(\.entry.socket)) == Set(sockets.map(\.id)))
            #expect(received.allSatisfy { $0.bytes == [UInt8(round)] })
            // Of both kinds, and one more afterwards.
            for index in [12, 0] { loop.close(sockets.remove(at: index).id) }
            sockets.append(try loop.bindUDP(SocketOptions(address: loopback)))
        }
    }

    @Test("A deadline ends the wait, neither early nor much too late")
    func deadline() throws {
        let loop = try EventLoop()
        let start = loop.now
        _ = loop.wait(until: start + .milliseconds(3))
        #expect(loop.now - start >= .milliseconds(3))
        #expect(loop.now - start < .seconds(1))
    }

    @Test("A port range is kept to, and a taken port is an error that says which")
    func ports() throws {
        let loop = try EventLoop()
        let taken = try loop.bindUDP(SocketOptions(address: loopback))
        var options = SocketOptions(address: loopback)
        options.portRange = 40_000...40_999
        let ranged = try loop.bindUDP(options)
        #expect((40_000...40_999).contains(ranged.local.port))
        #expect {
            try loop.bindUDP(SocketOptions(address: taken.local))
        } throws: { error in
            guard let error = error as? SocketError else { return false }
            return error.operation == .bind && error.address == taken.local && error.errno == 98
        }
    }

    @Test("A TCP connection is accepted, carries bytes both ways, and tells its end")
    func stream() throws {
        let server = try EventLoop()
        let listener = try server.listenTCP(SocketOptions(address: loopback))
        let client = try Stream(to: listener.local)
        client.write([0, 2, 7, 7])
        let opened = collect(server, 1, .streamOpened)
        let connection = try #require(opened.first?.entry)
        #expect(connection.listener == listener.id)
        #expect(collect(server, 1, .streamBytes).first?.bytes == [0, 2, 7, 7])

        var batch = TransmitBatch()
        let reply: [UInt8] = [0, 1, 9]
        let added = batch.append(reply.span, socket: connection.socket, destination: connection.source)
        #expect(added)
        _ = server.send(&batch)
        #expect(client.read(3) == reply)
        client.close()
        #expect(collect(server, 1, .streamClosed).first?.entry.socket == connection.socket)
    }

    @Test("A connection that does not read loses media beyond its queue, and is closed by what may not be lost")
    func slowReader() throws {
        let loop = try EventLoop()
        let listener = try loop.listenTCP(SocketOptions(address: loopback))
        let client = try Stream(to: listener.local)
        let connection = try #require(collect(loop, 1, .streamOpened).first?.entry)
        var batch = TransmitBatch()
        let media = [UInt8](repeating: 0x80, count: 60_000)
        for _ in 0..<400 {
            _ = batch.append(media.span, socket: connection.socket, destination: connection.source)
            _ = loop.send(&batch)
        }
        #expect(loop.counters.streamDrops > 0)
        let handshake = [UInt8](repeating: 22, count: 60_000)
        for _ in 0..<20 {
            _ = batch.append(handshake.span, socket: connection.socket, destination: connection.source)
            _ = loop.send(&batch)
        }
        #expect(collect(loop, 1, .streamClosed).count == 1)
        client.close()
    }

    @Test("A closed socket's id never comes back")
    func identity() throws {
        let loop = try EventLoop()
        var seen: Set<SocketID> = []
        for _ in 0..<100 {
            let socket = try loop.bindUDP(SocketOptions(address: loopback))
            #expect(seen.insert(socket.id).inserted)
            loop.close(socket.id)
        }
    }

    @Test("The interfaces have a loopback address")
    func interfaces() {
        #expect(Interfaces.addresses().contains { $0.isLoopback })
    }
}
