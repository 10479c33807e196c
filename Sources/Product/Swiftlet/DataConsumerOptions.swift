// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// What a data consumer is made with.
///
/// How messages travel, where nothing is said, is as they came: as on the data producer's stream, or in order and
/// reliably where that is on a direct transport. A limit that is given replaces the data producer's, and so does
/// `ordered: true`, which goes with no limit.
public struct DataConsumerOptions: Sendable {
    /// The data producer to consume.
    public var dataProducerId: String
    /// Whether messages arrive in the order they were sent.
    public var ordered: Bool?
    /// Milliseconds after which a message is given up.
    public var maxPacketLifeTime: UInt32?
    /// How many times a message is sent again before it is given up.
    public var maxRetransmits: UInt16?
    /// The stream to send on; without one the lowest free one is taken.
    public var streamId: UInt16?
    /// Whether the peer learns of the channel by signalling; otherwise it is opened in band, RFC 8832, for which the
    /// transport has to be connected.
    public var isNegotiated: Bool
    /// Whether it starts paused.
    public var paused: Bool
    /// What it subscribes to among messages that name subchannels; ``DataProducer/maximumSubchannels`` at most.
    public var subchannels: Set<UInt16>
    /// Bytes that may still wait to be sent when ``DataConsumer/Event/bufferedAmountLow(_:)`` is told.
    public var bufferedAmountLowThreshold: Int
    /// The application's own data.
    public var appData: JSONValue

    /// Options for a data consumer; everything but what is received has a default.
    public init(
        dataProducerId: String,
        ordered: Bool? = nil,
        maxPacketLifeTime: UInt32? = nil,
        maxRetransmits: UInt16? = nil,
        streamId: UInt16? = nil,
        isNegotiated: Bool = true,
        paused: Bool = false,
        subchannels: Set<UInt16> = [],
        bufferedAmountLowThreshold: Int = 0,
        appData: JSONValue = [:]
    ) {
        (self.dataProducerId, self.ordered) = (dataProducerId, ordered)
        (self.maxPacketLifeTime, self.maxRetransmits) = (maxPacketLifeTime, maxRetransmits)
        (self.streamId, self.isNegotiated) = (streamId, isNegotiated)
        (self.paused, self.subchannels) = (paused, subchannels)
        (self.bufferedAmountLowThreshold, self.appData) = (bufferedAmountLowThreshold, appData)
    }

    /// Refuses what only streams have.
    func checkDirect() throws(SwiftletError) {
        let given = [
            ("ordered", ordered != nil), ("maxPacketLifeTime", maxPacketLifeTime != nil),
            ("maxRetransmits", maxRetransmits != nil), ("streamId", streamId != nil), ("isNegotiated", !isNegotiated),
            ("bufferedAmountLowThreshold", bufferedAmountLowThreshold != 0),
        ]
        guard let (name, _) = given.first(where: { $0.1 }) else { return }
        throw SwiftletError(.unsupported, "\(name): a direct transport has no streams")
    }

    /// How the messages are to travel; its stream means nothing where none is chosen.
    func reliability(copying original: SctpStreamParameters?) throws(SwiftletError) -> SctpStreamParameters {
        var result = SctpStreamParameters(
            streamId: streamId ?? 0,
            ordered: ordered,
            maxPacketLifeTime: maxPacketLifeTime,
            maxRetransmits: maxRetransmits
        )
        if let original, !result.isPartiallyReliable, ordered != true {
            (result.maxPacketLifeTime, result.maxRetransmits) = (original.maxPacketLifeTime, original.maxRetransmits)
            result.ordered = ordered ?? original.ordered
        }
        do { return try ORTC.validated(result) } catch { throw SwiftletError(error) }
    }

    /// The threshold as the worker takes it.
    static func threshold(_ bytes: Int) throws(SwiftletError) -> UInt32 {
        guard let threshold = UInt32(exactly: bytes) else {
            throw SwiftletError(
                .invalidArgument,
                "bufferedAmountLowThreshold is \(bytes), not within 0 to \(UInt32.max)"
            )
        }
        return threshold
    }
}
