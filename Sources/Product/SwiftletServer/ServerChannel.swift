// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import Logging
import NIOCore
import SwiftletWebSockets

/// A connection of the one port: a WebSocket with signalling, or HTTP.
struct ServerChannel: ServerChildChannel {
    typealias HTTP = HTTP1Channel.Value
    typealias Gate = ConnectionGate<HTTP>

    /// A new connection, and what it turns out to be.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let outcome: EventLoopFuture<Gate.Outcome>
    }

    let http: HTTP1Channel
    let policy: UpgradePolicy
    let lobby: Lobby
    let limits: WebSocketLimits

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let promise = channel.eventLoop.makePromise(of: Gate.Outcome.self)
            let (policy, http) = (policy, http)
            let gate = Gate(
                limits: limits,
                outcome: promise,
                decide: { request, _ in policy.decide(request) },
                setUpHTTP: { http.setup(channel: $0, logger: logger) }
            )
            do {
                try channel.pipeline.syncOperations.addHandler(gate)
            } catch {
                promise.succeed(.ended)
                throw error
            }
            return Value(channel: channel, outcome: promise.futureResult)
        }
    }

    func handle(value: Value, logger: Logger) async {
        guard let outcome = try? await value.outcome.get() else { return }
        switch outcome {
        case .http(let channel):
            await http.handle(value: channel, logger: logger)
        case .webSocket(let connection, _, let ticket):
            guard let ticket = ticket as? Admission.Ticket else { return }
            await lobby.serve(SignalingSession(connection: connection, ticket: ticket, logger: logger))
        case .ended:
            break
        }
    }
}
