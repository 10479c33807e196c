// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import RawWebSocket
import SwiftletWebSockets
import Synchronization

/// A server that echoes messages, and answers HTTP by one line.
final class EchoServer: Sendable {
    /// How connections ended, in order.
    let closures: AsyncStream<WebSocketConnection.Closure>
    let port: Int
    private let channel: any Channel

    /// Stands in for an HTTP server: answers whatever comes with its length.
    private final class LengthHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = "HTTP \(unwrapInboundIn(data).readableBytes)\n"
            context.writeAndFlush(NIOAny(context.channel.allocator.buffer(string: text)), promise: nil)
        }
    }

    init(
        limits: WebSocketLimits = WebSocketLimits(),
        greeting: (@Sendable (WebSocketConnection) -> Void)? = nil,
        decide: @escaping @Sendable (UpgradeRequest) -> UpgradeDecision = { _ in .accept(subprotocol: "protoo") }
    ) async throws {
        let (closures, continuation) = AsyncStream<WebSocketConnection.Closure>.makeStream()
        self.closures = closures
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let promise = channel.eventLoop.makePromise(of: ConnectionGate<Void>.Outcome.self)
                    let gate = ConnectionGate<Void>(
                        limits: limits,
                        outcome: promise,
                        decide: { request, _ in decide(request) },
                        setUpHTTP: { channel in
                            channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandler(LengthHandler())
                            }
                        }
                    )
                    try channel.pipeline.syncOperations.addHandler(gate)
                    promise.futureResult.whenSuccess { outcome in
                        guard case .webSocket(let connection, _, _) = outcome else { return }
                        Task {
                            greeting?(connection)
                            for await text in connection.messages { connection.offer(text) }
                            if let closure = connection.closure { continuation.yield(closure) }
                        }
                    }
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// An open WebSocket to it.
    func open() async throws -> RawWebSocket {
        let client = try await RawWebSocket(port: port)
        try await client.send(RawWebSocket.head())
        _ = try await client.readHead()
        return client
    }

    /// How the first connection ended.
    func firstClosure() async -> WebSocketConnection.Closure? {
        for await closure in closures { return closure }
        return nil
    }

    func stop() async { try? await channel.close().get() }
}
