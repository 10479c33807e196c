// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// What a server uses, at one time.
package struct ServerSample: Sendable {
    package var at: ContinuousClock.Instant
    /// Seconds of processor time of the server's own process.
    package var serverCPU = 0.0
    /// The same of each worker.
    package var workerCPU: [String: Double] = [:]
    /// Resident bytes of all.
    package var bytes = 0.0

    /// Nothing used yet.
    package init(at: ContinuousClock.Instant) { self.at = at }

    /// Cores that were busy between an earlier sample and this one: all together, and of the busiest worker; a worker
    /// that was replaced meanwhile counts from its beginning.
    package func cores(since earlier: ServerSample) -> (all: Double, busiest: Double)? {
        let seconds = (at - earlier.at).seconds
        guard seconds > 0.1 else { return nil }
        func grown(_ now: Double, _ before: Double) -> Double { now >= before ? now - before : now }
        var (all, busiest) = (grown(serverCPU, earlier.serverCPU), 0.0)
        for (worker, now) in workerCPU {
            let used = grown(now, earlier.workerCPU[worker] ?? 0)
            all += used
            busiest = max(busiest, used)
        }
        return (all / seconds, busiest / seconds)
    }
}

/// Reads a server's metrics.
package struct MetricsReader: Sendable {
    /// Why there are none.
    package struct Failure: Error {
        package var reason: String
    }

    /// Bytes of an answer at most.
    static let maximumBytes = 8 << 20
    /// What an answer may take.
    static let patience = TimeAmount.seconds(2)

    private let host: String
    private let port: Int
    private let target: String

    /// - Parameter text: An `http` URL; ``LoadPlan/validate()`` has looked at it.
    package init?(_ text: String) {
        guard let url = URLComponents(string: text), let host = url.host else { return nil }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = url.port ?? 80
        let path = url.percentEncodedPath.isEmpty ? "/metrics" : url.percentEncodedPath
        target = path + (url.percentEncodedQuery.map { "?\($0)" } ?? "")
    }

    /// Asks once.
    func read() async throws(Failure) -> ServerSample {
        let text = try await text()
        guard let cpu = text.sum("process_cpu_seconds_total") else {
            throw Failure(reason: "http://\(host):\(port)\(target) says nothing of process_cpu_seconds_total")
        }
        var sample = ServerSample(at: .now)
        sample.serverCPU = cpu
        sample.workerCPU = text.values("swiftlet_worker_cpu_seconds_total", by: "pid")
        sample.bytes =
            (text.sum("process_resident_memory_bytes") ?? 0) + (text.sum("swiftlet_worker_resident_memory_bytes") ?? 0)
        return sample
    }

    /// Asks once for everything.
    package func text() async throws(Failure) -> PrometheusText { PrometheusText(try await fetch()) }

    private func fetch() async throws(Failure) -> String {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(Self.patience)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(
                            IdleStateHandler(readTimeout: Self.patience)
                        )
                        try channel.pipeline.syncOperations.addHandler(IdleCloser())
                        return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                            wrappingChannelSynchronously: channel
                        )
                    }
                }
            return try await channel.executeThenClose { inbound, outbound in
                var headers = HTTPHeaders()
                headers.add(name: "Host", value: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
                headers.add(name: "Connection", value: "close")
                let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target, headers: headers)
                try await outbound.write(.head(head))
                try await outbound.write(.end(nil))
                return try await Self.body(of: inbound)
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(reason: "http://\(host):\(port)\(target) cannot be read: \(error)")
        }
    }

    private static func body(of parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>) async throws -> String {
        var bytes = ByteBuffer()
        for try await part in parts {
            switch part {
            case .head(let head):
                guard head.status == .ok else { throw Failure(reason: "the metrics address answers \(head.status)") }
            case .body(var more):
                guard bytes.readableBytes + more.readableBytes <= maximumBytes else {
                    throw Failure(reason: "the metrics are over \(maximumBytes) bytes long")
                }
                bytes.writeBuffer(&more)
            case .end: return String(buffer: bytes)
            }
        }
        throw Failure(reason: "the answer of the metrics address broke off")
    }
}

/// Ends a connection on which nothing comes.
private final class IdleCloser: ChannelInboundHandler, Sendable {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.fireErrorCaught(MetricsReader.Failure(reason: "the metrics address takes too long to answer"))
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
