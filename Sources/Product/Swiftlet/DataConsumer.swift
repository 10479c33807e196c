// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// A data producer's messages on their way to one peer, or to the application.
///
/// Lives until ``close()``, or until its data producer, transport, router or worker closes; after that every other method
/// throws ``SwiftletError/Code/closed``.
public final class DataConsumer: Sendable {
    /// Something that befell a data consumer.
    @nonexhaustive public enum Event: Hashable, Sendable {
        /// The transport, or something it lives in, is closed; the last event.
        case transportClose
        /// The data producer is closed; the last event.
        case dataProducerClose
        /// The data producer was paused.
        case dataProducerPause
        /// The data producer was resumed.
        case dataProducerResume
        /// A message for the application, on a direct transport alone.
        case message(DataMessage)
        /// A message of the data producer was dropped, because too much waits to be sent to the peer.
        case sctpSendBufferFull
        /// What waits to be sent, in bytes, has come down to the threshold.
        case bufferedAmountLow(Int)
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Hashable, Sendable {
        /// Nothing is sent on any more: it or its data producer was paused.
        case pause
        /// It sends on again: neither it nor its data producer is paused.
        case resume
        /// It is closed; the last event.
        case close
    }

    private struct State {
        var sctpStreamParameters: SctpStreamParameters?
        var paused: Bool
        var dataProducerPaused: Bool
        var subchannels: Set<UInt16>

        var isStopped: Bool { paused || dataProducerPaused }
    }

    /// Names the data consumer.
    public let id = Identifier.make()
    /// The data producer whose messages it sends on.
    public let dataProducerId: String
    /// What carries its messages.
    public let type: DataChannelType
    /// What the messages are for.
    public let label: String
    /// The protocol that the messages follow.
    public let `protocol`: String
    private let link: WorkerLink
    private let maximumMessageSize: Int
    private weak let transport: TransportBody?
    private let core: ObjectCore<Event, ObserverEvent>
    private let state: Mutex<State>

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the data consumer, or anything it lives in, is closed.
    public var closed: Bool { core.isClosed }
    /// The stream that its messages leave by, and how; `nil` on a direct transport.
    public var sctpStreamParameters: SctpStreamParameters? { state.withLock { $0.sctpStreamParameters } }
    /// Whether it is paused itself.
    public var paused: Bool { state.withLock { $0.paused } }
    /// Whether its data producer is paused.
    public var dataProducerPaused: Bool { state.withLock { $0.dataProducerPaused } }
    /// What it has subscribed to among messages that name subchannels.
    public var subchannels: Set<UInt16> { state.withLock { $0.subchannels } }

    /// What happens to the data consumer, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The data consumer's events from now on, in a sequence of the caller's own that ends with the data consumer.
    ///
    /// On a direct transport messages are among them, and a reader may fall ``EventSource/bufferedPayloads`` events or
    /// ``EventSource/bufferedPayloadBytes`` behind.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(transport: TransportBody, producer: DataProducer, options: DataConsumerOptions) {
        (dataProducerId, label, self.protocol) = (producer.id, producer.label, producer.protocol)
        let isDirect = transport.dataPath == .direct
        type = isDirect ? .direct : .sctp
        (link, self.transport, maximumMessageSize) = (transport.link, transport, transport.maxSendMessageSize)
        core = ObjectCore(
            appData: options.appData,
            payloadBytes: isDirect ? Self.payloadBytes(of:) : nil
        )
        state = Mutex(
            State(paused: options.paused, dataProducerPaused: producer.paused, subchannels: options.subchannels)
        )
    }

    // MARK: - Messages

    /// Sends a message to the peer alone, besides those of the data producer.
    ///
    /// - Parameter message: What to send; at most the transport's `maxSendMessageSize`.
    /// - Returns: How many bytes wait to be sent now, the message's included.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/sendBufferFull`` when too much waits already, with
    ///   ``SwiftletError/Code/invalidArgument`` for a message that is too long, with
    ///   ``SwiftletError/Code/invalidState`` while paused or when the peer has closed the channel, with
    ///   ``SwiftletError/Code/unsupported`` on a direct transport, whose peer is the application itself, or with
    ///   ``SwiftletError/Code/closed``.
    @discardableResult
    public func send(_ message: DataMessage) async throws(SwiftletError) -> Int {
        try requireOpen()
        try requireStream("send()")
        try message.check(atMost: maximumMessageSize, "maxSendMessageSize")
        let request = ControlRequest.sendFromDataConsumer(
            dataConsumerId: id,
            ppid: message.ppid,
            payload: message.bytes
        )
        return try await link.request(request) { if case .bufferedAmount(let amount) = $0 { amount } else { nil } }
    }

    /// How many bytes wait to be sent; 0 on a direct transport.
    public func getBufferedAmount() async throws(SwiftletError) -> Int {
        try requireOpen()
        return try await link.request(.getBufferedAmount(dataConsumerId: id)) {
            if case .bufferedAmount(let amount) = $0 { amount } else { nil }
        }
    }

    /// Sets at how many waiting bytes ``Event/bufferedAmountLow(_:)`` is told, when they become fewer.
    ///
    /// - Parameter bytes: 0, as it is at first, for when nothing waits any more; at most 4,294,967,295.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for a number out of range, with
    ///   ``SwiftletError/Code/unsupported`` on a direct transport, or with ``SwiftletError/Code/closed``.
    public func setBufferedAmountLowThreshold(_ bytes: Int) async throws(SwiftletError) {
        try requireOpen()
        try requireStream("setBufferedAmountLowThreshold()")
        let threshold = try DataConsumerOptions.threshold(bytes)
        try await link.request(.setBufferedAmountLowThreshold(dataConsumerId: id, threshold: threshold))
    }

