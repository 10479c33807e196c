// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("VP8 payload descriptor, RFC 7741 §4.2")
struct VP8DescriptorTests {
    /// I, L, T and K set: picture id 0x0506, TL0PICIDX 7, temporal layer 2 with Y, key index 5; an inter frame.
    static let full: [UInt8] = [0x90, 0xF0, 0x85, 0x06, 0x07, 0xA5, 0x01, 0xAA]

    @Test("Every field is read")
    func fields() throws {
        let descriptor = try #require(VP8Descriptor(bytes: Self.full))
        #expect(descriptor.length == 6 && descriptor.isStart && !descriptor.isKeyFrame && !descriptor.isDiscardable)
        #expect(descriptor.hasPictureID && descriptor.hasLongPictureID && descriptor.pictureID == 0x0506)
        #expect(descriptor.hasTL0PictureIndex && descriptor.tl0PictureIndex == 7)
        #expect(descriptor.hasTemporalID && descriptor.temporalID == 2 && descriptor.isLayerSync)
        #expect(descriptor.hasKeyIndex && descriptor.keyIndex == 5)
    }

    @Test("A 7-bit picture id is read, and written with fifteen bits, JVB #1106")
    func shortPictureID() throws {
        let payload: [UInt8] = [0x90, 0x80, 0x7F, 0x00]
        let descriptor = try #require(VP8Descriptor(bytes: payload))
        #expect(descriptor.pictureID == 127 && !descriptor.hasLongPictureID && descriptor.length == 3)
        #expect(descriptor.isKeyFrame && descriptor.writtenLength == 4)
        #expect(write(descriptor, pictureID: 128, tl0: 9) == [0x90, 0x80, 0x80, 0x80])
        #expect(write(descriptor, pictureID: 0, tl0: 9) == [0x90, 0x80, 0x80, 0x00])
    }

    @Test("A picture id has fifteen bits and not sixteen, MS #984")
    func pictureIDWidth() throws {
        let payload: [UInt8] = [0x90, 0x80, 0xFF, 0xFF, 0x01]
        let descriptor = try #require(VP8Descriptor(bytes: payload))
        #expect(descriptor.pictureID == 0x7FFF)
        #expect(write(descriptor, pictureID: 0x8001, tl0: 0) == [0x90, 0x80, 0x80, 0x01])
    }

    @Test("Without TL0PICIDX none is written, JVB #2105")
    func absentTL0() throws {
        let payload: [UInt8] = [0x90, 0xA0, 0x85, 0x06, 0x40, 0x01]
        let descriptor = try #require(VP8Descriptor(bytes: payload))
        #expect(!descriptor.hasTL0PictureIndex && descriptor.tl0PictureIndex == 0 && descriptor.temporalID == 1)
        #expect(write(descriptor, pictureID: 1, tl0: 0xEE) == [0x90, 0xA0, 0x80, 0x01, 0x40])
    }

    @Test("Without picture id and layers, as from Firefox, it is layer 0 and stays as it is, LK #4721, JVB #1186")
    func bare() throws {
        let bare: [UInt8] = [0x10, 0x00]
        let descriptor = try #require(VP8Descriptor(bytes: bare))
        #expect(descriptor.length == 1 && descriptor.isKeyFrame && !descriptor.hasPictureID)
        #expect(!descriptor.hasTemporalID && descriptor.temporalID == 0 && !descriptor.isLayerSync)
        #expect(write(descriptor, pictureID: 77, tl0: 7) == [0x10])
    }

    @Test("TL0PICIDX without a layer index stands for layer 0, ST #963")
    func tl0WithoutLayer() throws {
        let payload: [UInt8] = [0x90, 0xC0, 0x85, 0x06, 0x07, 0x01]
        let descriptor = try #require(VP8Descriptor(bytes: payload))
        #expect(descriptor.hasTL0PictureIndex && !descriptor.hasTemporalID && descriptor.temporalID == 0)
        #expect(write(descriptor, pictureID: 3, tl0: 4) == [0x90, 0xC0, 0x80, 0x03, 0x04])
    }

    @Test("Temporal bits mean nothing where only the key index was announced")
    func keyIndexAlone() throws {
        let payload: [UInt8] = [0x90, 0x10, 0xE3, 0x01]
        let descriptor = try #require(VP8Descriptor(bytes: payload))
        #expect(descriptor.keyIndex == 3 && descriptor.temporalID == 0 && !descriptor.isLayerSync)
        #expect(write(descriptor, pictureID: 3, tl0: 4) == [0x90, 0x10, 0xE3])
    }

    @Test("Only the first packet of partition 0 starts a frame")
    func start() throws {
        for (head, starts) in [(0x10, true), (0x00, false), (0x11, false), (0x30, true), (0x17, false)]
            as [(UInt8, Bool)]
        {
            let payload = [head, 0x00]
            let descriptor = try #require(VP8Descriptor(bytes: payload))
            #expect(descriptor.isStart == starts && descriptor.isKeyFrame == starts)
        }
    }

    @Test("Any descriptor, cut anywhere, is nothing; whole, it comes back with the ids it is given")
    func everyShape() throws {
        for flags in 0...0xFF as ClosedRange<UInt8> {
            for long in [false, true] where flags & 0x80 != 0 || !long {
                let picture: [UInt8] = flags & 0x80 == 0 ? [] : long ? [0x92, 0x34] : [0x12]
                let tl0: [UInt8] = flags & 0x40 == 0 ? [] : [0x56]
                let layers: [UInt8] = flags & 0x30 == 0 ? [] : [0x78]
                let bytes = [0x90, flags] + picture + tl0 + layers
                for length in bytes.indices {
                    let isNothing = VP8Descriptor(bytes: Array(bytes[..<length])) == nil
                    #expect(isNothing)
                }
                let descriptor = try #require(VP8Descriptor(bytes: bytes))
                #expect(descriptor.length == bytes.count && descriptor.writtenLength <= VP8Descriptor.maximumLength)
                let expected =
                    [0x90, flags] + (picture.isEmpty ? [] : [0xC3, 0x21]) + (tl0.isEmpty ? [] : [0x99]) + layers
                #expect(write(descriptor, pictureID: 0x4321, tl0: 0x99) == expected)
            }
        }
    }

    @Test("Rewriting writes beside the payload that all consumers share, LK #763, and nothing where there is no room")
    func room() throws {
        let payload = Self.full
        let descriptor = try #require(VP8Descriptor(bytes: payload))
        var target = [UInt8](repeating: 0xEE, count: 6)
        for offset in [1, 6, 7, -1, .max] {
            var span = target.mutableSpan
            let written = descriptor.write(pictureID: 1, tl0PictureIndex: 1, into: &span, at: offset)
            #expect(written == 0)
        }
        #expect(target == [UInt8](repeating: 0xEE, count: 6) && payload == Self.full)
    }

    private func write(_ descriptor: VP8Descriptor, pictureID: UInt16, tl0: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: 12)
        var span = bytes.mutableSpan
        let count = descriptor.write(pictureID: pictureID, tl0PictureIndex: tl0, into: &span, at: 3)
        #expect(count == descriptor.writtenLength)
        #expect(bytes[..<3] == [0xEE, 0xEE, 0xEE] && bytes[(3 + count)...].allSatisfy { $0 == 0xEE })
        return Array(bytes[3..<3 + count])
    }
}
