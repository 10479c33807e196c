// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Writes the header extensions of a consumer's packets under the ids that its client negotiated.
///
/// One-byte form where every id is at most 14, else the two-byte form: RFC 8285 §4.2 and §4.3.
struct OutgoingExtensions {
    /// The values that depend on the moment of sending.
    struct Moment {
        /// The transport-wide number, or `nil` where the consumer negotiated none.
        var transportSequence: UInt16
        /// 24 bits of 6.18 seconds.
        var absoluteSendTime: UInt32
    }

    let ids: RTPExtensionIDs
    private let mid: [UInt8]
    /// Bytes in front of each value: 1 or 2.
    private let head: Int
    /// Bytes of elements that every packet carries.
    private let always: Int
    /// What may be passed on from the stored packet.
    private let accepted: PacketExtensions.Fields

    init(ids: RTPExtensionIDs, mid text: String?) {
        var kept = ids
        let name = Array((text ?? "").utf8.prefix(StreamIdentifier.maximumLength))
        mid = ids[.mid] == 0 ? [] : name
        if name.isEmpty { kept[.mid] = 0 }
        self.ids = kept
        let known: [RTPExtensionKind] = [
            .mid, .absoluteSendTime, .transportSequenceNumber, .audioLevel, .videoOrientation, .absoluteCaptureTime,
            .playoutDelay,
        ]
        head = known.contains { kept[$0] > 14 } ? 2 : 1
        var bytes = mid.isEmpty ? 0 : head + mid.count
        if kept[.absoluteSendTime] != 0 { bytes += head + 3 }
        if kept[.transportSequenceNumber] != 0 { bytes += head + 2 }
        always = bytes
        var fields: PacketExtensions.Fields = []
        if kept[.audioLevel] != 0 { fields.insert(.audioLevel) }
        if kept[.videoOrientation] != 0 { fields.insert(.videoOrientation) }
        if kept[.playoutDelay] != 0 { fields.insert(.playoutDelay) }
        if kept[.absoluteCaptureTime] != 0 { fields.formUnion([.absoluteCaptureTime, .captureClockOffset]) }
        accepted = fields
    }

    /// Whether packets carry the transport-wide sequence number.
    var hasTransportSequence: Bool { ids[.transportSequenceNumber] != 0 }

    /// Bytes of the whole block of a packet that came with `fields`, preamble and padding included; 0 for no block.
    @inline(__always)
    func length(for fields: PacketExtensions.Fields) -> Int {
        var bytes = always
        let passed = fields.intersection(accepted)
        if !passed.isEmpty {
            if passed.contains(.audioLevel) { bytes &+= head &+ 1 }
            if passed.contains(.videoOrientation) { bytes &+= head &+ 1 }
            if passed.contains(.playoutDelay) { bytes &+= head &+ 3 }
            if passed.contains(.absoluteCaptureTime) {
                bytes &+= head &+ (passed.contains(.captureClockOffset) ? 16 : 8)
            }
        }
        return bytes == 0 ? 0 : 4 &+ (bytes &+ 3) & ~3
    }

    /// Writes the block of ``length(for:)`` bytes at `offset`.
    @inline(__always)
    func write(
        _ values: PacketExtensions,
        _ moment: Moment,
        into bytes: inout MutableSpan<UInt8>,
        at offset: Int
    ) {
        let total = length(for: values.present)
        guard total > 0 else { return }
        bytes.store(head == 1 ? HeaderExtensions.oneByteProfile : HeaderExtensions.twoByteProfile, at: offset)
        bytes.store(UInt16(truncatingIfNeeded: total / 4 &- 1), at: offset &+ 2)
        var at = offset &+ 4
        if !mid.isEmpty {
            at = element(ids[.mid], mid.count, &bytes, at)
            for byte in mid {
                bytes[at] = byte
                at &+= 1
            }
        }
        if ids[.absoluteSendTime] != 0 {
            at = element(ids[.absoluteSendTime], 3, &bytes, at)
            bytes.store24(moment.absoluteSendTime, at: at)
            at &+= 3
        }
        if ids[.transportSequenceNumber] != 0 {
            at = element(ids[.transportSequenceNumber], 2, &bytes, at)
            bytes.store(moment.transportSequence, at: at)
            at &+= 2
        }
        let passed = values.present.intersection(accepted)
        if !passed.isEmpty { at = write(passed, of: values, into: &bytes, at: at) }
        while at < offset &+ total {
            bytes[at] = 0
            at &+= 1
        }
    }

    private func write(
        _ passed: PacketExtensions.Fields,
        of values: PacketExtensions,
        into bytes: inout MutableSpan<UInt8>,
        at: Int
    ) -> Int {
        var at = at
        if passed.contains(.audioLevel) {
            at = element(ids[.audioLevel], 1, &bytes, at)
            bytes[at] = values.audioLevel
            at += 1
        }
        if passed.contains(.videoOrientation) {
            at = element(ids[.videoOrientation], 1, &bytes, at)
            bytes[at] = values.videoOrientation
            at += 1
        }
        if passed.contains(.playoutDelay) {
            at = element(ids[.playoutDelay], 3, &bytes, at)
            bytes.store24(values.playoutDelay, at: at)
            at += 3
        }
        if passed.contains(.absoluteCaptureTime) {
            let long = passed.contains(.captureClockOffset)
            at = element(ids[.absoluteCaptureTime], long ? 16 : 8, &bytes, at)
            bytes.store(values.absoluteCaptureTime, at: at)
            if long { bytes.store(values.captureClockOffset, at: at + 8) }
            at += long ? 16 : 8
        }
        return at
    }

    /// Writes the head of one element and returns where its value goes.
    @inline(__always)
    private func element(_ id: UInt8, _ length: Int, _ bytes: inout MutableSpan<UInt8>, _ at: Int) -> Int {
        if head == 1 {
            bytes[at] = id << 4 | UInt8(truncatingIfNeeded: length &- 1)
            return at &+ 1
        }
        bytes[at] = id
        bytes[at &+ 1] = UInt8(truncatingIfNeeded: length)
        return at &+ 2
    }
}
