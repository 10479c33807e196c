// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletControl
import SwiftletORTC
import SwiftletWire
import SwiftletWorker

/// Our forwarder: the worker as it runs in production, its transports begun with keys.
enum WorkerRole {
    /// Sets up the call, prints the port and the memory taken before there were consumers, and works until standard
    /// input closes.
    static func run(consumers: Int, drainPort: UInt16, sourcePort: UInt16) throws -> Never {
        let runtime = try WorkerRuntime(channel: STDIN_FILENO)
        let setup = Setup(runtime: runtime)
        try setup.ask(.start(.init()))
        let info = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")
        guard
            case .webRtcServer(let addresses) = try setup.ask(
                .createWebRtcServer(.init(id: "server", listenInfos: [info]))
            ), let port = addresses.first?.port
        else { throw Refusal(text: "the server has no port") }
        try setup.ask(.createRouter(id: "router"))
        try setup.join("publisher", keys: 0, address: SocketAddress(ipv4: 0x7F00_0001, port: sourcePort))
        try setup.ask(.produce(Call.produce(on: "publisher")))
        for index in 1...consumers {
            let address = Call.firstReceiver + UInt32(index - 1)
            try setup.join("peer\(index)", keys: index, address: SocketAddress(ipv4: address, port: drainPort))
            try setup.ask(.consume(Call.consume(index, on: "peer\(index)")))
        }
        let line = "port \(port)\n"
        _ = unsafe write(STDOUT_FILENO, line, line.utf8.count)
        exit(runtime.run() == .hostGone ? 0 : 1)
    }

    private struct Setup {
        let runtime: WorkerRuntime

        @discardableResult
        func ask(_ request: ControlRequest) throws -> ControlReply { try runtime.handle(request).get() }

        func join(_ id: String, keys index: Int, address: SocketAddress) throws {
            try ask(.createWebRtcTransport(.init(id: id, routerId: "router", listen: .server(id: "server"))))
            guard runtime.startWithKeys(transportId: id, keys: Call.keys(index), remote: address) else {
                throw Refusal(text: "no socket")
            }
        }
    }
}

/// Why the benchmark cannot go on, for people.
struct Refusal: Error {
    let text: String
}
