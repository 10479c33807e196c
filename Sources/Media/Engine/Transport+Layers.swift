// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire

/// Choosing layers for all consumers of a transport together, within what the way to the peer carries.
extension Transport {
    /// What each video consumer would get at present.
    private func allocate(now: Instant) -> (consumers: [Consumer], allocation: LayerAllocation) {
        let choosing = consumers.compactMap { $0 }.filter { $0.isVideo && $0.isActive }
        return (choosing, LayerAllocation(choosing.map { $0.demand(now: now) }, budget: lossBudget.limit))
    }

    /// Chooses anew for every video consumer.
    func chooseLayers(now: Instant) {
        let (choosing, allocation) = allocate(now: now)
        for (consumer, layers) in zip(choosing, allocation.layers) {
            // Without layers there is nothing to give up but the whole picture, which loss alone does not ask for.
            consumer.apply(consumer.hasLayers ? layers : Layers(spatial: 0, temporal: 0), now: now)
        }
    }

    /// Lets the budget follow what reports said, if it is time to.
    func updateBudget(now: Instant) {
        let allocation = allocate(now: now).allocation
        let isChanged = lossBudget.update(
            used: allocation.used,
            nextStep: allocation.nextStep,
            base: allocation.base,
            now: now
        )
        if isChanged { chooseLayers(now: now) }
    }
}
