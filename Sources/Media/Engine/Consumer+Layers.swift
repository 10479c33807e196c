// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletStreams
import SwiftletWire

/// Which layers a viewer gets: wished for by the application, decided for the whole transport, told to the host.
extension Consumer {
    /// Whether anybody would see what this consumer is given.
    var isWanted: Bool { !isPaused && !isClosed && transport.isReady }

    /// What the viewer wants at most, from now on.
    func prefer(_ wish: ConsumerLayers?, now: Instant) -> ConsumerLayers? {
        guard hasLayers else { return nil }
        let layers = producer.layers.clamp(wish)
        if layers != preferred {
            preferred = layers
            producer.demandChanged()
            choose(now: now)
        }
        return ConsumerLayers(layers)
    }

    /// Finds out what to forward; where the transport's budget is short, together with its other consumers.
    func choose(now: Instant) {
        guard isActive else { return }
        if !hasLayers {
            apply(Layers(spatial: 0, temporal: 0), now: now)
        } else if transport.lossBudget.limit != nil {
            transport.chooseLayers(now: now)
        } else {
            apply(LayerAllocation([demand(now: now)], budget: nil).layers[0], now: now)
        }
    }

    /// What it wants and what there is.
    func demand(now: Instant) -> LayerAllocation.Demand {
        LayerAllocation.Demand(
            preferred: preferred,
            current: target,
            priority: priority,
            isAdaptive: hasLayers,
            costs: producer.layerCosts(now: now),
            settled: transport.lossBudget.limit == nil ? .max : producer.settledLayers(now: now)
        )
    }

    /// Makes for the layers decided upon: at once where that is possible, else with the next key frame.
    func apply(_ layers: Layers?, now: Instant) {
        guard let layers else { return stopForwarding() }
        let isChanged = layers != target
        target = layers
        let place = producer.layers.kind == .streams ? Int(layers.spatial) : 0
        guard place < producer.streams.count, let stream = producer.streams[place] else { return }
        if current === stream {
            next = nil
            if hasLayers {
                selector.setTarget(producer.layers.inStream(layers))
                if !needsSync { tellLayers() }
            }
        } else if next !== stream {
            next = stream
        } else if !isChanged {
            return
        }
        guard awaitsKeyFrame(of: stream) else { return }
        if waitingSince == nil { waitingSince = now }
        producer.requestKeyFrame(of: stream, now: now)
    }

    /// Forwards nothing any more.
    func stopForwarding() {
        (current, next, target, waitingSince) = (nil, nil, nil, nil)
        needsSync = true
        tellLayers()
    }

    /// What is forwarded at present.
    var layers: ConsumerLayers? {
        guard hasLayers, let current, !needsSync, let selected = selector.current else { return nil }
        guard producer.layers.kind == .streams else { return ConsumerLayers(selected) }
        return ConsumerLayers(spatialLayer: current.encoding, temporalLayer: Int(selected.temporal))
    }

    /// Tells the host if what is forwarded has changed.
    @inline(__always)
    func tellLayers() {
        guard hasLayers else { return }
        let key = layersKey
        guard key != toldKey else { return }
        toldKey = key
        transport.board.notify(.consumerLayersChanged(consumerId: id, layers: layers))
    }

    @inline(__always)
    private var layersKey: UInt32 {
        guard let current, !needsSync, let selected = selector.current else { return .max }
        return UInt32(truncatingIfNeeded: current.encoding) << 16 | UInt32(selected.spatial) << 8
            | UInt32(selected.temporal)
    }
}

extension ConsumerLayers {
    init(_ layers: Layers) {
        self.init(spatialLayer: Int(layers.spatial), temporalLayer: Int(layers.temporal))
    }
}
