// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// The inside of a direct transport, for people who debug.
public struct DirectTransportDump: Codable, Hashable, Sendable {
    /// The transport.
    public var id: String
    /// The router it is in.
    public var routerId: String
    /// Its producers.
    public var producerIds: [String]
    /// Its consumers.
    public var consumerIds: [String]
    /// Its data producers.
    public var dataProducerIds: [String]
    /// Its data consumers.
    public var dataConsumerIds: [String]
    /// What the transport counts, by name.
    public var counters: [String: UInt64]

    /// A value made of its parts.
    public init(
        id: String,
        routerId: String,
        producerIds: [String],
        consumerIds: [String],
        dataProducerIds: [String],
        dataConsumerIds: [String],
        counters: [String: UInt64]
    ) {
        (self.id, self.routerId, self.producerIds, self.consumerIds) = (id, routerId, producerIds, consumerIds)
        (self.dataProducerIds, self.dataConsumerIds) = (dataProducerIds, dataConsumerIds)
        self.counters = counters
    }
}

/// The inside of a data producer, for people who debug.
public struct DataProducerDump: Codable, Hashable, Sendable {
    /// The data producer.
    public var id: String
    /// What carries its messages.
    public var type: DataChannelType
    /// The stream they come on; `nil` on a direct transport.
    public var sctpStreamParameters: SctpStreamParameters?
    /// The channel's label.
    public var label: String
    /// The channel's protocol.
    public var `protocol`: String
    /// Whether messages are dropped at present.
    public var paused: Bool

    /// A value made of its parts.
    public init(
        id: String,
        type: DataChannelType,
        sctpStreamParameters: SctpStreamParameters?,
        label: String,
        protocol: String,
        paused: Bool
    ) {
        (self.id, self.type, self.sctpStreamParameters) = (id, type, sctpStreamParameters)
        (self.label, self.protocol, self.paused) = (label, `protocol`, paused)
    }
}

/// The inside of a data consumer, for people who debug.
public struct DataConsumerDump: Codable, Hashable, Sendable {
    /// The data consumer.
    public var id: String
    /// The data producer whose messages it sends on.
    public var dataProducerId: String
    /// What carries its messages.
    public var type: DataChannelType
    /// The stream they leave by; `nil` on a direct transport.
    public var sctpStreamParameters: SctpStreamParameters?
    /// The channel's label.
    public var label: String
    /// The channel's protocol.
    public var `protocol`: String
    /// Whether the data consumer is paused.
    public var paused: Bool
    /// Whether its data producer is.
    public var dataProducerPaused: Bool
    /// What it has subscribed to, ascending.
    public var subchannels: [UInt16]
    /// The threshold of "buffered amount low", in bytes.
    public var bufferedAmountLowThreshold: UInt32

    /// A value made of its parts.
    public init(
        id: String,
        dataProducerId: String,
        type: DataChannelType,
        sctpStreamParameters: SctpStreamParameters?,
        label: String,
        protocol: String,
        paused: Bool,
        dataProducerPaused: Bool,
        subchannels: [UInt16],
        bufferedAmountLowThreshold: UInt32
    ) {
        (self.id, self.dataProducerId, self.type) = (id, dataProducerId, type)
        (self.sctpStreamParameters, self.label, self.protocol) = (sctpStreamParameters, label, `protocol`)
        (self.paused, self.dataProducerPaused, self.subchannels) = (paused, dataProducerPaused, subchannels)
        self.bufferedAmountLowThreshold = bufferedAmountLowThreshold
    }
}
