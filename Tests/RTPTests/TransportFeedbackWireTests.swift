// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Transport feedback on the wire, draft-holmer-rmcat-transport-wide-cc-extensions-01")
struct TransportFeedbackWireTests {
    typealias Status = RTCPTransportFeedbackView.Status

    @Test("Runs and both kinds of vector are read, symbols beyond the count ignored")
    func chunks() {
        // Two small in a run; one bit each: lost, small, twelve lost; two bits each: lost, small, five lost.
        let chunks: [UInt8] = [0x20, 0x02, 0x90, 0x00, 0xC4, 0x00]
        let packet = Self.packet(
            base: 65_535,
            count: 19,
            reference: [0, 0, 1],
            chunks: chunks,
            deltas: [4, 0, 8, 255]
        )
        let statuses = Self.statuses(packet)
        #expect(statuses?.count == 19)
        let arrived = statuses?.filter { $0.arrival != nil }
        #expect(
            arrived == [
                Status(sequence: 65_535, arrival: 260), Status(sequence: 0, arrival: 260),
                Status(sequence: 2, arrival: 268), Status(sequence: 16, arrival: 523),
            ]
        )
    }

    @Test("Large deltas are signed")
    func signedDelta() {
        let packet = Self.packet(
            base: 1,
            count: 2,
            reference: [0, 0, 2],
            chunks: [0x40, 0x02],
            deltas: [0x01, 0x00, 0xFF, 0xFE]
        )
        #expect(Self.statuses(packet) == [Status(sequence: 1, arrival: 768), Status(sequence: 2, arrival: 766)])
    }

    @Test("The reference time has a sign")
    func signedReference() {
        let body = Self.packet(base: 1, count: 1, reference: [0xFF, 0xFF, 0xFF], chunks: [0x20, 0x01], deltas: [3])
        #expect(Self.statuses(body) == [Status(sequence: 1, arrival: -253)])
    }

    @Test("An empty run, the reserved symbol, missing chunks and missing deltas are malformed")
    func malformed() {
        let cases: [[UInt8]] = [
            Self.packet(base: 1, count: 1, reference: [0, 0, 0], chunks: [0x20, 0x00], deltas: [3, 3]),
            Self.packet(base: 1, count: 1, reference: [0, 0, 0], chunks: [0x60, 0x01], deltas: [3, 3]),
            Self.packet(base: 1, count: 1, reference: [0, 0, 0], chunks: [0xF0, 0x00], deltas: [3, 3]),
            Self.packet(base: 1, count: 0xFFFF, reference: [0, 0, 0], chunks: [0x1F, 0xFF], deltas: [3, 3]),
            Self.packet(base: 1, count: 100, reference: [0, 0, 0], chunks: [0x20, 0x64], deltas: [3, 3]),
        ]
        for packet in cases {
            #expect(RTCPSummary.read(packet).malformed == 1)
            #expect(Self.statuses(packet) == nil)
        }
    }

    @Test("Padding by flag and by zeros are both taken")
    func padding() {
        var body = Self.packet(base: 1, count: 1, reference: [0, 0, 0], chunks: [0x20, 0x01], deltas: [3, 1])
        #expect(Self.statuses(body) == [Status(sequence: 1, arrival: 3)])
        body[0] |= 0x20
        #expect(Self.statuses(body) == [Status(sequence: 1, arrival: 3)])
    }

    @Test("What the builder writes is read back, for random arrivals", arguments: 1...40 as ClosedRange<UInt64>)
    func builderRoundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let maximum = Int.random(in: 28...1200, using: &random)
        var builder = TransportFeedbackBuilder(maximumLength: maximum)
        for _ in 0..<60 {
            let base = Int64.random(in: -70_000...200_000, using: &random)
            var (sequence, ticks) = (base, Int64.random(in: -(1 << 33)...1 << 33, using: &random))
            let (lossShare, wild) = (
                Double.random(in: 0...1, using: &random), Double.random(in: 0...0.2, using: &random)
            )
            var expected: [Int64: Int64] = [:]
            builder.begin(base: base)
            for _ in 0..<Int.random(in: 1...1500, using: &random) {
                if Double.random(in: 0...1, using: &random) < lossShare {
                    sequence += Bool.random(using: &random) ? 1 : Int64.random(in: 1...60, using: &random)
                }
                if Double.random(in: 0...1, using: &random) < 0.002 {
                    sequence += Int64.random(in: 1...9000, using: &random)
                }
                let wildly = Double.random(in: 0...1, using: &random) < wild
                ticks += wildly ? .random(in: -33_000...33_000, using: &random) : .random(in: 0...255, using: &random)
                guard builder.add(sequence: sequence, ticks: ticks) else { break }
                expected[sequence] = ticks
                sequence += 1
            }
            guard !expected.isEmpty else { continue }
            #expect(builder.receivedCount == expected.count)
            let end = builder.end
            var bytes = [UInt8](repeating: 0xEE, count: 1204)
            var span = bytes.mutableSpan
            let length = try #require(
                builder.write(senderSSRC: 1, mediaSSRC: 2, feedbackCount: 3, into: &span, in: 0..<1204)
            )
            #expect(length <= (maximum + 3) & ~3 && length % 4 == 0)
            let statuses = try #require(Self.statuses(Array(bytes[..<length])))
            #expect(statuses.count == Int(end - base))
            let wrap: Int64 = 256 << 24
            let wrong = statuses.indices.count { index in
                let (status, number) = (statuses[index], base + Int64(index))
                guard status.sequence == UInt16(truncatingIfNeeded: number) else { return true }
                guard let ticks = expected[number], let arrival = status.arrival else {
                    return (expected[number] == nil) != (status.arrival == nil)
                }
                // The reference time wraps; its difference does not.
                return (ticks - arrival) % wrap != 0
            }
            #expect(wrong == 0)
        }
    }

    @Test("A builder with nothing in it writes nothing, and refuses what does not fit")
    func builderLimits() {
        var builder = TransportFeedbackBuilder()
        var bytes = [UInt8](repeating: 0, count: 100)
        var span = bytes.mutableSpan
        builder.begin(base: 10)
        let nothing = builder.write(senderSSRC: 1, mediaSSRC: 2, feedbackCount: 3, into: &span, in: 0..<100)
        #expect(nothing == nil)
        let calls: [(sequence: Int64, ticks: Int64, fits: Bool)] = [
            (9, 0, false), (10, 0, true), (11, 0x8000, false), (11, 0x7FFF, true), (12, 0x7FFF - 0x8001, false),
            (12, 0x7FFF - 0x8000, true), (10 + 0xFFFF, 0, false),
        ]
        for call in calls {
            let fits = builder.add(sequence: call.sequence, ticks: call.ticks)
            #expect(fits == call.fits, "\(call)")
        }
    }

    static func statuses(_ packet: [UInt8]) -> [Status]? {
        guard case .transportFeedback(_, _, _, let statuses) = RTCPSummary.read(packet).packets.first else {
            return nil
        }
        return statuses
    }

    /// A feedback packet of these parts, zeros behind it up to a whole word.
    static func packet(base: UInt16, count: UInt16, reference: [UInt8], chunks: [UInt8], deltas: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write([0x8F, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2] as [UInt8])
        writer.write(base)
        writer.write(count)
        writer.write(reference + [7] + chunks + deltas)
        writer.pad(to: 4)
        writer.overwrite(UInt16(writer.count / 4 - 1), at: 2)
        return writer.bytes
    }
}
