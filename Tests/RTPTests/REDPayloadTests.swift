// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Redundant audio, RFC 2198")
struct REDPayloadTests {
    /// Two older blocks of three and two bytes, 1920 and 960 ticks back, and a primary one of four.
    static let payload: [UInt8] =
        [0xEF, 0x1E, 0x00, 0x03, 0xEF, 0x0F, 0x00, 0x02, 0x6F] + [1, 2, 3] + [4, 5] + [6, 7, 8, 9]

    @Test("Blocks are found in order, the primary one last")
    func blocks() throws {
        let red = try #require(REDPayload(bytes: Self.payload))
        #expect(red.count == 3 && red.headerLength == 9)
        #expect(red[0]?.payloadType == 111 && red[0]?.timestampOffset == 1920 && red[0]?.range == 9..<12)
        #expect(red[1]?.timestampOffset == 960 && red[1]?.range == 12..<14)
        #expect(red[2] == red.primary && red.primary.range == 14..<18 && red.primary.timestampOffset == 0)
        #expect(red[3] == nil && red[-1] == nil)
    }

    @Test("A primary block alone, even an empty one, is a payload")
    func primaryOnly() throws {
        let payload: [UInt8] = [0x6F]
        let red = try #require(REDPayload(bytes: payload))
        #expect(red.count == 1 && red.primary.length == 0 && red.primary.payloadType == 111)
    }

    @Test("Lengths and offsets take all their bits")
    func widths() throws {
        let payload = [0xFF, 0xFF, 0xFF, 0xFF, 0x00] + [UInt8](repeating: 7, count: 1023)
        let red = try #require(REDPayload(bytes: payload))
        #expect(red[0]?.timestampOffset == 0x3FFF && red[0]?.length == 1023 && red[0]?.payloadType == 127)
        #expect(red.primary.length == 0 && red.primary.offset == payload.count)
    }

    @Test("Cut anywhere before its primary block, it is nothing")
    func truncation() {
        for length in 0..<14 {
            let isNothing = REDPayload(bytes: Array(Self.payload[..<length])) == nil
            #expect(isNothing)
        }
        let shortened = REDPayload(bytes: Array(Self.payload[..<14]))
        #expect(shortened?.primary.length == 0)
    }

    @Test("Eight blocks are read, nine are not")
    func bound() {
        for count in 1...10 {
            let payload = Array([[UInt8]](repeating: [0xEF, 0, 0, 0], count: count - 1).joined()) + [0x6F, 1]
            let read = REDPayload(bytes: payload)?.count
            #expect(read == (count <= REDPayload.maximumBlocks ? count : nil))
        }
    }

    @Test("Payload types in the block headers are replaced, everything else stays", arguments: [1, 2, 3] as [UInt64])
    func rewriting(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var mapping = PayloadTypeMapping()
        for (old, new) in [(111, 96), (111, 100), (0, 8)] as [(UInt8, UInt8)] { mapping.replace(old, by: new) }
        for _ in 0..<500 {
            var header: [UInt8] = []
            var expected: [UInt8] = []
            let count = Int.random(in: 1...REDPayload.maximumBlocks, using: &random)
            for index in 0..<count {
                let last: UInt8 = index == count - 1 ? 0 : 0x80
                let rest: [UInt8] = last == 0 ? [] : [.random(in: 0...255, using: &random), 0, 1]
                let type = ([111, 0, 13, 127] as [UInt8]).randomElement(using: &random) ?? 0
                header += [last | type] + rest
                expected += [last | (type == 111 ? 100 : type == 0 ? 8 : type)] + rest
            }
            let red = try #require(REDPayload(bytes: (header + [UInt8](repeating: 5, count: 20))))
            var target = [UInt8](repeating: 0xEE, count: header.count + 3)
            var span = target.mutableSpan
            let written = red.write(mapping: mapping, into: &span, at: 2)
            #expect(written == header.count && written <= REDPayload.maximumHeaderLength)
            #expect(target == [0xEE, 0xEE] + expected + [0xEE])
            var short = target.mutableSpan
            let refused = red.write(mapping: mapping, into: &short, at: 4)
            #expect(refused == 0)
        }
    }

    @Test("A mapping of payload types has four places")
    func mappingBound() {
        var mapping = PayloadTypeMapping()
        let changes: [(UInt8, UInt8)] = [(0, 10), (128, 1), (1, 128), (1, 11), (2, 12), (3, 13), (4, 14), (3, 23)]
        let taken = changes.map { mapping.replace($0, by: $1) }
        #expect(taken == [true, false, false, true, true, true, false, true])
        #expect(mapping[0] == 10 && mapping[3] == 23 && mapping[4] == 4 && mapping[127] == 127)
    }
}
