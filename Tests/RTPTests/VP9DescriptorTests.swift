// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("VP9 payload descriptor, RFC 9628 §4.2")
struct VP9DescriptorTests {
    @Test("Every field of the non-flexible mode is read")
    func fields() throws {
        let payload: [UInt8] = [0xFD, 0x85, 0x06, 0b010_1_001_1, 0x07, 0xAA]
        // I P L F=1 B E Z: with F, TL0PICIDX is absent and references follow.
        let flexible = try #require(VP9Descriptor(bytes: payload))
        #expect(flexible.isFlexible && !flexible.hasTL0PictureIndex)
        let plain: [UInt8] = [0xED, 0x85, 0x06, 0b010_1_001_1, 0x07, 0xAA]
        let descriptor = try #require(VP9Descriptor(bytes: plain))
        #expect(descriptor.length == 5 && descriptor.headLength == 5)
        #expect(descriptor.hasPictureID && descriptor.hasLongPictureID && descriptor.pictureID == 0x0506)
        #expect(descriptor.isInterPicture && descriptor.hasLayers && !descriptor.isFlexible)
        #expect(descriptor.isStart && descriptor.isEnd && descriptor.isNotReferenced)
        #expect(descriptor.temporalID == 2 && descriptor.isSwitchingPoint)
        #expect(descriptor.spatialID == 1 && descriptor.isInterLayer)
        #expect(descriptor.hasTL0PictureIndex && descriptor.tl0PictureIndex == 7)
        #expect(!descriptor.isKeyFrame && descriptor.spatialLayerCount == 0)
    }

    @Test("Up to three references are passed over in flexible mode, a fourth is refused")
    func references() throws {
        let three: [UInt8] = [0xD8, 0x05, 0x03, 0x05, 0x06, 0xAA]
        let descriptor = try #require(VP9Descriptor(bytes: three))
        #expect(descriptor.length == 5 && descriptor.headLength == 2 && descriptor.isFlexible)
        #expect(VP9Descriptor(bytes: ([0xD8, 0x05, 0x03, 0x05, 0x07, 0x02, 0xAA] as [UInt8])) == nil)
        // A key picture lists none.
        let key: [UInt8] = [0x98, 0x05, 0xAA]
        #expect(VP9Descriptor(bytes: key)?.length == 2)
    }

    @Test("The scalability structure tells layers, and its resolutions and picture group are stepped over")
    func structure() throws {
        // N_S 2, Y, G; three resolutions; two pictures with one and two references.
        let payload: [UInt8] =
            [0x8A, 0x05, 0b010_1_1_000, 0x01, 0x40, 0x00, 0xB4, 0x02, 0x80, 0x01, 0x68, 0x05, 0x00, 0x02, 0xD0]
            + [2, 0b000_0_01_00, 1, 0b001_1_10_00, 1, 2, 0xAA]
        let descriptor = try #require(VP9Descriptor(bytes: payload))
        #expect(descriptor.length == payload.count - 1 && descriptor.headLength == 2)
        #expect(descriptor.spatialLayerCount == 3 && descriptor.isKeyFrame)
    }

    @Test("Pictures without references and groups without pictures are read, ST #999")
    func emptyGroup() throws {
        let noReferences: [UInt8] = [0x8A, 0x05, 0b000_0_1_000, 1, 0b000_1_00_00, 0xAA]
        let noPictures: [UInt8] = [0x8A, 0x05, 0b000_0_1_000, 0, 0xAA]
        let neither: [UInt8] = [0x8A, 0x05, 0b000_0_0_000, 0xAA]
        #expect(VP9Descriptor(bytes: noReferences)?.length == 5 && VP9Descriptor(bytes: noPictures)?.length == 4)
        #expect(VP9Descriptor(bytes: neither)?.length == 3 && VP9Descriptor(bytes: neither)?.spatialLayerCount == 1)
    }

    @Test("The highest layer ids read as what they are, LK #4712")
    func highestLayers() throws {
        let payload: [UInt8] = [0xA8, 0x05, 0b111_0_111_0, 0x01, 0xAA]
        let descriptor = try #require(VP9Descriptor(bytes: payload))
        #expect(descriptor.temporalID == 7 && descriptor.spatialID == 7 && !descriptor.isKeyFrame)
    }

    @Test("Without layers, as from Firefox, it is layer 0 of 0 and keeps its shape")
    func withoutLayers() throws {
        let payload: [UInt8] = [0x8C, 0x85, 0x06, 0xAA]
        let descriptor = try #require(VP9Descriptor(bytes: payload))
        #expect(!descriptor.hasLayers && descriptor.spatialID == 0 && descriptor.temporalID == 0)
        #expect(descriptor.isKeyFrame && !descriptor.isSwitchingPoint && !descriptor.hasTL0PictureIndex)
        #expect(write(descriptor, pictureID: 0x1234, tl0: 9) == [0x8C, 0x92, 0x34])
    }

