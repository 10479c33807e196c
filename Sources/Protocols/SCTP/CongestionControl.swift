// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// How much may be under way: RFC 9260 §7.2, with the decrease and the growth after it that RFC 9438 §4.3 and §4.6 give
/// CUBIC where it is no slower than Reno.
///
/// A loss takes 30 % of the window and not half. What makes up for it is that the way back to the old window is slower;
/// beyond that it grows by a packet in each round trip. Losses by chance, which say nothing of the path, cost less so.
struct CongestionControl: Sendable {
    /// Packets of the first window, as RFC 6928 has it for TCP.
    static let initialPackets = 10
    /// Packets that the threshold keeps, RFC 9260 §7.2.3.
    static let minimumPackets = 4
    /// Packets an acknowledgement may release beyond those it acknowledges, RFC 9260 §6.1 D.
    static let burstPackets = 4
    /// Packets by which one acknowledgement may widen the window in slow start.
    ///
    /// RFC 9260 §7.2.1 says one, for acknowledgements of two packets; ours may stand for a whole batch, and what it
    /// releases is bounded by the burst.
    static let growthPackets = 8

    private let packetSize: Int
    /// Bytes that may be under way.
    private(set) var window: Int
    private var threshold: Int
    private var partlyAcknowledged = 0
    /// The window at the last loss.
    private var formerWindow = 0
    /// While losses are being repaired: the last chunk sent before they were noticed.
    private(set) var recoveryEnd: Int64?
    /// Bytes that may leave before the next acknowledgement or timeout.
    private(set) var burst: Int

    init(packetSize: Int) {
        self.packetSize = packetSize
        window = Self.initialPackets * packetSize
        burst = window
        threshold = .max
    }

    var isRecovering: Bool { recoveryEnd != nil }
    /// The narrowest window after a loss.
    private var minimum: Int { Self.minimumPackets * packetSize }

    /// Takes note of an acknowledgement.
    ///
    /// - Parameters:
    ///   - bytes: Those newly acknowledged, gaps included.
    ///   - cumulative: The last chunk before the first that is missing.
    ///   - advanced: Whether `cumulative` moved.
    ///   - wasFull: Whether the window was what held back.
    mutating func acknowledged(bytes: Int, cumulative: Int64, advanced: Bool, wasFull: Bool) {
        burst = bytes + Self.burstPackets * packetSize
        if let end = recoveryEnd {
            guard cumulative >= end else { return }
            recoveryEnd = nil
            partlyAcknowledged = 0
            return
        }
        if window < threshold {
            if wasFull, advanced { window += min(bytes, Self.growthPackets * packetSize) }
        } else {
            // One packet for each window acknowledged, or 9/17 of one: 3 (1 - 0.7) / (1 + 0.7), RFC 9438 §4.3.
            let needed = window < formerWindow ? window * 17 / 9 : window
            partlyAcknowledged += bytes
            guard partlyAcknowledged >= needed else { return }
            if wasFull {
                partlyAcknowledged -= needed
                window += packetSize
            } else {
                partlyAcknowledged = needed
            }
        }
    }

    /// Takes note of a loss that others' arrival gave away.
    ///
    /// - Returns: Whether it begins a recovery; one that goes on narrows the window no further.
    mutating func lost(last: Int64) -> Bool {
        guard recoveryEnd == nil else { return false }
        recoveryEnd = last
        narrow()
        window = threshold
        partlyAcknowledged = 0
        return true
    }

    private mutating func narrow() {
        // One that falls short of the window before the last loss makes way for others faster, RFC 9438 §4.7.
        formerWindow = window < formerWindow ? window * 17 / 20 : window
        threshold = max(window * 7 / 10, minimum)
    }

    /// Takes note of a timeout.
    mutating func timedOut() {
        narrow()
        window = packetSize
        partlyAcknowledged = 0
        recoveryEnd = nil
        burst = packetSize
    }

    /// Takes note that nothing was under way for so many timeouts, RFC 9260 §7.2.1.
    mutating func idled(timeouts: Int) {
        let initial = Self.initialPackets * packetSize
        burst = max(burst, initial)
        guard timeouts > 0 else { return }
        partlyAcknowledged = 0
        if window > initial { window = max(initial, window >> min(timeouts, 32)) }
    }

    /// Takes note of bytes that leave.
    mutating func sent(_ bytes: Int) { burst -= bytes }

    /// Allows one more packet at once, as for a probe.
    mutating func allowPacket() { burst = max(burst, packetSize) }
}
