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
        _ = try runtime.handle(.start(.init())).get()
        let addresses = try Call.setUp(
            consumers: consumers,
            publisher: SocketAddress(ipv4: 0x7F00_0001, port: sourcePort),
            receiverPort: drainPort
        ) { request in
            try runtime.handle(request).get()
        } start: { transport, keys, remote in
            runtime.startWithKeys(transportId: transport, keys: keys, remote: remote)
        }
        guard let port = addresses.first?.port else { throw Refusal(text: "the server has no port") }
        let line = "port \(port)\n"
        _ = unsafe write(STDOUT_FILENO, line, line.utf8.count)
        exit(runtime.run() == .hostGone ? 0 : 1)
    }
}

/// Why the benchmark cannot go on, for people.
struct Refusal: Error {
    let text: String
}
