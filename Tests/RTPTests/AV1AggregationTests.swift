// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("AV1 payloads without dependency descriptor, as from Firefox 136")
struct AV1AggregationTests {
    /// An OBU header with extension: type 6 (frame), temporal layer 2, spatial layer 1.
    static let layered: [UInt8] = [0x34, 0b010_01_000]

    @Test("The layers of the only unit are read, with and without a length before it")
    func onlyUnit() throws {
        try expect([0x10] + Self.layered + [0xAA], temporal: 2, spatial: 1)
        try expect([0x00, 3] + Self.layered + [0xAA], temporal: 2, spatial: 1)
    }

    @Test("Units without an extension, a temporal delimiter or a sequence header, are passed over")
    func later() throws {
        // W 3: a sequence header of three bytes, an empty element, then the frame.
        try expect([0x38, 3, 0x08, 1, 2, 0] + Self.layered, temporal: 2, spatial: 1)
        // W 0: every element has its length.
        try expect([0x08, 1, 0x10, 3, 0x08, 1, 2, 2] + Self.layered, temporal: 2, spatial: 1)
    }

    @Test("A fragment that goes on is not taken for a unit's header")
    func fragment() throws {
        try expect([0x90] + Self.layered + [0xAA], temporal: nil, spatial: nil)
        try expect([0xA0, 2] + Self.layered + [0x34, 0b001_00_000], temporal: 1, spatial: 0)
        let payload: [UInt8] = [0xD0, 0xAA]
        let aggregation = try #require(AV1Aggregation(bytes: payload))
        #expect(aggregation.continuesUnit && aggregation.isContinued && !aggregation.startsSequence)
    }

    @Test("N starts a sequence, except beside Z")
    func sequence() {
        for (head, starts) in [(0x18, true), (0x08, true), (0x10, false), (0x98, false)] as [(UInt8, Bool)] {
            let payload = [head, 0x0A]
            #expect(AV1Aggregation(bytes: payload)?.startsSequence == starts)
        }
    }

    @Test(
        "Lengths that contradict the payload end the search",
        arguments: [
            [0x20, 9] + layered, [0x00, 0x80], [0x00, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00] + layered,
            [0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F] + layered, [0x30, 0, 0], [0x10, 0x34], [0x10],
        ] as [[UInt8]]
    )
    func hostile(payload: [UInt8]) throws { try expect(payload, temporal: nil, spatial: nil) }

    @Test("An empty payload is nothing, and a long row of empty units is not walked to its end")
    func bounds() throws {
        let empty: [UInt8] = []
        #expect(AV1Aggregation(bytes: empty) == nil)
        let row = [0x00] + [UInt8](repeating: 0, count: AV1Aggregation.maximumElements - 1) + [2] + Self.layered
        try expect(row, temporal: 2, spatial: 1)
        try expect([0x00, 0] + row.dropFirst(), temporal: nil, spatial: nil)
    }

    private func expect(_ payload: [UInt8], temporal: UInt8?, spatial: UInt8?) throws {
        let aggregation = try #require(AV1Aggregation(bytes: payload))
        #expect(aggregation.hasLayers == (temporal != nil))
        #expect(aggregation.temporalID == temporal ?? 0 && aggregation.spatialID == spatial ?? 0)
    }
}
