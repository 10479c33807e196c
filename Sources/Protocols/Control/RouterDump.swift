// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The inside of a router, for people who debug.
public struct RouterDump: Codable, Hashable, Sendable {
    /// The router.
    public var id: String
    /// Its transports.
    public var transportIds: [String]
    /// The consumers of every producer.
    public var consumerIdsByProducerId: [String: [String]]
    /// The data consumers of every data producer.
    public var dataConsumerIdsByDataProducerId: [String: [String]]

    /// A value made of its parts.
    public init(
        id: String,
        transportIds: [String],
        consumerIdsByProducerId: [String: [String]],
        dataConsumerIdsByDataProducerId: [String: [String]] = [:]
    ) {
        self.id = id
        self.transportIds = transportIds
        self.consumerIdsByProducerId = consumerIdsByProducerId
        self.dataConsumerIdsByDataProducerId = dataConsumerIdsByDataProducerId
    }
}
