// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A place in a stream's layers: a picture size and a frame rate, both from 0.
public struct ConsumerLayers: Codable, Hashable, Sendable {
    /// Which picture size, 0 for the smallest: the encoding of a simulcast, the spatial layer of an SVC stream.
    public var spatialLayer: Int
    /// Which frame rate, 0 for the lowest; `nil` for the highest there is.
    public var temporalLayer: Int?

    /// A place in a stream's layers.
    public init(spatialLayer: Int, temporalLayer: Int? = nil) {
        (self.spatialLayer, self.temporalLayer) = (spatialLayer, temporalLayer)
    }
}

/// What the viewers of a producer with several layers want of it, all together.
public struct ProducerDemand: Codable, Hashable, Sendable {
    /// For each encoding, lowest first, whether anybody wants it.
    public var encodings: [Bool]
    /// The highest spatial layer that anybody wants, or −1 for none.
    public var spatialLayer: Int
    /// The highest temporal layer that anybody wants, or −1 for none.
    public var temporalLayer: Int

    /// What viewers want.
    public init(encodings: [Bool], spatialLayer: Int, temporalLayer: Int) {
        (self.encodings, self.spatialLayer, self.temporalLayer) = (encodings, spatialLayer, temporalLayer)
    }
}
