// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC

/// What a direct transport is made with.
public struct DirectTransportOptions: Sendable {
    /// The longest message that the application is handed, in bytes, from 1 to 16 MiB; a longer one is dropped.
    public var maxSendMessageSize: Int
    /// The longest message that the application may send, in bytes, from 1 to 16 MiB.
    public var maxReceiveMessageSize: Int
    /// The application's own data.
    public var appData: JSONValue

    /// Options for a direct transport, all of them with a default.
    public init(
        maxSendMessageSize: Int = 262_144,
        maxReceiveMessageSize: Int = 262_144,
        appData: JSONValue = [:]
    ) {
        (self.maxSendMessageSize, self.maxReceiveMessageSize) = (maxSendMessageSize, maxReceiveMessageSize)
        self.appData = appData
    }
}

/// A way into a router and out of it for the application itself, without a network.
///
/// What is consumed here arrives as events, RTP by ``Consumer/Event/rtp(_:)`` and messages by
/// ``DataConsumer/Event/message(_:)``; what is produced here is sent by ``Producer/send(rtp:)`` and
/// ``DataProducer/send(_:subchannels:requiredSubchannel:ignoredSubchannel:)``. It is for messages and for a few streams:
/// every packet passes between two processes.
public final class DirectTransport: Transport {
    /// Something that befell a direct transport.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The router, or its worker, is closed; the last event.
        case routerClose
        /// RTCP about the transport's producers and consumers, one compound packet.
        case rtcp([UInt8])
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Sendable {
        /// A producer was created.
        case newProducer(Producer)
        /// A consumer was created.
        case newConsumer(Consumer)
        /// A data producer was created.
        case newDataProducer(DataProducer)
        /// A data consumer was created.
        case newDataConsumer(DataConsumer)
        /// The transport is closed; the last event.
        case close
    }

    let body: TransportBody
    private let core: ObjectCore<Event, ObserverEvent>

    /// Names the transport.
    public var id: String { body.id }
    /// ``TransportType/direct``.
    public var type: TransportType { body.type }
    /// The longest message that the application is handed, in bytes.
    public var maxSendMessageSize: Int { body.maxSendMessageSize }
    /// The longest message that the application may send, in bytes.
    public var maxReceiveMessageSize: Int { body.maxReceiveMessageSize }

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the transport, or anything it lives in, is closed.
    public var closed: Bool { core.isClosed }

    /// What happens on the transport, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The transport's events from now on, in a sequence of the caller's own that ends with the transport.
    ///
    /// A reader may fall ``EventSource/bufferedPayloads`` events or ``EventSource/bufferedPayloadBytes`` behind.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(router: Router, options: DirectTransportOptions) {
        body = TransportBody(
            router: router,
            type: .direct,
            dataPath: .direct,
            maxSendMessageSize: options.maxSendMessageSize,
            maxReceiveMessageSize: options.maxReceiveMessageSize
        )
        core = ObjectCore(
            appData: options.appData,
            payloadBytes: { if case .rtcp(let packet) = $0 { packet.count } else { 0 } }
        )
    }

    /// Takes media from the application into the router.
    public func produce(_ options: ProducerOptions) async throws(SwiftletError) -> Producer {
        let producer = try await body.produce(options)
        core.observers.emit(.newProducer(producer))
        return producer
    }

    /// Hands a producer's media to the application.
    public func consume(_ options: ConsumerOptions) async throws(SwiftletError) -> Consumer {
        let consumer = try await body.consume(options)
        core.observers.emit(.newConsumer(consumer))
        return consumer
    }

    /// Hands many producers' media to the application.
    public func consume(
        _ options: [ConsumerOptions]
    ) async throws(SwiftletError) -> [Result<Consumer, SwiftletError>] {
        let results = try await body.consume(options)
        for case .success(let consumer) in results { core.observers.emit(.newConsumer(consumer)) }
        return results
    }

    /// Takes messages from the application into the router.
    public func produceData(_ options: DataProducerOptions = .init()) async throws(SwiftletError) -> DataProducer {
        let producer = try await body.produceData(options)
        core.observers.emit(.newDataProducer(producer))
        return producer
    }

    /// Hands a data producer's messages to the application.
    public func consumeData(_ options: DataConsumerOptions) async throws(SwiftletError) -> DataConsumer {
        let consumer = try await body.consumeData(options)
        core.observers.emit(.newDataConsumer(consumer))
        return consumer
    }

    /// Sends RTCP about the transport's producers and consumers, such as a request for a key frame.
    ///
    /// - Parameter packet: A compound packet, RFC 3550 §6.1, in the clear.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for what is no RTCP, with
    ///   ``SwiftletError/Code/sendBufferFull`` when 16 MiB wait for the worker already, or with
    ///   ``SwiftletError/Code/closed``.
    public func sendRtcp(_ packet: [UInt8]) async throws(SwiftletError) {
        try body.requireOpen()
        try await body.link.request(.sendRtcp(transportId: id, packet: packet))
    }

    /// What the transport has seen so far.
    public func getStats() async throws(SwiftletError) -> [DirectTransportStat] {
        try body.requireOpen()
        return try await body.link.request(.getDirectTransportStats(id: id)) {
            if case .directTransportStats(let stat) = $0 { [stat] } else { nil }
        }
    }

    /// The inside of the transport, for people who debug.
    public func dump() async throws(SwiftletError) -> DirectTransportDump {
        try body.requireOpen()
        return try await body.link.request(.dumpDirectTransport(id: id)) {
            if case .directTransportDump(let dump) = $0 { dump } else { nil }
        }
    }

    /// Closes the transport with everything in it; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await body.link.request(.closeTransport(id: id))
    }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        body.close()
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }
}

extension DirectTransport: RouterMember {
    func routerClosed() { _ = end(with: .routerClose) }
}

extension DirectTransport: NotificationTarget {
    func handle(_ notification: ControlNotification) {
        guard case .transportRtcp(_, let packet) = notification else { return }
        core.events.emit(.rtcp(packet))
    }
}
