// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// Opens WebSockets as a client.
public enum WebSocketClient {
    /// The server answered, and not by opening a WebSocket.
    public struct Refusal: Error, Hashable, Sendable {
        /// The HTTP status; 0 when the connection ended before there was one.
        public var status: Int
        /// What the server said about it.
        public var reason: String
    }

    fileprivate enum Outcome: Sendable {
        case open(WebSocketConnection)
        /// To be told once it has been read, which begins after this.
        case refused(EventLoopFuture<Refusal>)
    }

    /// Bytes of a refusal's body that are kept as its reason.
    static let reasonBytes = 4096

    /// Connects, and opens a WebSocket.
    ///
    /// - Parameters:
    ///   - host: A name or address.
    ///   - port: The port.
    ///   - target: Path and query, percent-encoded.
    ///   - subprotocol: The sub-protocol to ask for.
    ///   - headers: Further headers.
    ///   - limits: What the connection may cost; its rates are about what the server sends.
    ///   - group: Where the connection lives.
    ///   - prepare: Adds what goes below HTTP, such as TLS.
    /// - Returns: The open connection.
    /// - Throws: ``Refusal``, or what NIO says of a connection that does not come about or breaks.
    public static func connect(
        host: String,
        port: Int,
        target: String,
        subprotocol: String,
        headers: [(String, String)] = [],
        limits: WebSocketLimits = WebSocketLimits(),
        on group: any EventLoopGroup,
        prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws -> WebSocketConnection {
        let name = host.contains(":") ? "[\(host)]" : host
        var fields = HTTPHeaders([("Host", "\(name):\(port)"), ("Sec-WebSocket-Protocol", subprotocol)])
        fields.add(contentsOf: headers)
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target, headers: fields)
        let negotiation: EventLoopFuture<Outcome> = try await ClientBootstrap(group: group)
            .connectTimeout(limits.headTime)
            .channelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel)
                    return try negotiate(head, limits, on: channel)
                }
            }
        switch try await negotiation.get() {
        case .open(let connection): return connection
        case .refused(let refusal): throw try await refusal.get()
        }
    }

    private static func negotiate(
        _ head: HTTPRequestHead,
        _ limits: WebSocketLimits,
        on channel: any Channel
    ) throws -> EventLoopFuture<Outcome> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Outcome>(
            maxFrameSize: limits.messageBytes,
            enableAutomaticErrorHandling: false
        ) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                let connection = WebSocketConnection(channel: channel, limits: limits, side: .client)
                try channel.pipeline.syncOperations.addHandler(
                    WebSocketFrameHandler(connection: connection, limits: limits)
                )
                return .open(connection)
            }
        }
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration<Outcome>(
            upgradeRequestHead: head,
            upgraders: [upgrader]
        ) { channel in
            let promise = channel.eventLoop.makePromise(of: Refusal.self)
            do {
                try channel.pipeline.syncOperations.addHandler(RefusalReader(promise))
            } catch {
                promise.fail(error)
            }
            return channel.eventLoop.makeSucceededFuture(.refused(promise.futureResult))
        }
        let timeout = channel.eventLoop.scheduleTask(in: limits.headTime) { channel.close(promise: nil) }
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
        // What the server says at once may come in one piece with its answer.
        configuration.leftOverBytesStrategy = .forwardBytes
        let result = try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: configuration
        )
        // A refusal is still to be read, within the same time.
        result.whenSuccess { if case .open = $0 { timeout.cancel() } }
        return result
    }
}

/// Reads the answer of a server that opens no WebSocket.
private final class RefusalReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private var refusal = WebSocketClient.Refusal(status: 0, reason: "the connection ended")
    private var body = ByteBuffer()
    private let promise: EventLoopPromise<WebSocketClient.Refusal>
    private var isTold = false

    init(_ promise: EventLoopPromise<WebSocketClient.Refusal>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            refusal = WebSocketClient.Refusal(status: Int(head.status.code), reason: head.status.reasonPhrase)
        case .body(var part):
            if body.readableBytes + part.readableBytes <= WebSocketClient.reasonBytes { body.writeBuffer(&part) }
        case .end:
            let text = String(decoding: body.readableBytesView, as: UTF8.self)
            let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            if !line.isEmpty { refusal.reason = line }
            tell()
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        tell()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { tell() }

    private func tell() {
        guard !isTold else { return }
        isTold = true
        promise.succeed(refusal)
    }
}
