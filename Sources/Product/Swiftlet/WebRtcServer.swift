// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// One UDP and one TCP port, or a few, that many transports of one worker share.
public final class WebRtcServer: Sendable {
    /// Something that befell a server.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The worker was closed or died; the last event.
        case workerClose
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Sendable {
        /// A transport listens on the server.
        case webRtcTransportHandled(WebRtcTransport)
        /// A transport of the server is closed.
        case webRtcTransportUnhandled(WebRtcTransport)
        /// The server is closed; the last event.
        case close
    }

    /// Names the server.
    public let id: String
    /// Where it listens, in the order of its listen infos.
    public let addresses: [ListenAddress]
    let link: WorkerLink
    private weak let worker: Worker?
    private let core: ObjectCore<Event, ObserverEvent>
    private let transports = Mutex<[String: WebRtcTransport]>([:])

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the server, or its worker, is closed.
    public var closed: Bool { core.isClosed }

    /// What happens on the server, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The server's events from now on, in a sequence of the caller's own that ends with the server.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(id: String, worker: Worker, addresses: [ListenAddress], appData: JSONValue) {
        (self.id, self.addresses) = (id, addresses)
        (self.worker, link) = (worker, worker.link)
        core = ObjectCore(appData: appData)
    }

    /// Closes the server and its transports; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await link.request(.closeWebRtcServer(id: id))
    }

    /// The inside of the server, for people who debug.
    public func dump() async throws(SwiftletError) -> WebRtcServerDump {
        guard !closed else { throw SwiftletError(.closed, "WebRtcServer \(id) is closed") }
        return try await link.request(.dumpWebRtcServer(id: id)) {
            if case .webRtcServerDump(let dump) = $0 { dump } else { nil }
        }
    }

    func workerClosed() { _ = end(with: .workerClose) }

    func add(_ transport: WebRtcTransport) {
        transports.withLock { $0[transport.id] = transport }
        core.observers.emit(.webRtcTransportHandled(transport))
    }

    func remove(_ transport: WebRtcTransport) {
        guard transports.withLock({ $0.removeValue(forKey: transport.id) }) != nil else { return }
        core.observers.emit(.webRtcTransportUnhandled(transport))
    }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        worker?.removeServer(id)
        for transport in transports.withLock({ Array($0.values) }) { transport.listenServerClosed() }
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }
}
