// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletStreams

/// What layers a producer announced, and of what kind.
struct ProducerLayers {
    /// How layers come.
    enum Kind {
        /// One stream of one layer.
        case none
        /// Each spatial layer is a stream of its own.
        case streams
        /// All layers are in one stream.
        case scalable
    }

    let kind: Kind
    /// Spatial layers, at least 1.
    let spatial: Int
    /// Temporal layers, at least 1.
    let temporal: Int
    /// Whether spatial layers lean on each other at key frames only, or never.
    let isKSVC: Bool

    init(_ type: ProducerType, _ parameters: RtpParameters) {
        let mode = parameters.encodings.first?.scalabilityMode
        let announced = ScalabilityMode(parsing: mode)
        temporal = min(8, max(1, announced.temporalLayers))
        // The streams of an S mode are as independent as those of a simulcast.
        isKSVC = announced.ksvc || mode?.hasPrefix("S") == true
        switch type {
        case .simple: (kind, spatial) = (.none, 1)
        case .simulcast: (kind, spatial) = (.streams, min(8, max(1, parameters.encodings.count)))
        case .svc: (kind, spatial) = (.scalable, min(8, max(1, announced.spatialLayers)))
        }
    }

    /// Whether there is anything to choose from.
    var hasChoice: Bool { kind != .none }

    /// The highest of all.
    var highest: Layers { Layers(spatial: UInt8(spatial - 1), temporal: UInt8(temporal - 1)) }

    /// What `layers` are within the stream that they are taken from: each stream of a simulcast has one size.
    func inStream(_ layers: Layers) -> Layers {
        kind == .streams ? Layers(spatial: 0, temporal: layers.temporal) : layers
    }

    /// A wish within what there is; no wish is the highest.
    func clamp(_ wish: ConsumerLayers?) -> Layers {
        guard let wish else { return highest }
        return Layers(
            spatial: UInt8(min(max(0, wish.spatialLayer), spatial - 1)),
            temporal: UInt8(min(max(0, wish.temporalLayer ?? temporal - 1), temporal - 1))
        )
    }
}
