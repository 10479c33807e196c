// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension ORTC {
    /// Where synchronisation sources are picked: nine decimal digits, far from the 1234 of probing packets.
    package static let ssrcRange: ClosedRange<UInt32> = 100_000_000...999_999_999

    /// The first of `count` free synchronisation sources in a row.
    ///
    /// - Parameters:
    ///   - count: How many are needed.
    ///   - taken: Those in use already; at most some thousands, never most of ``ssrcRange``.
    ///   - random: Where they come from.
    /// - Returns: The first; the others follow it.
    package static func randomSsrc(
        count: Int,
        avoiding taken: Set<UInt32>,
        using random: inout some RandomNumberGenerator
    ) -> UInt32 {
        let count = UInt32(clamping: max(count, 1))
        let last = ssrcRange.upperBound &- count &+ 1
        let span = UInt64(last - ssrcRange.lowerBound) + 1
        // One draw, then steps past what is in the way, so that it ends whatever the generator says.
        var base = ssrcRange.lowerBound + UInt32(truncatingIfNeeded: random.next() % span)
        for _ in 0...taken.count {
            guard let collision = (base..<base &+ count).last(where: taken.contains) else { return base }
            base = collision < last ? collision &+ 1 : ssrcRange.lowerBound
        }
        return base
    }

    /// A canonical name for a transport whose client gave none: eight letters and digits.
    package static func randomCname(using random: inout some RandomNumberGenerator) -> String {
        let digits = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<8).map { _ in digits[Int(truncatingIfNeeded: random.next() % 36)] })
    }
}
