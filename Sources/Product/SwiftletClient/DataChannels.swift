// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import Synchronization

/// A message of a data channel.
public struct DataMessage: Hashable, Sendable {
    /// Its bytes; of a text those of UTF-8.
    public let bytes: [UInt8]
    /// Whether it was sent as text.
    public let isText: Bool
    /// When it came out of the association, in nanoseconds since 1970.
    public let arrival: Int64

    /// The text, or `nil` for binary data.
    public var text: String? { isText ? String(decoding: bytes, as: UTF8.self) : nil }

    package init(bytes: [UInt8], isText: Bool, arrival: Int64) {
        (self.bytes, self.isText, self.arrival) = (bytes, isText, arrival)
    }
}

/// A data channel by which a client sends.
public final class DataPublication: Sendable {
    /// The data producer's id.
    public let id: String
    /// What it is for.
    public let label: String
    /// The sub-protocol.
    public let `protocol`: String
    private let stream: UInt16
    private let core: ClientCore

    init(id: String, label: String, protocol: String, stream: UInt16, core: ClientCore) {
        (self.id, self.label, self.protocol) = (id, label, `protocol`)
        (self.stream, self.core) = (stream, core)
    }

    /// Sends binary data.
    ///
    /// It returns once the association has taken the message, which waits there for the connection and the network. At
    /// most 2 MB wait in all channels of a client together, or one message where the server takes longer ones.
    ///
    /// - Throws: ``SwiftletClientError`` with `bufferFull` when too much waits (see ``drain(to:)``), `messageTooLong`,
    ///   `mediaLost` or `closed`.
    public func send(_ bytes: [UInt8]) async throws(SwiftletClientError) {
        try await core.send(bytes, isText: false, on: stream)
    }

    /// Sends text.
    ///
    /// - Throws: As for bytes.
    public func send(_ text: String) async throws(SwiftletClientError) {
        try await core.send(Array(text.utf8), isText: true, on: stream)
    }

    /// Bytes that were taken and have not left yet.
    public var bufferedAmount: Int { get async { await core.bufferedAmount(of: stream) } }

    /// Waits until few enough bytes are left, so that who sends much paces itself.
    ///
    /// - Parameter bytes: How many may be left.
    /// - Throws: ``SwiftletClientError`` with `mediaLost`, or `closed`, also when the channel is closed meanwhile;
    ///   `resources` when 64 wait for this channel already.
    public func drain(to bytes: Int = 0) async throws(SwiftletClientError) { try await core.drain(stream, to: bytes) }

    /// What was sent so far.
    public func statistics() async -> DataStatistics {
        await core.statistics().dataPublications[id] ?? DataStatistics()
    }

    /// Ends it, once what waits has been sent; ending again does nothing.
    ///
    /// - Throws: ``SwiftletClientError`` with `rejected`, `timeout` or `connectionLost`.
    public func close() async throws(SwiftletClientError) { try await core.unpublishData(id, stream) }
}

/// A data channel by which a client receives.
public final class DataSubscription: Sendable {
    /// What comes, in order, until the channel or the client ends.
    ///
    /// At most 1024 messages and 1 MiB wait to be read; what comes then is dropped and counted, so a slow reader never
    /// holds up the network. There is one such queue: two readers share what comes.
    public struct Messages: AsyncSequence, Sendable {
        /// Takes messages out of the queue.
        public struct Iterator: AsyncIteratorProtocol {
            var base: AsyncStream<DataMessage>.Iterator
            let inbox: DataInbox

            /// The next message; `nil` at the end.
            public mutating func next(isolation actor: isolated (any Actor)?) async -> DataMessage? {
                guard let message = await base.next(isolation: actor) else { return nil }
                inbox.noteTaken(message)
                return message
            }
        }

        let inbox: DataInbox

        /// Begins to read.
        public func makeAsyncIterator() -> Iterator { Iterator(base: inbox.stream.makeAsyncIterator(), inbox: inbox) }
    }

    /// The data consumer's id.
    public let id: String
    /// The data producer's id.
    public let dataProducerId: String
    /// Who sends.
    public let peer: String
    /// What it is for.
    public let label: String
    /// The sub-protocol.
    public let `protocol`: String
    /// Whether messages come in the order in which they were sent.
    public let isOrdered: Bool
    let inbox: DataInbox
    private let core: ClientCore

    init(
        id: String,
        dataProducerId: String,
        peer: String,
        label: String,
        protocol: String,
        isOrdered: Bool,
        keepsMessages: Bool,
        core: ClientCore
    ) {
        (self.id, self.dataProducerId, self.peer) = (id, dataProducerId, peer)
        (self.label, self.protocol, self.isOrdered, self.core) = (label, `protocol`, isOrdered, core)
        inbox = DataInbox(isOpen: keepsMessages)
    }

    /// The messages; with ``ClientOptions/keepsMessages`` off there are none, and they are only counted.
    public var messages: Messages { Messages(inbox: inbox) }

    /// What was received so far.
    public func statistics() async -> DataStatistics {
        await core.statistics().dataSubscriptions[id] ?? DataStatistics()
    }

    /// Receives nothing any more; ending again does nothing.
    public func close() async { await core.unsubscribeData(id) }
}

/// Messages that wait for their reader.
final class DataInbox: Sendable {
    private struct State {
        var messages = 0
        var bytes = 0
        var dropped: UInt64 = 0
    }

    /// Messages that wait at most.
    static let maximumMessages = 1024
    /// Bytes that wait at most, unless one message alone is longer.
    static let maximumBytes = 1 << 20

    let stream: AsyncStream<DataMessage>
    private let continuation: AsyncStream<DataMessage>.Continuation
    private let isOpen: Bool
    private let state = Mutex(State())

    /// - Parameter isOpen: Whether anything is kept.
    init(isOpen: Bool) {
        self.isOpen = isOpen
        // Bounded here, by number and by bytes.
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// Messages for which there was no room.
    var dropped: UInt64 { state.withLock { $0.dropped } }

    func put(_ message: DataMessage) {
        guard isOpen else { return }
        let isTaken = state.withLock { state in
            let fits =
                state.messages < Self.maximumMessages && state.bytes + message.bytes.count <= Self.maximumBytes
            guard fits || state.messages == 0 else {
                state.dropped &+= 1
                return false
            }
            state.messages += 1
            state.bytes += message.bytes.count
            return true
        }
        if isTaken { continuation.yield(message) }
    }

    func noteTaken(_ message: DataMessage) {
        state.withLock { state in
            state.messages -= 1
            state.bytes -= message.bytes.count
        }
    }

    func finish() { continuation.finish() }
}
