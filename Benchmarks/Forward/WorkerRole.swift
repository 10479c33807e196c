// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import SwiftletWorker

/// Our forwarder: the worker as it runs in production, its transports begun with keys.
enum WorkerRole {
    /// Sets up the calls, prints the port, and works until standard input closes.
    static func run(_ scenario: Scenario) throws -> Never {
        let runtime = try WorkerRuntime(channel: STDIN_FILENO)
        runtime.limits.regroups = scenario.regroups
        _ = try runtime.handle(.start(.init(flushWindow: .microseconds(scenario.flushWindow)))).get()
        let addresses = try Call.setUp(scenario) { request in
            try runtime.handle(request).get()
        } start: { transport, keys, remote in
            runtime.startWithKeys(transportId: transport, keys: keys, remote: remote)
        }
        try work(runtime, addresses, [])
    }

    /// Connects the peers of a room, none for the other shape, prints the port and the ICE credentials of each, and works
    /// until standard input closes.
    static func runIdle(_ scenario: Scenario) throws -> Never {
        let runtime = try WorkerRuntime(channel: STDIN_FILENO)
        _ = try runtime.handle(.start(.init())).get()
        let info = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")
        let server = ControlRequest.createWebRtcServer(.init(id: "server", listenInfos: [info]))
        guard case .webRtcServer(let addresses) = try runtime.handle(server).get() else {
            throw Refusal(text: "no server")
        }
        _ = try runtime.handle(.createRouter(id: "router")).get()
        var lines: [String] = []
        for peer in 0..<(scenario.shape == .rooms ? scenario.members : 0) {
            let id = "peer\(peer)"
            let request = ControlRequest.createWebRtcTransport(
                .init(id: id, routerId: "router", listen: .server(id: "server"))
            )
            guard case .webRtcTransport(let transport) = try runtime.handle(request).get(),
                runtime.startWithKeys(transportId: id, keys: Call.keys(peer), remote: scenario.address(of: peer))
            else { throw Refusal(text: "no transport") }
            lines.append("\(transport.iceParameters.usernameFragment) \(transport.iceParameters.password)")
        }
        try work(runtime, addresses, lines)
    }

    private static func work(_ runtime: WorkerRuntime, _ addresses: [ListenAddress], _ lines: [String]) throws -> Never
    {
        guard let port = addresses.first?.port else { throw Refusal(text: "the server has no port") }
        for line in ["port \(port)"] + lines { print(line) }
        fflush(nil)
        exit(runtime.run() == .hostGone ? 0 : 1)
    }
}

/// Why the benchmark cannot go on, for people.
struct Refusal: Error {
    let text: String
}
