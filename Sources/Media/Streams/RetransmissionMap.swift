// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// How a consumer's packet differs from the stored one, besides its numbers.
@usableFromInline
package struct PacketPatch: BitwiseCopyable, Equatable, Sendable {
    /// What holds of a packet as sent.
    @usableFromInline
    package struct Flags: OptionSet, BitwiseCopyable, Sendable {
        @usableFromInline package let rawValue: UInt8

        @inlinable @inline(__always)
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Its marker bit is set.
        @inlinable package static var marker: Flags { Flags(rawValue: 1) }
        /// `value` goes into the payload descriptor or the dependency descriptor.
        @inlinable package static var rewritten: Flags { Flags(rawValue: 2) }
        /// Only the primary block of a RED payload goes.
        @inlinable package static var unwrapped: Flags { Flags(rawValue: 4) }
    }

    /// VP8 and VP9: the picture id in the low 16 bits, TL0PICIDX in the 8 above.
    ///
    /// Dependency descriptor: the low 24 bits of the mask of decode targets.
    package var value: UInt32
    package var flags: Flags

    package init(value: UInt32 = 0, flags: Flags = []) { (self.value, self.flags) = (value, flags) }
}

/// What a consumer needs to know of a packet it sent, to send it again from its producer's store.
package struct SentPacket: BitwiseCopyable, Equatable, Sendable {
    /// Extended number at the source, in the numbering of its ``ReceiveStream``.
    package var source: Int64
    /// The extended number it was sent under.
    package var output: Int64
    /// What was added to its media time.
    package var clockOffset: UInt32
    /// How it differed.
    package var patch: PacketPatch
    /// Which of its producer's streams it came from.
    package var encoding: UInt8
    /// How often it was sent again.
    package var resends: UInt8
}

/// The packets a consumer sent of late: a ring by output number, 8 bytes each, that grows with the packet rate up to a
/// limit.
///
/// What runs of packets share (their source's numbering and clock) is kept once per run, see ``SendStream``.
struct RetransmissionMap: ~Copyable {
    struct Entry: BitwiseCopyable {
        /// Low half of the number at the source.
        var source: UInt16
        /// When it was sent last, in steps of 4 ms, wrapped.
        var sentAt: UInt16
        /// ``PacketPatch/value``.
        var patch: (UInt16, UInt8)
        /// Bit 7: in use; bits 4 to 6: ``PacketPatch/Flags``; below: how often it was sent again.
        var state: UInt8

        static let blank = Entry(source: 0, sentAt: 0, patch: (0, 0), state: 0)
    }

    private var entries = FixedBuffer<Entry>(count: 0, filledWith: .blank)
    private var newest = Int64.min
    /// In steps of 4 ms.
    private let retention: UInt16
    private let limit: Int

    /// - Parameters:
    ///   - retention: How long a packet may be asked for again.
    ///   - limit: Most packets, a power of two of at least 32.
    init(retention: Duration, limit: Int) {
        self.retention = UInt16(clamping: retention.wholeNanoseconds / 4_000_000)
        self.limit = limit
    }

    /// How many packets there is room for at present.
    var capacity: Int { entries.count }

    /// Takes note of a packet sent at `now` for the first time.
    mutating func add(output: Int64, source: Int64, patch: PacketPatch, now: Instant) {
        let now = Self.steps(now)
        if entries.count == 0 {
            entries = FixedBuffer(count: 32, filledWith: .blank)
            newest = output &- 1
        }
        if output > newest {
            while entries.count < limit, output &- newest < limit, wouldForget(upTo: output, now: now) { grow() }
            // What was skipped must not be taken for what stood there before.
            var skipped = max(newest &+ 1, output &- Int64(entries.count) &+ 1)
            while skipped < output {
                entries[slot(skipped)] = .blank
                skipped &+= 1
            }
            newest = output
        } else if newest &- output >= Int64(entries.count) {
            return
        }
        entries[slot(output)] = Entry(
            source: UInt16(truncatingIfNeeded: source),
            sentAt: now,
            patch: (UInt16(truncatingIfNeeded: patch.value), UInt8(truncatingIfNeeded: patch.value >> 16)),
            state: 0x80 | patch.flags.rawValue << 4
        )
    }

    /// What was found, or why nothing is to be sent.
    enum Finding {
        case entry(Entry)
        case unknown
        case tooSoon
        case exhausted
    }

    /// Finds the packet sent under `output` and counts sending it again, unless that was less than `interval` ago.
    mutating func resend(output: Int64, interval: Duration, now: Instant) -> Finding {
        guard entries.count > 0, output <= newest, newest &- output < Int64(entries.count) else { return .unknown }
        let place = slot(output)
        var entry = entries[place]
        guard entry.state & 0x80 != 0 else { return .unknown }
        let now = Self.steps(now)
        let age = now &- entry.sentAt
        let resends = entry.state & 0x0F
        if resends == 0 {
            guard age < retention else { return .unknown }
        } else {
            guard Int64(age) * 4_000_000 >= interval.wholeNanoseconds else { return .tooSoon }
            guard resends < SendStream.resendLimit else { return .exhausted }
        }
        entry.state &+= 1
        entry.sentAt = now
        entries[place] = entry
        return .entry(entry)
    }

    /// Forgets everything and gives the memory back.
    mutating func removeAll() {
        guard entries.count > 0 else { return }
        entries = FixedBuffer(count: 0, filledWith: .blank)
    }

    private static func steps(_ now: Instant) -> UInt16 {
        UInt16(truncatingIfNeeded: now.nanoseconds / 4_000_000)
    }

    @inline(__always)
    private func slot(_ output: Int64) -> Int { Int(truncatingIfNeeded: output) & (entries.count &- 1) }

    /// Whether numbers up to `output` would take the place of a packet that may still be asked for.
    @inline(__always)
    private func wouldForget(upTo output: Int64, now: UInt16) -> Bool {
        var next = max(newest &+ 1, output &- Int64(entries.count) &+ 1)
        while next <= output {
            let old = entries[slot(next)]
            if old.state & 0x80 != 0, now &- old.sentAt < retention { return true }
            next &+= 1
        }
        return false
    }

    private mutating func grow() {
        var larger = FixedBuffer(count: entries.count * 2, filledWith: Entry.blank)
        var output = newest &- Int64(entries.count) &+ 1
        while output <= newest {
            larger[Int(truncatingIfNeeded: output) & (larger.count - 1)] = entries[slot(output)]
            output &+= 1
        }
        swap(&entries, &larger)
    }
}
