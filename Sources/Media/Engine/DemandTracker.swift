// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletStreams
import SwiftletWire

/// What the viewers of one producer want of it, so that its sender need not encode what nobody watches.
///
/// More is told at once, less after 5 s: viewers come and go, resize and scroll.
struct DemandTracker {
    /// How long a layer has to be unwanted before that is told.
    static let patience = Duration.seconds(5)

    /// Whether something happened that may have changed it.
    var isDirty = false
    /// When to look again.
    private(set) var nextDeadline: Instant?
    private let kind: ProducerLayers.Kind
    private var encodings: [Level]
    private var spatial: [Level]
    private var temporal: [Level]

    private struct Level {
        /// What was told; at first the sender may send everything.
        var isTold = true
        /// When anybody last wanted it.
        var wanted: Instant?
    }

    init(_ layers: ProducerLayers, encodings count: Int) {
        kind = layers.kind
        encodings = Array(repeating: Level(), count: count)
        spatial = Array(repeating: Level(), count: layers.spatial)
        temporal = Array(repeating: Level(), count: layers.temporal)
    }

    /// Finds out what is wanted now.
    ///
    /// - Returns: What to tell, if that is another than before.
    mutating func update(_ producer: Producer, now: Instant) -> ProducerDemand? {
        isDirty = false
        for consumer in producer.consumers where consumer.isWanted {
            note(consumer.preferred, now: now)
            // What stands in for a layer that does not come is wanted too.
            if let target = consumer.target { note(target, now: now) }
            if kind == .streams, let current = consumer.current { encodings[current.encoding].wanted = now }
        }
        var isChanged = false
        nextDeadline = nil
        for deadline in [
            Self.settle(&encodings, &isChanged, now: now),
            Self.settle(&spatial, &isChanged, now: now),
            Self.settle(&temporal, &isChanged, now: now),
        ] {
            nextDeadline = earliest(nextDeadline, deadline)
        }
        guard isChanged else { return nil }
        return ProducerDemand(
            encodings: encodings.map(\.isTold),
            spatialLayer: spatial.lastIndex { $0.isTold } ?? -1,
            temporalLayer: temporal.lastIndex { $0.isTold } ?? -1
        )
    }

    private mutating func note(_ layers: Layers, now: Instant) {
        let place = kind == .streams ? Int(layers.spatial) : 0
        if place < encodings.count { encodings[place].wanted = now }
        for index in spatial.indices where index <= Int(layers.spatial) { spatial[index].wanted = now }
        for index in temporal.indices where index <= Int(layers.temporal) { temporal[index].wanted = now }
    }

    /// Finds out what is wanted of some levels, and when the next of them may cease to be.
    private static func settle(_ levels: inout [Level], _ isChanged: inout Bool, now: Instant) -> Instant? {
        var deadline: Instant?
        for index in levels.indices {
            // Never wanted: the time counts from the first look.
            let wanted = levels[index].wanted ?? now
            levels[index].wanted = wanted
            let isWanted = now - wanted < patience
            if isWanted != levels[index].isTold {
                levels[index].isTold = isWanted
                isChanged = true
            }
            if isWanted { deadline = earliest(deadline, wanted + patience) }
        }
        return deadline
    }
}
