// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import Testing

@Suite("CRC-32c, RFC 9260 appendix A")
struct CRC32CTests {
    @Test(
        "The known vectors come out",
        arguments: [
            (Array("123456789".utf8), 0xE306_9283),
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0...0x1F), 0x46DD_794E),
            (Array((0...0x1F).reversed()), 0x113F_DB5C),
            ([], 0),
        ] as [([UInt8], UInt32)]
    )
    func vectors(bytes: [UInt8], checksum: UInt32) {
        #expect(CRC32C.checksum(of: bytes.span) == checksum)
        #expect(CRC32C.portableUpdate(0, with: bytes.span) == checksum)
    }

    @Test("Instruction, tables and a bit at a time agree at every length and alignment")
    func agreement() {
        var random = SeededRandom(seed: 1)
        let bytes = (0..<2100).map { _ in UInt8.random(in: 0...255, using: &random) }
        var naive: UInt32 = 0
        for count in 0..<2048 {
            #expect(CRC32C.checksum(of: bytes.span.extracting(0..<count)) == naive)
            let shifted = bytes.span.extracting(count % 16..<count % 16 + count)
            #expect(CRC32C.update(7, with: shifted) == CRC32C.portableUpdate(7, with: shifted))
            naive = Self.bitwise(naive, bytes[count])
        }
    }

    @Test("Bytes may come in pieces")
    func pieces() {
        let bytes = (0..<1500).map { UInt8(truncatingIfNeeded: $0 * 31 + $0 / 7) }
        let whole = CRC32C.checksum(of: bytes.span)
        for cut in stride(from: 0, through: 1500, by: 13) {
            let head = CRC32C.checksum(of: bytes.span.extracting(0..<cut))
            #expect(CRC32C.update(head, with: bytes.span.extracting(cut..<1500)) == whole)
        }
    }

    private static func bitwise(_ checksum: UInt32, _ byte: UInt8) -> UInt32 {
        var value = ~checksum ^ UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
        return ~value
    }
}
