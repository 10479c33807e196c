// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
public import SwiftletORTC
import Synchronization

/// Messages that a peer, or the application, sends into a router.
///
/// Lives until ``close()``, or until its transport, router or worker closes; after that every other method throws
/// ``SwiftletError/Code/closed``.
public final class DataProducer: Sendable {
    /// Something that befell a data producer.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The transport, or something it lives in, is closed; the last event.
        case transportClose
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Hashable, Sendable {
        /// It was paused.
        case pause
        /// It was resumed.
        case resume
        /// It is closed; the last event.
        case close
    }

    /// Subchannels that one message may name, or one data consumer may subscribe to.
    public static let maximumSubchannels = 1024

    /// Names the data producer, uniquely in its router.
    public let id: String
    /// What carries its messages.
    public let type: DataChannelType
    /// The stream that its messages come on, and how; `nil` on a direct transport.
    public let sctpStreamParameters: SctpStreamParameters?
    /// What the messages are for.
    public let label: String
    /// The protocol that the messages follow.
    public let `protocol`: String
    private let link: WorkerLink
    private let maximumMessageSize: Int
    private weak let transport: TransportBody?
    private weak let router: Router?
    private let core: ObjectCore<Event, ObserverEvent>
    private let isPaused: Mutex<Bool>

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the data producer, or anything it lives in, is closed.
    public var closed: Bool { core.isClosed }
    /// Whether it is paused.
    public var paused: Bool { isPaused.withLock { $0 } }

    /// What happens to the data producer, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The data producer's events from now on, in a sequence of the caller's own that ends with the data producer.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(
        id: String,
        transport: TransportBody,
        router: Router,
        options: DataProducerOptions,
        sctpStreamParameters: SctpStreamParameters?
    ) {
        (self.id, self.sctpStreamParameters) = (id, sctpStreamParameters)
        type = transport.dataPath == .direct ? .direct : .sctp
        (label, self.protocol) = (options.label, options.protocol)
        (link, self.transport, self.router) = (transport.link, transport, router)
        maximumMessageSize = transport.maxReceiveMessageSize
        core = ObjectCore(appData: options.appData)
        isPaused = Mutex(options.paused)
    }

    /// Sends a message to the data consumers; on a direct transport, where the application is the peer.
    ///
    /// Where `subchannels` or `requiredSubchannel` are given, only those data consumers get it that have subscribed to
    /// one of the former and to the latter; whoever has subscribed to `ignoredSubchannel` does not get it in any case.
    /// While the data producer is paused, nobody gets it. Messages of calls that follow each other arrive in that order.
    ///
    /// - Parameters:
    ///   - message: What to send; at most the transport's `maxReceiveMessageSize`.
    ///   - subchannels: One of these has to be subscribed to; ``maximumSubchannels`` at most, and none is as good as `nil`.
    ///   - requiredSubchannel: This has to be subscribed to.
    ///   - ignoredSubchannel: This must not be subscribed to.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/unsupported`` where a peer sends, with
    ///   ``SwiftletError/Code/invalidArgument`` for a message that is too long or too many subchannels, with
    ///   ``SwiftletError/Code/sendBufferFull`` when 16 MiB wait for the worker already, or with
    ///   ``SwiftletError/Code/closed``.
    public func send(
        _ message: DataMessage,
        subchannels: Set<UInt16>? = nil,
        requiredSubchannel: UInt16? = nil,
        ignoredSubchannel: UInt16? = nil
    ) async throws(SwiftletError) {
        try requireOpen()
        guard type == .direct else {
            throw SwiftletError(.unsupported, "send(): data producer \(id) is not on a direct transport")
        }
        try message.check(atMost: maximumMessageSize, "maxReceiveMessageSize")
        if let subchannels { try Self.check(subchannels) }
        let request = ControlRequest.SendFromDataProducer(
            dataProducerId: id,
            ppid: message.ppid,
            payload: message.bytes,
            subchannels: subchannels.map { $0.sorted() },
            requiredSubchannel: requiredSubchannel,
            ignoredSubchannel: ignoredSubchannel
        )
        try await link.request(.sendFromDataProducer(request))
    }

    /// Refuses more subchannels than a worker takes.
    static func check(_ subchannels: Set<UInt16>) throws(SwiftletError) {
        guard subchannels.count > maximumSubchannels else { return }
        throw SwiftletError(
            .invalidArgument,
            "subchannels has \(subchannels.count) entries, more than \(maximumSubchannels)"
        )
    }

    /// Drops messages from now on.
    public func pause() async throws(SwiftletError) { try await setPaused(true) }

    /// Sends messages on to every data consumer again.
    public func resume() async throws(SwiftletError) { try await setPaused(false) }

    /// What it has received so far.
    public func getStats() async throws(SwiftletError) -> [DataProducerStat] {
        try requireOpen()
        return try await link.request(.getDataProducerStats(id: id)) {
            if case .dataProducerStats(let stat) = $0 { [stat] } else { nil }
        }
    }

    /// The inside of the data producer, for people who debug.
    public func dump() async throws(SwiftletError) -> DataProducerDump {
        try requireOpen()
        return try await link.request(.dumpDataProducer(id: id)) {
            if case .dataProducerDump(let dump) = $0 { dump } else { nil }
        }
    }

    /// Ends the data producer and every data consumer of it; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await link.request(.closeDataProducer(id: id))
    }

    // MARK: - Told by the transport

    func transportClosed() { _ = end(with: .transportClose) }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        transport?.removeDataProducer(id)
        router?.removeDataProducer(id)
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }

    private func setPaused(_ paused: Bool) async throws(SwiftletError) {
        try requireOpen()
        try await link.request(paused ? .pauseDataProducer(id: id) : .resumeDataProducer(id: id)) {
            [self] reply -> Void? in
            guard case .done = reply else { return nil }
            let changed = isPaused.withLock { isPaused in
                defer { isPaused = paused }
                return isPaused != paused
            }
            if changed { core.observers.emit(paused ? .pause : .resume) }
            return ()
        }
    }

    private func requireOpen() throws(SwiftletError) {
        if closed { throw SwiftletError(.closed, "data producer \(id) is closed") }
    }
}
