// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import SwiftletSignaling
import SwiftletWebSockets
import Synchronization

/// A client's signalling connection: requests and their answers, and what the server asks and tells.
final class SignalingLink: Sendable {
    /// What the server says of itself.
    enum Incoming: Sendable {
        case request(id: Int, method: String, data: FrameData)
        case notification(method: String, data: FrameData)
    }

    private struct Pending {
        let continuation: CheckedContinuation<Result<FrameData, SwiftletClientError>, Never>
        let timeout: Task<Void, Never>
    }

    private struct State {
        var pending: [Int: Pending] = [:]
        var lastId = 0
        var isEnded = false
    }

    private let connection: WebSocketConnection
    private let timeout: Duration
    private let state = Mutex(State())

    private init(_ connection: WebSocketConnection, timeout: Duration) {
        (self.connection, self.timeout) = (connection, timeout)
    }

    /// Opens the connection.
    ///
    /// - Parameters:
    ///   - text: The server's URL: `ws`, `wss`, `http` or `https`.
    ///   - room: The room's id.
    ///   - peer: The peer's id.
    ///   - options: Query, headers and timeouts.
    /// - Returns: The connection, whose ``run(_:)`` has to be called.
    /// - Throws: `invalidURL`, `invalidSource` for trusted certificates that cannot be read, `refused` or `unreachable`.
    static func open(
        _ text: String,
        room: String,
        peer: String,
        _ options: ClientOptions
    ) async throws(SwiftletClientError) -> SignalingLink {
        guard var url = URLComponents(string: text), let host = url.host, !host.isEmpty,
            let scheme = url.scheme?.lowercased(), ["ws", "wss", "http", "https"].contains(scheme)
        else { throw SwiftletClientError(.invalidURL, "\(text) is no URL of a server") }
        let isSecure = scheme == "wss" || scheme == "https"
        var items =
            (url.queryItems ?? []) + [
                URLQueryItem(name: "roomId", value: room), URLQueryItem(name: "peerId", value: peer),
            ]
        items += options.query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        url.queryItems = items
        // A plus sign is a space to many servers.
        let query = (url.percentEncodedQuery ?? "").replacing("+", with: "%2B")
        let path = url.percentEncodedPath.isEmpty ? "/" : url.percentEncodedPath
        var limits = WebSocketLimits()
        // What the server sends is bounded by its own rules; a room of 200 has much to say at once.
        (limits.messagesPerSecond, limits.messageBurst, limits.waitingMessages) = (1e6, 1e6, 1 << 16)
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let tls = isSecure ? try tlsContext(options) : nil
        do {
            let connection = try await WebSocketClient.connect(
                host: bare,
                port: url.port ?? (isSecure ? 443 : 80),
                target: "\(path)?\(query)",
                subprotocol: SignalingFrame.subprotocol,
                headers: options.headers.map { ($0.key, $0.value) },
                limits: limits,
                on: MultiThreadedEventLoopGroup.singleton
            ) { channel in
                guard let tls else { return }
                let isName = (try? SocketAddress(ipAddress: bare, port: 0)) == nil
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLClientHandler(context: tls, serverHostname: isName ? bare : nil)
                )
            }
            return SignalingLink(connection, timeout: options.requestTimeout)
        } catch let refusal as WebSocketClient.Refusal {
            throw SwiftletClientError(.refused, "\(refusal.status): \(refusal.reason)")
        } catch {
            throw SwiftletClientError(.unreachable, "\(host): \(error)")
        }
    }

    private static func tlsContext(_ options: ClientOptions) throws(SwiftletClientError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if !options.verifiesCertificate { configuration.certificateVerification = .none }
        do {
            if let file = options.trustedCertificates {
                configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(file))]
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw SwiftletClientError(.invalidSource, "\(options.trustedCertificates ?? "TLS"): \(error)")
        }
    }

    /// Why it ended.
    var closure: WebSocketConnection.Closure? { connection.closure }

    /// Handles what comes, in order, until the connection ends.
    func run(_ handle: (Incoming) async -> Void) async {
        for await text in connection.messages {
            guard let frame = try? SignalingFrame.parse(text) else { continue }
            switch frame {
            case .request(let id, let method, let data): await handle(.request(id: id, method: method, data: data))
            case .notification(let method, let data): await handle(.notification(method: method, data: data))
            case .response(let id, let result):
                resolve(id, result.mapError { SwiftletClientError(.rejected, "\($0)") })
            }
        }
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

    /// Asks, and waits for the answer.
    ///
    /// - Throws: `rejected`, `timeout` or `connectionLost`.
    func ask<Answer: Decodable>(
        _ method: String,
        _ data: some Encodable & Sendable,
        as type: Answer.Type = Answer.self
    ) async throws(SwiftletClientError) -> Answer {
        let limit = timeout
        let result = await withCheckedContinuation { continuation in
            let id: Int? = state.withLock { state in
                guard !state.isEnded else { return nil }
                state.lastId += 1
                let id = state.lastId
                let timeout = Task { [weak self] in
                    guard (try? await Task.sleep(for: limit)) != nil else { return }
                    self?.resolve(id, .failure(SwiftletClientError(.timeout, "no answer to \(method) within \(limit)")))
                }
                state.pending[id] = Pending(continuation: continuation, timeout: timeout)
                return id
            }
            guard let id else { return continuation.resume(returning: .failure(Self.gone)) }
            connection.offer(SignalingFrame.request(id: id, method, data))
        }
        let answer = try result.get()
        do throws(SignalingError) {
            return try answer.decode(type)
        } catch {
            throw SwiftletClientError(.rejected, "the answer to \(method) cannot be read: \(error)")
        }
    }

    /// Asks for something that is answered with nothing.
    func ask(_ method: String, _ data: some Encodable & Sendable) async throws(SwiftletClientError) {
        _ = try await ask(method, data, as: Nothing.self)
    }

    /// Grants a request of the server.
    func grant(_ id: Int) { connection.offer(SignalingFrame.success(id: id, Nothing())) }

    /// Refuses one.
    func refuse(_ id: Int, _ code: Int, _ reason: String) {
        connection.offer(SignalingFrame.failure(id: id, SignalingError(code, reason)))
    }

    /// Leaves.
    func close() { connection.close(code: 1000, reason: "leaving") }

    private static let gone = SwiftletClientError(.connectionLost, "the signalling connection ended")

    private func resolve(_ id: Int, _ result: Result<FrameData, SwiftletClientError>) {
        guard let request = state.withLock({ $0.pending.removeValue(forKey: id) }) else { return }
        request.timeout.cancel()
        request.continuation.resume(returning: result)
    }
}
