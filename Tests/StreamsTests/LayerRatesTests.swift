// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

/// Rates behind a reference, for expectations cannot hold what cannot be copied.
private final class Rates {
    private var rates: LayerRates

    init(window: Duration = .milliseconds(2500), silence: Duration = .milliseconds(1500)) {
        rates = LayerRates(window: window, silence: silence)
    }

    @discardableResult
    func add(spatial: UInt8, temporal: UInt8, bytes: Int, now: Instant) -> Bool {
        rates.add(spatial: spatial, temporal: temporal, bytes: bytes, now: now)
    }

    func bitrate(spatial: Int, temporal: Int, now: Instant) -> UInt64 {
        rates.bitrate(spatial: spatial, temporal: temporal, now: now)
    }

    func alone(spatial: Int, temporal: Int, now: Instant) -> UInt64 {
        rates.alone(spatial: spatial, temporal: temporal, now: now)
    }

    func cumulative(spatial: Int, temporal: Int, now: Instant) -> UInt64 {
        rates.cumulative(spatial: spatial, temporal: temporal, now: now)
    }

    func costs(isCumulative: Bool, now: Instant) -> LayerCosts { rates.costs(isCumulative: isCumulative, now: now) }
    func activeSince(spatial: Int, now: Instant) -> Instant? { rates.activeSince(spatial: spatial, now: now) }
    func active(now: Instant) -> UInt8 { rates.active(now: now) }
    func settled(now: Instant) -> UInt8 { rates.settled(now: now) }
    func nextChange(after now: Instant) -> Instant? { rates.nextChange(after: now) }
}

@Suite("Layer rates")
struct LayerRatesTests {
    @Test("Each layer shows its own rate, and sums by size and rate")
    func rates() {
        let rates = Rates()
        // 2500 ms of 10 packets a second: 1000 bytes × (1 + spatial) × (1 + temporal).
        for step in 0..<25 {
            for layer in 0..<6 {
                let (spatial, temporal) = (layer / 3, layer % 3)
                rates.add(
                    spatial: UInt8(spatial),
                    temporal: UInt8(temporal),
                    bytes: 1000 * (1 + spatial) * (1 + temporal),
                    now: at(Double(step) * 100)
                )
            }
        }
        let now = at(2400)
        #expect(rates.bitrate(spatial: 0, temporal: 0, now: now) == 80_000)
        #expect(rates.bitrate(spatial: 1, temporal: 2, now: now) == 480_000)
        #expect(rates.alone(spatial: 1, temporal: 1, now: now) == 480_000)
        #expect(rates.cumulative(spatial: 1, temporal: 1, now: now) == 720_000)
        #expect(rates.cumulative(spatial: 3, temporal: 7, now: now) == 1_440_000)
        #expect(rates.bitrate(spatial: 2, temporal: 0, now: now) == 0)
        let alone = rates.costs(isCumulative: false, now: now)
        let full = rates.costs(isCumulative: true, now: now)
        #expect(alone.active == 0b11 && full.active == 0b11)
        #expect(alone[1, 1] == 480_000 && full[1, 1] == 720_000)
        #expect(full[1, 3] == nil && full[2, 0] == nil)
    }

    @Test("Layers out of range count nowhere")
    func outOfRange() {
        let rates = Rates()
        for layer in [(4, 0), (0, 8), (255, 255), (3, 8)] as [(UInt8, UInt8)] {
            #expect(!rates.add(spatial: layer.0, temporal: layer.1, bytes: 1000, now: at(0)))
        }
        #expect(rates.active(now: at(0)) == 0)
        #expect(rates.cumulative(spatial: 9, temporal: 9, now: at(0)) == 0)
        #expect(rates.bitrate(spatial: -1, temporal: 0, now: at(0)) == 0)
        #expect(rates.alone(spatial: 4, temporal: -2, now: at(0)) == 0)
        #expect(rates.activeSince(spatial: 7, now: at(0)) == nil)
    }

    @Test("A spatial layer is active from its first packet until 1500 ms after its last")
    func activity() {
        let rates = Rates()
        #expect(rates.nextChange(after: at(0)) == nil)
        let woke = rates.add(spatial: 1, temporal: 0, bytes: 10, now: at(0))
        #expect(woke)
        let again = rates.add(spatial: 1, temporal: 1, bytes: 10, now: at(1000))
        #expect(!again)
        #expect(rates.active(now: at(2499)) == 0b10)
        #expect(rates.activeSince(spatial: 1, now: at(2499)) == at(0))
        #expect(rates.nextChange(after: at(1000)) == at(2000))
        #expect(rates.nextChange(after: at(2000)) == at(2500))
        #expect(rates.active(now: at(2500)) == 0)
        #expect(rates.nextChange(after: at(2500)) == nil)
        #expect(rates.costs(isCumulative: true, now: at(2500)).active == 0)
        let back = rates.add(spatial: 1, temporal: 0, bytes: 10, now: at(2500))
        #expect(back)
        #expect(rates.activeSince(spatial: 1, now: at(2600)) == at(2500))
    }

    @Test("A layer settles after two seconds without a gap")
    func settling() {
        let rates = Rates()
        for step in 0..<30 { rates.add(spatial: 0, temporal: 0, bytes: 10, now: at(Double(step) * 100)) }
        for step in 15..<30 { rates.add(spatial: 1, temporal: 0, bytes: 10, now: at(Double(step) * 100)) }
        #expect(rates.settled(now: at(1400)) == 0)
        #expect(rates.settled(now: at(2900)) == 0b01)
        #expect(rates.settled(now: at(3500)) == 0b11)
        #expect(rates.nextChange(after: at(2900)) == at(3500))
    }

    @Test("Where pictures may pause, windows are longer")
    func discontinuous() {
        let rates = Rates(window: .seconds(6), silence: .seconds(5))
        rates.add(spatial: 0, temporal: 0, bytes: 7500, now: at(0))
        #expect(rates.active(now: at(4999)) == 1)
        #expect(rates.bitrate(spatial: 0, temporal: 0, now: at(4999)) == 10_000)
        #expect(rates.active(now: at(5000)) == 0)
    }

    @Test("Random packets of all 32 layers agree with a counter each", arguments: [1, 2] as [UInt64])
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let rates = Rates()
        var counters = (0..<32).map { _ in RateCounter(window: .milliseconds(2500)) }
        var now = 0.0
        for _ in 0..<20_000 {
            now += .random(in: 0...20, using: &random)
            let layer = Int.random(in: 0..<32, using: &random)
            let bytes = Int.random(in: 0...1500, using: &random)
            counters[layer].add(bytes, now: at(now))
            rates.add(spatial: UInt8(layer / 8), temporal: UInt8(layer % 8), bytes: bytes, now: at(now))
        }
        var mismatches = 0
        for spatial in 0..<4 {
            for temporal in 0..<8 {
                var (alone, all) = (UInt64(0), UInt64(0))
                for layer in 0..<32 where layer % 8 <= temporal && layer / 8 <= spatial {
                    let rate = counters[layer].rate(now: at(now))
                    if layer / 8 == spatial { alone += rate }
                    all += rate
                }
                if rates.alone(spatial: spatial, temporal: temporal, now: at(now)) != alone { mismatches += 1 }
                if rates.cumulative(spatial: spatial, temporal: temporal, now: at(now)) != all { mismatches += 1 }
            }
        }
        #expect(mismatches == 0)
    }
}
