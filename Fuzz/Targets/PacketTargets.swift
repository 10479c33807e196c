// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletRTP
import SwiftletWire

/// RTP and RTCP packets.
enum PacketTargets {
    /// A packet and its extensions are read inside their bounds; its header, written anew, reads the same.
    static func rtp(_ bytes: [UInt8]) throws(BrokenRule) {
        let inPlace = RTPFixedHeader.headerLength(of: bytes.span)
        guard let view = try? RTPPacketView(parsing: bytes.span) else { return }
        try require(inPlace == view.headerLength, "both readers see a header of the same length")
        try require(
            view.payloadRange.upperBound + view.paddingLength == bytes.count,
            "payload and padding fill the packet"
        )
        for index in 0..<view.contributingSourceCount {
            try require(view.contributingSource(at: index) != nil, "every contributing source can be read")
        }
        var block = RTPExtensionBlock()
        var elements: [HeaderExtensions.Element] = []
        var walk = view.extensions
        while let element = walk.next() {
            try require(
                element.range.lowerBound >= 12 && element.range.upperBound <= view.headerLength,
                "an element lies within the header"
            )
            readValues(view, element.id)
            if block.append(id: element.id, copying: element.range) { elements.append(element) }
        }
        try rewrite(view, block: block, elements: elements, source: bytes)
    }

    private static func readValues(_ view: borrowing RTPPacketView, _ id: UInt8) {
        let extensions = view.extensions
        _ = (extensions.identifier(id)?.string, extensions.absoluteSendTime(id), extensions.audioLevel(id)?.rawValue)
        _ = (extensions.transportSequenceNumber(id), extensions.absoluteCaptureTime(id))
        _ = (extensions.videoOrientation(id)?.rawValue, extensions.playoutDelay(id)?.rawValue)
    }

    private static func rewrite(
        _ view: borrowing RTPPacketView,
        block: RTPExtensionBlock,
        elements: [HeaderExtensions.Element],
        source: [UInt8]
    ) throws(BrokenRule) {
        let header = RTPHeader(
            payloadType: view.payloadType,
            marker: view.marker,
            sequenceNumber: view.sequenceNumber,
            timestamp: view.timestamp,
            ssrc: view.ssrc
        )
        var target = [UInt8](repeating: 0xEE, count: 16 + block.encodedLength)
        var span = target.mutableSpan
        let layout = RTPHeaderWriter.write(header, extensions: block, copyingFrom: source.span, into: &span, at: 4)
        try require(layout?.headerLength == target.count - 4, "a header fits the length foretold")
        let written = Array(target[4...])
        guard let again = try? RTPPacketView(parsing: written.span) else {
            throw BrokenRule(description: "a written header can be read")
        }
        try require(again.ssrc == view.ssrc && again.timestamp == view.timestamp, "fields are written as they are read")
        try require(again.sequenceNumber == view.sequenceNumber && again.marker == view.marker, "fields stay")
        var walk = again.extensions
        for element in elements {
            guard let copy = walk.next() else { throw BrokenRule(description: "every element is written") }
            try require(
                copy.id == element.id && written[copy.range].elementsEqual(source[element.range]),
                "an element is written as it is read"
            )
        }
        try require(walk.next() == nil, "nothing but the elements is written")
    }

    /// A compound is read to its end, with no more packets than four bytes each allow.
    static func rtcp(_ bytes: [UInt8]) throws(BrokenRule) {
        var compound = RTCPCompound(bytes.span)
        var packets = 0
        while let packet = compound.next() {
            packets += 1
            try read(packet, limit: bytes.count)
        }
        try require(packets + compound.malformedCount <= bytes.count / 4 + 1, "a packet takes four bytes")
    }

    private static func read(_ packet: borrowing RTCPPacket, limit: Int) throws(BrokenRule) {
        var items = 0
        switch copy packet {
        case .senderReport(let view):
            for index in 0..<view.blocks.count { _ = view.blocks[index].roundTrip(at: 1 << 20) }
        case .receiverReport(let view): for index in 0..<view.blocks.count { _ = view.blocks[index] }
        case .sourceDescription(var view):
            while let chunk = view.next() { items += 1 + (chunk.cname?.count ?? 0) }
        case .goodbye(let view): for index in 0..<view.count { _ = view[index] }
        case .extendedReport(var view): while view.next() != nil { items += 1 }
        case .fullIntraRequest(let view): for index in 0..<view.count { _ = view[index] }
        case .genericNACK(var view):
            while view.next() != nil { items += 1 }
            try require(items <= view.itemCount * 17, "an item of a NACK names at most 17 packets")
            return
        case .receiverEstimate(let view): for index in 0..<view.count { _ = view[index] }
        case .transportFeedback(var view):
            while view.next() != nil { items += 1 }
            try require(items == view.statusCount, "feedback has as many statuses as it says")
            return
        case .pictureLossIndication, .other: return
        }
        try require(items <= limit, "items take at least a byte each")
    }

    /// Feedback made of any arrivals reads as packets in order; and any body of feedback is read within its bounds.
    static func transportFeedback(_ bytes: [UInt8]) throws(BrokenRule) {
        let body = Array(bytes.prefix(1400))
        let words = UInt16(truncatingIfNeeded: (body.count + 8 + 3) / 4)
        let packet = [0x8F, 205, UInt8(words >> 8), UInt8(words & 0xFF)] + [0, 0, 0, 1, 0, 0, 0, 2] + body
        try rtcp(packet + [UInt8](repeating: 0, count: (4 - packet.count % 4) % 4))

        var input = FuzzInput(bytes)
        var generator = TransportFeedbackGenerator(senderSSRC: 1)
        var now = Instant(nanoseconds: 1_000_000_000)
        var sequence = input.word()
        while !input.isEmpty {
            sequence &+= UInt16(truncatingIfNeeded: Int(Int8(bitPattern: input.byte())))
            now = now + .microseconds(Int(input.byte()) * 97)
            generator.record(sequence: sequence, arrival: now, mediaSSRC: 2)
            try poll(&generator, now: now)
        }
        try poll(&generator, now: now + .seconds(1))
    }

    private static func poll(_ generator: inout TransportFeedbackGenerator, now: Instant) throws(BrokenRule) {
        guard let deadline = generator.nextDeadline, deadline <= now else { return }
        var target = [UInt8](repeating: 0, count: 1500)
        for _ in 0..<64 {
            var span = target.mutableSpan
            guard let length = generator.poll(now: now, into: &span, in: 0..<1500) else { return }
            generator.confirmSent()
            try require(length <= TransportFeedbackGenerator.maximumPacketLength, "feedback keeps to its length")
            var compound = RTCPCompound(target.span.extracting(first: length))
            guard case .transportFeedback(var view) = compound.next() else {
                throw BrokenRule(description: "feedback that we write can be read")
            }
            var (statuses, arrived) = (0, 0)
            while let status = view.next() {
                statuses += 1
                arrived += status.arrival == nil ? 0 : 1
            }
            try require(statuses == view.statusCount && arrived > 0, "feedback tells of a packet that came")
        }
    }
}