    @Test("A picture id is written in the seven or fifteen bits that it had")
    func pictureIDWidth() throws {
        let short: [UInt8] = [0xAC, 0x7F, 0x00, 0x07, 0xAA]
        let long: [UInt8] = [0xAC, 0xFF, 0xFF, 0x00, 0x07, 0xAA]
        let (seven, fifteen) = (try #require(VP9Descriptor(bytes: short)), try #require(VP9Descriptor(bytes: long)))
        #expect(seven.pictureID == 0x7F && fifteen.pictureID == 0x7FFF)
        #expect(write(seven, pictureID: 0x0181, tl0: 9) == [0xAC, 0x01, 0x00, 0x09])
        #expect(write(fifteen, pictureID: 0x8001, tl0: 9) == [0xAC, 0x80, 0x01, 0x00, 0x09])
    }

    @Test(
        "Any descriptor, cut anywhere, is nothing; its head comes back with the ids it is given",
        arguments: 1...3 as ClosedRange<UInt64>
    )
    func everyShape(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for head in 0...0xFF as ClosedRange<UInt8> {
            let (bytes, headLength) = Self.compose(head, using: &random)
            for length in bytes.indices {
                let isNothing = VP9Descriptor(bytes: Array(bytes[..<length])) == nil
                #expect(isNothing, "\(bytes) cut to \(length)")
            }
            let descriptor = try #require(VP9Descriptor(bytes: bytes))
            #expect(descriptor.length == bytes.count && descriptor.headLength == headLength)
            #expect(
                write(descriptor, pictureID: descriptor.pictureID, tl0: descriptor.tl0PictureIndex)
                    == Array(bytes[..<headLength])
            )
            let other = write(descriptor, pictureID: 0x2A15, tl0: 0x99)
            let again = try #require(VP9Descriptor(bytes: (other + bytes[headLength...])))
            let picture: UInt16 = descriptor.hasLongPictureID ? 0x2A15 : 0x15
            #expect(again.pictureID == (descriptor.hasPictureID ? picture : 0) && again.length == descriptor.length)
            #expect(again.tl0PictureIndex == (descriptor.hasTL0PictureIndex ? 0x99 : 0))
        }
    }

    @Test("Nothing is written where there is no room")
    func room() throws {
        let payload: [UInt8] = [0xAC, 0xFF, 0xFF, 0x00, 0x07, 0xAA]
        let descriptor = try #require(VP9Descriptor(bytes: payload))
        var target = [UInt8](repeating: 0xEE, count: VP9Descriptor.maximumHeadLength)
        for offset in [1, 5, 6, -1, .max] {
            var span = target.mutableSpan
            let written = descriptor.write(pictureID: 1, tl0PictureIndex: 1, into: &span, at: offset)
            #expect(written == 0)
        }
        #expect(target.allSatisfy { $0 == 0xEE })
    }

    /// A descriptor with this first byte and random fields, and the length of its head.
    private static func compose(_ head: UInt8, using random: inout SeededRandom) -> ([UInt8], Int) {
        var bytes = [head]
        func any() -> UInt8 { UInt8.random(in: 0...255, using: &random) }
        if head & 0x80 != 0 { bytes += Bool.random(using: &random) ? [any() | 0x80, any()] : [any() & 0x7F] }
        if head & 0x20 != 0 { bytes += head & 0x10 == 0 ? [any(), any()] : [any()] }
        let headLength = bytes.count
        if head & 0x50 == 0x50 {
            for left in (0..<Int.random(in: 1...3, using: &random)).reversed() {
                bytes.append(any() & 0xFE | (left > 0 ? 1 : 0))
            }
        }
        if head & 0x02 != 0 {
            let structure = any()
            bytes.append(structure)
            if structure & 0x10 != 0 { for _ in 0..<(Int(structure >> 5) + 1) * 4 { bytes.append(any()) } }
            if structure & 0x08 != 0 {
                bytes.append(UInt8.random(in: 0...9, using: &random))
                for _ in 0..<(bytes.last ?? 0) {
                    let picture = any()
                    bytes.append(picture)
                    for _ in 0..<(picture >> 2 & 3) { bytes.append(any()) }
                }
            }
        }
        return (bytes, headLength)
    }

    private func write(_ descriptor: VP9Descriptor, pictureID: UInt16, tl0: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: 12)
        var span = bytes.mutableSpan
        let count = descriptor.write(pictureID: pictureID, tl0PictureIndex: tl0, into: &span, at: 3)
        #expect(count == descriptor.headLength && bytes[(3 + count)...].allSatisfy { $0 == 0xEE })
        return Array(bytes[3..<3 + count])
    }
}
