// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// Who is at the other end of a transport.
@nonexhaustive public enum TransportType: String, Codable, Hashable, Sendable {
    /// A peer over ICE and DTLS: a ``WebRtcTransport``.
    case webRtc = "webrtc"
    /// The application: a ``DirectTransport``.
    case direct
}

/// A way into a router and out of it, for media and messages.
///
/// It lives until ``close()``, or until its router or worker closes; after that every other method throws
/// ``SwiftletError/Code/closed``.
public protocol Transport: AnyObject, Sendable {
    /// Names the transport.
    var id: String { get }
    /// Who is at its other end.
    var type: TransportType { get }
    /// The application's own data.
    var appData: JSONValue { get set }
    /// Whether the transport, or anything it lives in, is closed.
    var closed: Bool { get }

    /// Takes media into the router.
    ///
    /// - Parameter options: What is going to be sent.
    /// - Returns: The producer.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` or ``SwiftletError/Code/unsupported`` for
    ///   bad parameters or a codec that the router lacks, with ``SwiftletError/Code/alreadyExists`` for an id, SSRC, MID
    ///   or RID in use, or with ``SwiftletError/Code/closed``.
    func produce(_ options: ProducerOptions) async throws(SwiftletError) -> Producer

    /// Sends a producer's media out of the router.
    ///
    /// - Parameter options: Which producer, and what can be received.
    /// - Returns: The consumer, whose parameters the receiver has to be told.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/notFound`` for an unknown producer, with
    ///   ``SwiftletError/Code/unsupported`` when no codec is common, with ``SwiftletError/Code/invalidArgument`` for bad
    ///   capabilities, layers below 0, a MID in use or a payload type that has another meaning here, or with
    ///   ``SwiftletError/Code/closed``.
    func consume(_ options: ConsumerOptions) async throws(SwiftletError) -> Consumer

    /// Sends many producers' media out of the router at once, as for somebody who joins a room.
    ///
    /// Each consumer is made or refused by itself, for the reasons that ``consume(_:)-(ConsumerOptions)`` names; one that
    /// is refused changes nothing for the others. It costs a fraction of asking for them one by one.
    ///
    /// - Parameter options: Which producers, and what can be received; at most ``ConsumerOptions/maximumCount``.
    /// - Returns: What became of each, in their order.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` when there are too many, or with
    ///   ``SwiftletError/Code/closed``.
    func consume(_ options: [ConsumerOptions]) async throws(SwiftletError) -> [Result<Consumer, SwiftletError>]

    /// Takes messages into the router.
    ///
    /// - Parameter options: How the messages are going to come.
    /// - Returns: The data producer.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/unsupported`` where data channels are not enabled, with
    ///   ``SwiftletError/Code/invalidArgument`` for `sctpStreamParameters` that are missing, out of place or contradict
    ///   themselves, or a label or protocol that is too long, with ``SwiftletError/Code/alreadyExists`` for an id or
    ///   stream in use, or with ``SwiftletError/Code/closed``.
    func produceData(_ options: DataProducerOptions) async throws(SwiftletError) -> DataProducer

    /// Sends a data producer's messages out of the router.
    ///
    /// - Parameter options: Which data producer, and how the messages are to travel.
    /// - Returns: The data consumer, whose stream the receiver has to be told.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/notFound`` for a data producer that the router does not have,
    ///   with ``SwiftletError/Code/unsupported`` where data channels are not enabled and for options of streams on a
    ///   direct transport, with ``SwiftletError/Code/invalidArgument`` for options that contradict themselves, with
    ///   ``SwiftletError/Code/invalidState`` for one to open in band before the transport is connected, with
    ///   ``SwiftletError/Code/alreadyExists`` for a stream in use, with ``SwiftletError/Code/limitReached`` when no stream
    ///   is free, or with ``SwiftletError/Code/closed``.
    func consumeData(_ options: DataConsumerOptions) async throws(SwiftletError) -> DataConsumer

    /// Closes the transport with everything in it; closing again does nothing.
    func close() async
}
