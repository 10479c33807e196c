// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
package import SwiftletControl
import SwiftletWorkerProtocol
import Synchronization

/// A worker's channel over a stream socket: framed messages out, replies and notifications in.
///
/// Everything the worker says is handled on the connection's event loop, in order. What waits to be sent is bounded:
/// a worker that does not read is ended, and never waited for. Messages and packets have a budget of their own, beyond
/// which they are refused and nothing ends: the application may well be faster than its worker.
package final class WorkerConnection: WorkerChannel {
    /// Bytes waiting for a worker, messages and packets aside, above which it is ended.
    package static let maximumQueuedBytes = 4 << 20
    /// Bytes of messages and packets waiting for a worker above which more are refused; one of any length passes if none
    /// wait.
    package static let maximumPayloadBytes = 16 << 20

    private struct State {
        var pending: [UInt64: @Sendable (Result<ControlReply, SwiftletError>) -> Void] = [:]
        var lastRequest: UInt64 = 0
        var queuedBytes = 0
        var payloadBytes = 0
        /// Frames to be written in the event loop's next turn, all in one.
        var outgoing: [[UInt8]] = []
        var outgoingPayloadBytes = 0
        var endReason: String?
    }

    /// The worker's process.
    package let pid: Int32
    private let channel: any Channel
    private let handler: @Sendable (WorkerChannelEvent) -> Void
    /// Waits for the process or thread, and says how it went.
    private let awaitExit: @Sendable () async -> String
    private let state = Mutex(State())

    private init(
        channel: any Channel,
        pid: Int32,
        awaitExit: @escaping @Sendable () async -> String,
        handler: @escaping @Sendable (WorkerChannelEvent) -> Void
    ) {
        (self.channel, self.pid, self.awaitExit, self.handler) = (channel, pid, awaitExit, handler)
    }

    /// Takes over our end of a worker's channel.
    ///
    /// - Parameters:
    ///   - descriptor: Our end; closed with the connection, or at once when this throws.
    ///   - pid: The worker's process.
    ///   - awaitExit: Waits for the process or thread, once the channel has ended, and says how it went.
    ///   - handler: Called one event at a time.
    /// - Returns: A connection that is being read.
    /// - Throws: ``SwiftletError/Code/workerStart`` when the socket cannot be used.
    package static func open(
        descriptor: CInt,
        pid: Int32,
        awaitExit: @escaping @Sendable () async -> String,
        handler: @escaping @Sendable (WorkerChannelEvent) -> Void
    ) async throws(SwiftletError) -> WorkerConnection {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.autoRead, value: false)
                .withConnectedSocket(descriptor).get()
            let connection = WorkerConnection(channel: channel, pid: pid, awaitExit: awaitExit, handler: handler)
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(Reader(connection))
                if !channel.isActive { connection.end("the channel was closed at once") }
                _ = channel.setOption(.autoRead, value: true)
            }.get()
            return connection
        } catch {
            throw SwiftletError(.workerStart, "the worker's channel could not be set up: \(error)")
        }
    }

    package func send(
        _ request: ControlRequest,
        completion: @escaping @Sendable (Result<ControlReply, SwiftletError>) -> Void
    ) {
        let isPayload = request.isPayload
        let (id, early) = state.withLock { state in
            state.lastRequest += 1
            return (state.lastRequest, Self.refusal(isPayload, state))
        }
        if let early { return completion(.failure(early)) }
        // Not under the lock: a long message takes its time, and others wait for the lock on the event loop.
        guard let frame = try? WorkerProtocol.encode(request: request, id: id) else {
            return completion(.failure(SwiftletError(.limitReached, "the request is longer than a message may be")))
        }
        let count = frame.count
        let (late, isOverfull, isFirst) = state.withLock { state -> (SwiftletError?, Bool, Bool) in
            if let refusal = Self.refusal(isPayload, state) { return (refusal, false, false) }
            state.pending[id] = completion
            if isPayload { state.payloadBytes += count } else { state.queuedBytes += count }
            if state.queuedBytes > Self.maximumQueuedBytes { return (nil, true, false) }
            state.outgoing.append(frame)
            state.outgoingPayloadBytes += isPayload ? count : 0
            return (nil, false, state.outgoing.count == 1)
        }
        if let late { return completion(.failure(late)) }
        guard !isOverfull else {
            return endOnLoop("the worker left more than \(Self.maximumQueuedBytes) bytes unread")
        }
        if isFirst { channel.eventLoop.execute { self.writeOutgoing() } }
    }

    /// On the event loop: writes what was asked since its last turn, with one system call where many asked.
    private func writeOutgoing() {
        let (frames, payload) = state.withLock { state in
            defer { (state.outgoing, state.outgoingPayloadBytes) = ([], 0) }
            return (state.outgoing, state.outgoingPayloadBytes)
        }
        let count = frames.reduce(0) { $0 + $1.count }
        var buffer = channel.allocator.buffer(capacity: count)
        for frame in frames { buffer.writeBytes(frame) }
        channel.writeAndFlush(buffer).whenComplete { [weak self] _ in
            self?.state.withLock { state in
                state.payloadBytes -= payload
                state.queuedBytes -= count - payload
            }
        }
    }

    /// Why nothing can be sent now, if so.
    private static func refusal(_ isPayload: Bool, _ state: State) -> SwiftletError? {
        if let reason = state.endReason { return lost(reason) }
        guard isPayload, state.payloadBytes > maximumPayloadBytes else { return nil }
        let text = "the worker has not read \(state.payloadBytes) bytes that were sent before"
        return SwiftletError(.sendBufferFull, text)
    }

    package func close() { endOnLoop("closed") }

    private func endOnLoop(_ reason: String) {
        channel.eventLoop.execute { self.end(reason) }
    }

    /// On the event loop: fails what is pending, tells the handler, and closes the channel, once.
    private func end(_ reason: String) {
        let pending = state.withLock { state -> [@Sendable (Result<ControlReply, SwiftletError>) -> Void]? in
            guard state.endReason == nil else { return nil }
            state.endReason = reason
            defer { state.pending = [:] }
            return state.pending.sorted { $0.key < $1.key }.map(\.value)
        }
        guard let pending else { return }
        channel.close(promise: nil)
        for completion in pending { completion(.failure(Self.lost(reason))) }
        handler(.ended(reason: reason))
        // Not structured: nobody waits for a worker's end but the handler.
        Task { [awaitExit, handler] in handler(.exited(status: await awaitExit())) }
    }

    private static func lost(_ reason: String) -> SwiftletError {
        SwiftletError(.workerLost, "the worker is gone: \(reason)")
    }

    /// On the event loop: handles one message of the worker.
    private func receive(_ message: [UInt8]) {
        do {
            switch try WorkerProtocol.decodeFromWorker(message) {
            case .reply(let reply, let id):
                guard let completion = state.withLock({ $0.pending.removeValue(forKey: id) }) else { return }
                completion(reply.mapError { SwiftletError($0) })
            case .notification(let notification):
                handler(.notification(notification))
            }
        } catch {
            end("the worker sent a message that cannot be read: \(error)")
        }
    }

    /// Cuts what is read into messages.
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let connection: WorkerConnection
        private var decoder = FrameDecoder()

        init(_ connection: WorkerConnection) { self.connection = connection }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            decoder.append(bytes.readableBytesUInt8Span)
            do {
                while let message = try decoder.next() { connection.receive(message) }
            } catch {
                connection.end("the worker's stream cannot be read: \(error)")
            }
        }

        func channelInactive(context: ChannelHandlerContext) { connection.end("its channel ended") }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            connection.end("its channel failed: \(error)")
        }
    }
}

extension ControlRequest {
    /// Whether it carries a message or packet, of which there may be more than a worker takes.
    fileprivate var isPayload: Bool {
        switch self {
        case .sendRtp, .sendRtcp, .sendFromDataProducer, .sendFromDataConsumer: true
        default: false
        }
    }
}
