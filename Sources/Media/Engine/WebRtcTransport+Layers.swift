// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire

/// Choosing layers for all consumers of a transport together, within what the way to the peer carries.
extension WebRtcTransport {
    /// Chooses anew for every video consumer.
    @discardableResult
    func chooseLayers(now: Instant) -> LayerAllocation {
        let choosing = consumers.compactMap { $0 }.filter { $0.isVideo && $0.isActive }
        let allocation = LayerAllocation(choosing.map { $0.demand(now: now) }, budget: lossBudget.limit)
        for (consumer, layers) in zip(choosing, allocation.layers) {
            // Without layers there is nothing to give up but the whole picture, which loss alone does not ask for.
            consumer.apply(consumer.hasLayers ? layers : Layers(spatial: 0, temporal: 0), now: now)
        }
        return allocation
    }

    /// Lets the budget follow what reports said, if it is time to.
    func updateBudget(now: Instant) {
        let choosing = consumers.compactMap { $0 }.filter { $0.isVideo && $0.isActive }
        let allocation = LayerAllocation(choosing.map { $0.demand(now: now) }, budget: lossBudget.limit)
        let isChanged = lossBudget.update(
            used: allocation.used,
            nextStep: allocation.nextStep,
            base: allocation.base,
            now: now
        )
        if isChanged { chooseLayers(now: now) }
    }
}
