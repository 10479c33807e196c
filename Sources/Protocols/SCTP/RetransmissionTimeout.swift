// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// How long to wait for an acknowledgement, RFC 9260 §6.3.
struct RetransmissionTimeout: Sendable {
    /// Before the first sample; RFC 9260 §16 says 1 s, which is long for a path that ICE has measured.
    static let initial = Duration.milliseconds(500)
    /// Below the RFC's 1 s, above a delayed acknowledgement of 200 ms and some jitter.
    static let minimum = Duration.milliseconds(400)
    static let maximum = Duration.seconds(60)
    /// The least that the variance adds: a delayed acknowledgement and 20 ms.
    static let varianceFloor = Duration.milliseconds(220)
    /// Where backing off ends: ICE and DTLS decide whether the peer is there, and until then someone waits.
    ///
    /// With a third of all packets lost each way, doubling up to a minute would let almost nothing through.
    static let backoffMaximum = Duration.seconds(3)

    /// The smoothed round trip, once there was a sample.
    private(set) var smoothed: Duration?
    private var variance = Duration.zero
    private var base = initial
    private var backoffs = 0

    /// The timeout as it stands; kept, since every packet asks.
    private(set) var current = initial

    /// The timeout of a handshake's message that was sent `attempts` times.
    static func handshake(attempts: Int) -> Duration {
        min(initial * (1 << min(max(attempts - 1, 0), 10)), backoffMaximum)
    }

    /// Takes in a round trip of something sent once.
    mutating func sample(_ measured: Duration) {
        let measured = max(measured, .milliseconds(1))
        if let smoothed {
            let error = measured > smoothed ? measured - smoothed : smoothed - measured
            variance = variance * 3 / 4 + error / 4
            self.smoothed = smoothed * 7 / 8 + measured / 8
        } else {
            smoothed = measured
            variance = measured / 2
        }
        let margin = max(variance * 4, Self.varianceFloor)
        base = min(max((smoothed ?? measured) + margin, Self.minimum), Self.maximum)
        (backoffs, current) = (0, base)
    }

    /// Doubles it, RFC 9260 §6.3.3.
    mutating func backOff() {
        backoffs += 1
        current = min(base * (1 << min(backoffs, 10)), max(base, Self.backoffMaximum))
    }

    /// Takes the doubling back: what was sent again arrived.
    mutating func recover() { (backoffs, current) = (0, base) }
}
