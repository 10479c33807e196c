// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward
import Crowd
import Glibc
import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletEventLoop
import SwiftletORTC
import SwiftletWire
import SwiftletWorkerProtocol

/// What a worker as it is installed has resident: idle, with connected transports, and after they have closed.
final class WorkerMemory {
    /// Kilobytes of a process as the system counts them.
    struct Usage {
        /// All that is mapped.
        var resident = 0
        /// The same, each page divided by the processes that have it.
        var proportional = 0

        init(pid: Int32) {
            guard let file = unsafe fopen("/proc/\(pid)/smaps_rollup", "r") else { return }
            defer { unsafe fclose(file) }
            var line = [CChar](repeating: 0, count: 256)
            while unsafe fgets(&line, Int32(line.count), file) != nil {
                let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                    .split { $0 == " " || $0 == ":" }
                guard words.count > 1, let kilobytes = Int(words[1]) else { continue }
                if words[0] == "Rss" { resident = kilobytes }
                if words[0] == "Pss" { proportional = kilobytes }
            }
        }
    }

    struct Result {
        var idle: Usage
        var loaded: Usage
        var after: Usage
    }

    /// The role of a child that becomes the worker.
    static let role = "installed-worker"
    /// After this the worker has given back what it can.
    private static let rest: UInt32 = 4

    private let transports: Int
    private var child = forward_child()
    private var decoder = FrameDecoder()
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var lastRequest: UInt64 = 0
    private let loop: EventLoop
    private var received = ReceiveBatch(capacity: EventLoop.receiveCapacity)
    private var transmitted = TransmitBatch()

    init(transports: Int) throws {
        self.transports = transports
        loop = try EventLoop()
    }

    /// Becomes the worker that stands beside this program.
    static func become() -> Never {
        var path = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &path, path.count - 1)
        let own = String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let worker = own.split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" } + "/swiftlet-worker"
        unsafe worker.withCString { path in
            var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [UnsafeMutablePointer(mutating: path), nil]
            _ = unsafe execv(path, &arguments)
        }
        exit(127)
    }

    func measure() throws -> Result {
        guard unsafe forward_spawn(&child, Self.role, "", -1) == 0 else { throw Refusal(text: "no process") }
        defer { unsafe forward_end(&child) }
        _ = try ask(.start(.init()))
        sleep(Self.rest)
        let idle = Usage(pid: child.pid)
        try connectAll()
        sleep(Self.rest)
        let loaded = Usage(pid: child.pid)
        for number in 0..<transports { _ = try ask(.closeTransport(id: "t\(number)")) }
        sleep(Self.rest)
        return Result(idle: idle, loaded: loaded, after: Usage(pid: child.pid))
    }

    private func connectAll() throws {
        let info = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")
        guard case .webRtcServer(let addresses) = try ask(.createWebRtcServer(.init(id: "s", listenInfos: [info]))),
            let port = addresses.first?.port
        else { throw Refusal(text: "no server") }
        _ = try ask(.createRouter(id: "r"))
        let certificate = try Certificate.generate(unixSeconds: 1_760_000_000)
        let context = try DTLSContext(certificate: certificate)
        let server = SocketAddress(ipv4: 0x7F00_0001, port: port)
        for number in 0..<transports { try connect(number, server, certificate, context) }
    }

    private func connect(
        _ number: Int,
        _ server: SocketAddress,
        _ certificate: Certificate,
        _ context: DTLSContext
    ) throws {
        let id = "t\(number)"
        let request = ControlRequest.CreateWebRtcTransport(id: id, routerId: "r", listen: .server(id: "s"))
        guard case .webRtcTransport(let reply) = try ask(.createWebRtcTransport(request)) else {
            throw Refusal(text: "no transport")
        }
        let own = certificate.fingerprints.map { DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value) }
        _ = try ask(.connectWebRtcTransport(id: id, dtlsParameters: DtlsParameters(role: .client, fingerprints: own)))
        let remote = reply.dtlsParameters.fingerprints.compactMap {
            Fingerprint(algorithm: $0.algorithm, value: $0.value)
        }
        guard let fingerprint = RemoteFingerprint(remote) else { throw Refusal(text: "no fingerprint") }
        let socket = try loop.bindUDP(SocketOptions(address: SocketAddress(ipv4: 0x7F00_0001, port: 0)))
        defer { loop.close(socket.id) }
        let peer = CrowdPeer(
            number,
            address: socket.local,
            server: server,
            remote: reply.iceParameters,
            context: context,
            hasData: false,
            now: loop.now
        )
        peer.connect(fingerprint, now: loop.now)
        let limit = loop.now + .seconds(5)
        while !peer.isConnected, loop.now < limit { turn(peer, socket.id, server) }
        guard peer.isConnected else { throw Refusal(text: "a peer did not connect") }
    }

    private func turn(_ peer: CrowdPeer, _ socket: SocketID, _ server: SocketAddress) {
        peer.runTimers(now: loop.now)
        for datagram in peer.takeOutbox() {
            _ = transmitted.append(datagram.span, socket: socket, destination: server)
        }
        if !transmitted.isEmpty { _ = loop.send(&transmitted) }
        _ = loop.wait(until: loop.now + .milliseconds(2))
        while loop.receive(into: &received) {
            for entry in received.entries { peer.receive(received.bytes.extracting(entry.range), now: loop.now) }
        }
    }

    /// Asks the worker and waits for its answer.
    private func ask(_ request: ControlRequest) throws -> ControlReply {
        lastRequest += 1
        let stream = ControlStream(descriptor: child.channel)
        let frame = try WorkerProtocol.encode(request: request, id: lastRequest)
        var written = 0
        while written < frame.count {
            guard case .bytes(let count) = stream.write(frame.span.extracting(written..<frame.count)) else {
                throw Refusal(text: "the worker is gone")
            }
            written += count
        }
        while true {
            while let message = try decoder.next() {
                guard case .reply(let result, to: lastRequest) = try WorkerProtocol.decodeFromWorker(message) else {
                    continue
                }
                return try result.get()
            }
            guard case .bytes(let count) = stream.read(into: &buffer) else { throw Refusal(text: "no worker") }
            decoder.append(buffer.span.extracting(0..<count))
        }
    }
}
