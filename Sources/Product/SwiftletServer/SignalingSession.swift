// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SwiftletSignaling
import SwiftletWebSockets
import Synchronization

/// One peer's connection: requests and notifications both ways.
final class SignalingSession: Sendable {
    private struct Pending {
        let continuation: CheckedContinuation<Result<FrameData, SignalingError>, Never>
        let timeout: Task<Void, Never>
    }

    private struct State {
        var pending: [Int: Pending] = [:]
        var lastId = 0
        var isEnded = false
    }

    /// The room that the peer is in.
    let roomId: String
    /// The peer.
    let peerId: String
    /// Logs with room and peer.
    let logger: Logger
    private let connection: WebSocketConnection
    private let state = Mutex(State())

    init(connection: WebSocketConnection, ticket: Admission.Ticket, logger: Logger) {
        (self.connection, roomId, peerId) = (connection, ticket.roomId, ticket.peerId)
        var logger = logger
        logger[metadataKey: "room"] = "\(ticket.roomId)"
        logger[metadataKey: "peer"] = "\(ticket.peerId)"
        self.logger = logger
    }

    // MARK: To the client

    /// Answers a request with what was asked for.
    func grant(_ id: Int, _ data: some Encodable) { connection.offer(SignalingFrame.success(id: id, data)) }

    /// Answers a request with why not.
    func refuse(_ id: Int, _ error: SignalingError) { connection.offer(SignalingFrame.failure(id: id, error)) }

    /// Tells the client something.
    func notify(_ method: String, _ data: some Encodable) {
        connection.offer(SignalingFrame.notification(method, data))
    }

    /// Sends a frame that is written already, because many get the same.
    func send(_ text: String) { connection.offer(text) }

    /// Asks the client for something, and waits for its answer.
    ///
    /// - Throws: What the client says against it, or 408 when it says nothing in time, or the connection ends.
    func request(_ method: String, _ data: some Encodable & Sendable) async throws(SignalingError) {
        let result = await withCheckedContinuation { continuation in
            let id: Int? = state.withLock { state in
                guard !state.isEnded else { return nil }
                state.lastId += 1
                let id = state.lastId
                // protoo's rule: the more are open, the longer each may take.
                let limit = Duration.milliseconds(1_500 * 15 + 150 * state.pending.count)
                let timeout = Task { [weak self] in
                    guard (try? await Task.sleep(for: limit)) != nil else { return }
                    self?.resolve(id, .failure(SignalingError(408, "no answer to \(method) within \(limit)")))
                }
                state.pending[id] = Pending(continuation: continuation, timeout: timeout)
                return id
            }
            guard let id else { return continuation.resume(returning: .failure(Self.gone)) }
            connection.offer(SignalingFrame.request(id: id, method, data))
        }
        _ = try result.get()
    }

    /// Ends the connection; see ``SignalingCloseCode``.
    func close(code: UInt16, reason: String) { connection.close(code: code, reason: reason) }

    // MARK: From the client

    /// Handles what the client sends, in order, until the connection ends.
    func run(in room: Room) async {
        for await text in connection.messages {
            do throws(SignalingFrame.Malformed) {
                switch try SignalingFrame.parse(text) {
                case .request(let id, let method, let data): await room.handle(id, method, data, from: self)
                case .response(let id, let result): resolve(id, result)
                case .notification(let method, _):
                    logger.debug("notification ignored", metadata: ["method": "\(method)"])
                }
            } catch {
                logger.debug("malformed message", metadata: ["reason": "\(error.reason)"])
                if let id = error.id {
                    refuse(id, SignalingError(400, error.reason))
                } else {
                    notify("protocolError", ReasonNotice(reason: error.reason))
                }
            }
        }
        end()
        let closure = connection.closure
        logger.info(
            "peer disconnected",
            metadata: ["code": "\(closure?.code ?? 1006)", "reason": "\(closure?.reason ?? "the connection broke")"]
        )
    }

    private static let gone = SignalingError(500, "the connection ended")

    private func end() {
        let pending = state.withLock { state in
            state.isEnded = true
            defer { state.pending = [:] }
            return Array(state.pending.values)
        }
        for request in pending {
            request.timeout.cancel()
            request.continuation.resume(returning: .failure(Self.gone))
        }
    }

    private func resolve(_ id: Int, _ result: Result<FrameData, SignalingError>) {
        guard let request = state.withLock({ $0.pending.removeValue(forKey: id) }) else { return }
        request.timeout.cancel()
        request.continuation.resume(returning: result)
    }
}
