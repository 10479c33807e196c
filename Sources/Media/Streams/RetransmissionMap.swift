// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What a consumer needs to know of a packet it sent, to send it again from its producer's store.
package struct SentPacket: BitwiseCopyable, Equatable, Sendable {
    /// Extended number at the source, in the numbering of its ``ReceiveStream``.
    package var source: Int64
    /// Low half of the extended number it was sent under.
    package var output: UInt32
    /// Media time it was sent under.
    package var timestamp: UInt32
    /// Milliseconds on the monotonic clock, wrapped, at which it was sent last.
    fileprivate var sentAt: UInt32
    /// Which of its producer's streams it came from.
    package var encoding: UInt8
    /// How often it was sent again.
    package fileprivate(set) var resends: UInt8
}

/// The packets a consumer sent of late, a ring by output number that grows with the packet rate up to a limit.
struct RetransmissionMap: ~Copyable {
    private static let blank = SentPacket(
        source: .min,
        output: 0,
        timestamp: 0,
        sentAt: 0,
        encoding: 0,
        resends: 0
    )

    private var entries = FixedBuffer<SentPacket>(count: 0, filledWith: RetransmissionMap.blank)
    private let retention: UInt32
    private let limit: Int

    /// - Parameters:
    ///   - retention: How long a packet may be asked for again.
    ///   - limit: Most packets, a power of two of at least 32.
    init(retention: Duration, limit: Int) {
        self.retention = UInt32(clamping: retention.wholeNanoseconds / 1_000_000)
        self.limit = limit
    }

    /// How many packets there is room for at present.
    var capacity: Int { entries.count }

    /// Takes note of a packet sent at `now` for the first time.
    mutating func add(
        output: Int64,
        source: Int64,
        timestamp: UInt32,
        encoding: UInt8,
        now: Instant
    ) {
        let now = Self.milliseconds(now)
        if entries.count == 0 { entries = FixedBuffer(count: 32, filledWith: Self.blank) }
        while entries.count < limit {
            let old = entries[slot(output)]
            guard old.source != .min, now &- old.sentAt < retention else { break }
            grow()
        }
        entries[slot(output)] = SentPacket(
            source: source,
            output: UInt32(truncatingIfNeeded: output),
            timestamp: timestamp,
            sentAt: now,
            encoding: encoding,
            resends: 0
        )
    }

    /// Finds the packet sent under `output` and counts sending it again, unless that was less than `interval` ago.
    mutating func resend(output: Int64, interval: Duration, now: Instant) -> SendStream.Resend {
        guard entries.count > 0 else { return .unknown }
        let place = slot(output)
        var entry = entries[place]
        guard entry.source != .min, entry.output == UInt32(truncatingIfNeeded: output) else { return .unknown }
        let now = Self.milliseconds(now)
        let age = now &- entry.sentAt
        if entry.resends == 0 {
            guard age <= retention else { return .unknown }
        } else {
            guard Int64(age) * 1_000_000 >= interval.wholeNanoseconds else { return .tooSoon }
            guard entry.resends < SendStream.resendLimit else { return .exhausted }
        }
        entry.resends += 1
        entry.sentAt = now
        entries[place] = entry
        return .packet(entry)
    }

    /// Forgets everything and gives the memory back.
    mutating func removeAll() {
        guard entries.count > 0 else { return }
        entries = FixedBuffer(count: 0, filledWith: Self.blank)
    }

    private static func milliseconds(_ now: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000)
    }

    private func slot(_ output: Int64) -> Int { Int(truncatingIfNeeded: output) & (entries.count - 1) }

    private mutating func grow() {
        var larger = FixedBuffer(count: entries.count * 2, filledWith: Self.blank)
        for index in 0..<entries.count where entries[index].source != .min {
            larger[Int(entries[index].output) & (larger.count - 1)] = entries[index]
        }
        swap(&entries, &larger)
    }
}