    // MARK: - Subchannels

    /// Subscribes to these subchannels and no others.
    ///
    /// - Parameter subchannels: ``DataProducer/maximumSubchannels`` at most.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for too many, or with
    ///   ``SwiftletError/Code/closed``.
    public func setSubchannels(_ subchannels: Set<UInt16>) async throws(SwiftletError) {
        try DataProducer.check(subchannels)
        try await changeSubchannels(.setSubchannels(dataConsumerId: id, subchannels: subchannels.sorted()))
    }

    /// Subscribes to one more subchannel; a second time does nothing.
    public func addSubchannel(_ subchannel: UInt16) async throws(SwiftletError) {
        try await changeSubchannels(.addSubchannel(dataConsumerId: id, subchannel: subchannel))
    }

    /// Subscribes to a subchannel no more; one that it has not subscribed to is let be.
    public func removeSubchannel(_ subchannel: UInt16) async throws(SwiftletError) {
        try await changeSubchannels(.removeSubchannel(dataConsumerId: id, subchannel: subchannel))
    }

    // MARK: - Life

    /// Stops sending messages of the data producer on; they are lost to this peer.
    public func pause() async throws(SwiftletError) {
        try requireOpen()
        try await change(.pauseDataConsumer(id: id)) { $0.paused = true }
    }

    /// Sends messages of the data producer on again.
    public func resume() async throws(SwiftletError) {
        try requireOpen()
        try await change(.resumeDataConsumer(id: id)) { $0.paused = false }
    }

    /// What it has sent so far.
    public func getStats() async throws(SwiftletError) -> [DataConsumerStat] {
        try requireOpen()
        return try await link.request(.getDataConsumerStats(id: id)) {
            if case .dataConsumerStats(let stat) = $0 { [stat] } else { nil }
        }
    }

    /// The inside of the data consumer, for people who debug.
    public func dump() async throws(SwiftletError) -> DataConsumerDump {
        try requireOpen()
        return try await link.request(.dumpDataConsumer(id: id)) {
            if case .dataConsumerDump(let dump) = $0 { dump } else { nil }
        }
    }

    /// Ends the data consumer, and its stream; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        try? await link.request(.closeDataConsumer(id: id))
    }

    // MARK: - Told by the transport

    /// How much an event carries.
    private static func payloadBytes(of event: Event) -> Int {
        if case .message(let message) = event { message.count } else { 0 }
    }

    func begin(_ consumed: ControlReply.DataConsumed) {
        state.withLock { state in
            state.sctpStreamParameters = consumed.sctpStreamParameters
            (state.paused, state.dataProducerPaused) = (consumed.paused, consumed.dataProducerPaused)
        }
    }

    func transportClosed() { _ = end(with: .transportClose) }

    /// The worker refused it.
    func abandon() { _ = end(with: nil) }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        link.remove(id)
        transport?.removeDataConsumer(id)
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }

    private func change(
        _ request: ControlRequest,
        _ apply: @escaping @Sendable (inout State) -> Void
    ) async throws(SwiftletError) {
        try await link.request(request) { [self] reply -> Void? in
            guard case .done = reply else { return nil }
            return update(apply)
        }
    }

    private func changeSubchannels(_ request: ControlRequest) async throws(SwiftletError) {
        try requireOpen()
        try await link.request(request) { [self] reply -> Void? in
            guard case .subchannels(let subchannels) = reply else { return nil }
            return state.withLock { $0.subchannels = Set(subchannels) }
        }
    }

    /// Changes the state, and tells observers when sending stops or starts by it.
    private func update(_ apply: (inout State) -> Void) {
        let (before, after) = state.withLock { state in
            let before = state.isStopped
            apply(&state)
            return (before, state.isStopped)
        }
        if before != after { core.observers.emit(after ? .pause : .resume) }
    }

    private func requireStream(_ operation: String) throws(SwiftletError) {
        guard type == .direct else { return }
        throw SwiftletError(.unsupported, "\(operation): data consumer \(id) is on a direct transport")
    }

    private func requireOpen() throws(SwiftletError) {
        if closed { throw SwiftletError(.closed, "data consumer \(id) is closed") }
    }
}

extension DataConsumer: NotificationTarget {
    func handle(_ notification: ControlNotification) {
        switch notification {
        case .dataConsumerMessage(_, let ppid, let payload):
            core.events.emit(.message(DataMessage(ppid: ppid, payload: payload)))
        case .dataConsumerSendBufferFull:
            core.events.emit(.sctpSendBufferFull)
        case .dataConsumerBufferedAmountLow(_, let amount):
            core.events.emit(.bufferedAmountLow(amount))
        case .dataConsumerProducerClosed:
            _ = end(with: .dataProducerClose)
        case .dataConsumerProducerPaused:
            update { $0.dataProducerPaused = true }
            core.events.emit(.dataProducerPause)
        case .dataConsumerProducerResumed:
            update { $0.dataProducerPaused = false }
            core.events.emit(.dataProducerResume)
        default:
            // Of other kinds of objects.
            return
        }
    }
}
