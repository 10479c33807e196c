// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletRTP
import SwiftletWire

/// A sender's view of a generator: what it was told of each packet, in virtual time.
struct FeedbackReader {
    /// One feedback packet as read back.
    struct Report: Equatable {
        var mediaSSRC: UInt32
        var count: UInt8
        var length: Int
        var statuses: [RTCPTransportFeedbackView.Status]
    }

    var generator = TransportFeedbackGenerator()
    var reports: [Report] = []

    init() {}

    static func at(milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    mutating func record(_ sequence: UInt16, at arrival: Instant) {
        generator.record(sequence: sequence, arrival: arrival, mediaSSRC: 77)
    }

    /// Lets all that is due by `now` be written, and says that it was sent.
    mutating func drain(at now: Instant, confirming: Bool = true) {
        var bytes = [UInt8](repeating: 0xEE, count: 1300)
        var span = bytes.mutableSpan
        while let length = generator.poll(now: now, into: &span, in: 10..<1300) {
            if confirming { generator.confirmSent() }
            var compound = RTCPCompound(span.span.extracting(10..<10 + length))
            guard case .transportFeedback(var view) = compound.next() else {
                reports.append(Report(mediaSSRC: 0, count: 0, length: length, statuses: []))
                continue
            }
            var statuses: [RTCPTransportFeedbackView.Status] = []
            while let status = view.next() { statuses.append(status) }
            reports.append(
                Report(mediaSSRC: view.mediaSSRC, count: view.feedbackCount, length: length, statuses: statuses)
            )
        }
    }

    /// All statuses of all reports so far, in the order they were told.
    var statuses: [RTCPTransportFeedbackView.Status] { reports.flatMap(\.statuses) }

    /// The arrivals told last of each sequence number; a packet told lost after it had arrived stays arrived.
    var arrivals: [UInt16: Int64] {
        var arrivals: [UInt16: Int64] = [:]
        for status in statuses { if let arrival = status.arrival { arrivals[status.sequence] = arrival } }
        return arrivals
    }
}
