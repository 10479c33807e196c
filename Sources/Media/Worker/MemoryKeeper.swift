// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Decides when a worker gives memory back.
///
/// At a quiet moment after its start, and again whenever half of its transports have gone, or twice as many have come,
/// whose handshakes leave holes in the heap. Never while media flows, which would wait for it.
package struct MemoryKeeper {
    /// Packets a second from which on a worker is not quiet.
    private static let quietRate = 100.0
    /// Transports at the least that are worth it.
    private static let leastTransports = 16
    /// Time between two looks whether it is quiet, while it is worth while.
    package static let delay = Duration.seconds(1)

    /// The most transports since memory was given back.
    private var most = 0
    /// How many there were when memory was given back, once it was.
    private var before: Int?
    private var lastLook: (at: Instant, packets: UInt64)?

    package init() {}

    /// Takes note of how many transports there are, and says whether memory should be given back when it is quiet.
    package mutating func isWorthwhile(transports: Int) -> Bool {
        most = max(most, transports)
        guard let before else { return true }
        return transports >= max(Self.leastTransports, 2 * before)
            || most >= Self.leastTransports && transports <= most / 2
    }

    /// Whether to do it now, of so many packets received in all.
    package mutating func isDue(transports: Int, packets: UInt64, now: Instant) -> Bool {
        defer { lastLook = (now, packets) }
        guard isWorthwhile(transports: transports) else { return false }
        if let lastLook {
            let seconds = max(0.1, (now - lastLook.at).inSeconds)
            guard Double(packets &- lastLook.packets) < Self.quietRate * seconds else { return false }
        }
        (most, before) = (transports, transports)
        return true
    }
}
