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
    /// What every block begins with: preamble, MID, and room for the values of the moment; the length is filled in.
    private let template: InlineArray<40, UInt8>
    /// How much of the template counts.
    private let fixed: Int
    /// Where the values of the moment go in a block; 0 for those that are not sent.
    private let sendTimePlace: Int
    private let sequencePlace: Int
    /// Bytes in front of each value: 1 or 2.
    private let head: Int
    /// Bytes of elements that every packet carries.
    private let always: Int
    /// What may be passed on from the stored packet.
    private let accepted: PacketExtensions.Fields

    init(ids: RTPExtensionIDs, mid text: String?) {
        var kept = ids
        // At most 16 bytes, so that the template holds it in either form.
        let name = Array((text ?? "").utf8.prefix(StreamIdentifier.maximumLength))
        if name.isEmpty { kept[.mid] = 0 }
        self.ids = kept
        let known: [RTPExtensionKind] = [
            .mid, .absoluteSendTime, .transportSequenceNumber, .audioLevel, .videoOrientation, .absoluteCaptureTime,
            .playoutDelay,
        ]
        // A dependency descriptor may be longer than the 16 bytes of the one-byte form.
        head = kept[.dependencyDescriptor] != 0 || known.contains { kept[$0] > 14 } ? 2 : 1
        let profile = head == 1 ? HeaderExtensions.oneByteProfile : HeaderExtensions.twoByteProfile
        var block = [UInt8(truncatingIfNeeded: profile >> 8), UInt8(truncatingIfNeeded: profile), 0, 0]
        var (sendTimePlace, sequencePlace) = (0, 0)
        if kept[.mid] != 0 { block += Self.head(head, kept[.mid], name.count) + name }
        if kept[.absoluteSendTime] != 0 {
            block += Self.head(head, kept[.absoluteSendTime], 3)
            sendTimePlace = block.count
            block += [0, 0, 0]
        }
        if kept[.transportSequenceNumber] != 0 {
            block += Self.head(head, kept[.transportSequenceNumber], 2)
            sequencePlace = block.count
            block += [0, 0]
        }
        var template = InlineArray<40, UInt8>(repeating: 0)
        for index in block.indices { template[index] = block[index] }
        (self.template, fixed, always) = (template, block.count, block.count - 4)
        (self.sendTimePlace, self.sequencePlace) = (sendTimePlace, sequencePlace)
        var fields: PacketExtensions.Fields = []
        if kept[.audioLevel] != 0 { fields.insert(.audioLevel) }
        if kept[.videoOrientation] != 0 { fields.insert(.videoOrientation) }
        if kept[.playoutDelay] != 0 { fields.insert(.playoutDelay) }
        if kept[.absoluteCaptureTime] != 0 { fields.formUnion([.absoluteCaptureTime, .captureClockOffset]) }
        accepted = fields
    }

    /// Whether packets carry the transport-wide sequence number.
    var hasTransportSequence: Bool { sequencePlace > 0 }

    /// Whether dependency descriptors go on to this consumer, as they do not to browsers.
    var passesDescriptor: Bool { ids[.dependencyDescriptor] != 0 }

    /// Bytes of the whole block of a packet that came with `fields`, preamble and padding included; 0 for no block.
    ///
    /// `descriptor` is the length of the dependency descriptor that goes with it, 0 without.
    @inline(__always)
    func length(for fields: PacketExtensions.Fields, descriptor: Int) -> Int {
        var bytes = always &+ (descriptor > 0 ? head &+ descriptor : 0)
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

    /// Writes the block of `total` bytes, as ``length(for:descriptor:)`` says, at `offset`.
    ///
    /// - Returns: Where a dependency descriptor of `descriptor` bytes goes, if there is one.
    @discardableResult
    @inline(__always)
    func write(
        _ values: PacketExtensions,
        _ moment: Moment,
        of total: Int,
        descriptor: Int = 0,
        into bytes: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Int {
        for index in 0..<fixed { bytes[offset &+ index] = template[index] }
        bytes.store(UInt16(truncatingIfNeeded: total / 4 &- 1), at: offset &+ 2)
        if sendTimePlace > 0 { bytes.store24(moment.absoluteSendTime, at: offset &+ sendTimePlace) }
        if sequencePlace > 0 { bytes.store(moment.transportSequence, at: offset &+ sequencePlace) }
        var at = offset &+ fixed
        let passed = values.present.intersection(accepted)
        if !passed.isEmpty { at = write(passed, of: values, into: &bytes, at: at) }
        var place = 0
        if descriptor > 0 {
            place = element(ids[.dependencyDescriptor], descriptor, &bytes, at)
            at = place &+ descriptor
        }
        while at < offset &+ total {
            bytes[at] = 0
            at &+= 1
        }
        return place
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

    private static func head(_ size: Int, _ id: UInt8, _ length: Int) -> [UInt8] {
        size == 1 ? [id << 4 | UInt8(truncatingIfNeeded: length - 1)] : [id, UInt8(truncatingIfNeeded: length)]
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
