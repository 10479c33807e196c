// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Extends picture ids, frame numbers and timestamps to 64 bits, so that they never wrap.
///
/// A number is taken as the one nearest to the newest, unless the timestamp says otherwise: what is later in time has
/// the larger number, also where an encoder started to count anew.
struct NumberExtender: BitwiseCopyable, Sendable {
    /// Timestamps this far back, 10 s at 90 kHz, come from a new timeline and not late.
    private static let longestDelay: Int32 = 900_000

    private var newest: Int64 = 0
    private var newestTime: UInt32 = 0
    private var hasStarted = false

    /// Extends one number.
    ///
    /// - Parameters:
    ///   - value: As on the wire; higher bits do not count.
    ///   - bits: 7, 15, 16 or 32.
    ///   - timestamp: The RTP timestamp of the packet.
    /// - Returns: The number that is meant, whose low bits are those of `value`.
    mutating func extend(_ value: UInt32, bits: UInt32, timestamp: UInt32) -> Int64 {
        let period: Int64 = 1 << Int64(bits)
        guard hasStarted else {
            (newest, newestTime, hasStarted) = (Int64(value) & (period &- 1), timestamp, true)
            return newest
        }
        let elapsed = Int32(bitPattern: timestamp &- newestTime)
        var distance = (Int64(value) &- newest) & (period &- 1)
        if distance >= period / 2 { distance &-= period }
        if elapsed > 0 || elapsed < -Self.longestDelay {
            if distance <= 0 { distance &+= period }
            newestTime = timestamp
        } else if elapsed < 0, distance > 0 {
            distance &-= period
        }
        let number = newest &+ distance
        newest = max(newest, number)
        return number
    }
}
