// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import Testing

@Suite("Byte reader, writer and spans")
struct BytesTests {
    @Test("The reader takes fields in order and refuses to pass the end")
    func reader() throws {
        let bytes: [UInt8] = Array(1...18)
        var reader = ByteReader(bytes.span)
        #expect(try reader.readUInt8() == 0x01)
        #expect(try reader.readUInt16() == 0x0203)
        #expect(try reader.readUInt24() == 0x04_0506)
        #expect(try reader.readUInt32() == 0x0708_090A)
        let middle = try reader.readBytes(2).copied()
        #expect(middle == [11, 12])
        try reader.skip(1)
        #expect(reader.offset == 13 && reader.remaining == 5)
        // The macro cannot hold a view, so each refusal is caught by hand.
        var refusals = 0
        do { _ = try reader.readUInt64() } catch .truncated { refusals += 1 }
        do { try reader.skip(6) } catch .truncated { refusals += 1 }
        do { try reader.skip(-1) } catch .truncated { refusals += 1 }
        do { _ = try reader.readBytes(-1) } catch .truncated { refusals += 1 }
        #expect(refusals == 4)
        #expect(reader.remaining == 5)
        try reader.skip(5)
        do { _ = try reader.readUInt8() } catch .truncated { refusals += 1 }
        #expect(refusals == 5)
    }

    @Test("The writer writes what the reader reads, pads with zeros and overwrites in place")
    func writer() throws {
        var writer = ByteWriter()
        writer.write(0xAB as UInt8)
        writer.write(0x0102 as UInt16)
        writer.write24(0xFF03_0405)
        writer.write(0x0607_0809 as UInt32)
        writer.write(0x0A0B_0C0D_0E0F_1011 as UInt64)
        writer.write([0x12])
        writer.write(([0x13] as [UInt8]).span)
        #expect(writer.bytes == [0xAB] + Array(1...0x13))
        writer.pad(to: 8)
        #expect(writer.count == 24 && writer.bytes.suffix(4) == [0, 0, 0, 0])
        writer.overwrite(0xDEAD_BEEF as UInt32, at: 1)
        writer.overwrite(0xCAFE as UInt16, at: 22)
        #expect(writer.bytes[1...4] == [0xDE, 0xAD, 0xBE, 0xEF] && writer.bytes.suffix(2) == [0xCA, 0xFE])
    }

    @Test("Spans load and store big-endian at any offset")
    func spans() {
        var random = SeededRandom(seed: 3)
        var bytes = [UInt8](repeating: 0, count: 24)
        for _ in 0..<1000 {
            let (value, offset) = (random.next() as UInt64, Int.random(in: 0...16, using: &random))
            var target = bytes.mutableSpan
            target.store(value, at: offset)
            #expect(bytes.span.uint64(at: offset) == value)
            #expect(bytes.span.uint32(at: offset) == UInt32(value >> 32))
            #expect(bytes.span.uint24(at: offset) == UInt32(value >> 40))
            #expect(bytes.span.uint16(at: offset + 6) == UInt16(value & 0xFFFF))
            #expect(bytes[offset] == UInt8(value >> 56))
        }
        var target = bytes.mutableSpan
        target.store24(0x01_0203, at: 0)
        target.store(([4, 5] as [UInt8]).span, at: 3)
        #expect(Array(bytes[..<5]) == [1, 2, 3, 4, 5])
        let matches = { (a: [UInt8], b: [UInt8]) in a.span.matches(b.span) }
        #expect(matches([2, 3], [2, 3]) && matches([], []))
        #expect(!matches([2, 3], [2, 4]) && !matches([2, 3], [2]))
    }

    @Test("CRC-32 gives the catalogue's check value, whole and in parts")
    func checksum() {
        let text = Array("123456789".utf8)
        let checksum = { (bytes: [UInt8]) in CRC32.checksum(of: bytes.span) }
        #expect(checksum(text) == 0xCBF4_3926)
        let whole = CRC32.update(checksum(Array(text[..<4])), with: text.span.extracting(4..<9))
        #expect(whole == 0xCBF4_3926)
        #expect(checksum([]) == 0)
    }
}
