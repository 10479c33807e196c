// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Header extensions, RFC 8285")
struct HeaderExtensionTests {
    @Test("The one-byte form: padding between elements, lengths of 1 and 16")
    func oneByte() {
        let block: [UInt8] = [0x00, 0x10, 0xAA, 0x00, 0x00, 0x2F] + [UInt8](1...16) + [0x32, 1, 2, 3]
        #expect(elements(block, profile: 0xBEDE) == [[1, 0xAA], [2] + [UInt8](1...16), [3, 1, 2, 3]])
    }

    @Test("Id 15 of the one-byte form ends the walk, whatever its length")
    func reservedIdentifier() {
        #expect(elements([0x10, 0xAA, 0xF0, 0x20, 0xBB, 0x30, 0xCC], profile: 0xBEDE) == [[1, 0xAA]])
    }

    @Test("Id 0 with a length is skipped with its bytes")
    func zeroIdentifierWithLength() {
        #expect(elements([0x01, 0x10, 0x20, 0x30, 0xCC], profile: 0xBEDE) == [[3, 0xCC]])
    }

    @Test("The two-byte form: empty values, ids above 14, application bits", arguments: [0x1000, 0x100F] as [UInt16])
    func twoByte(profile: UInt16) {
        let block: [UInt8] = [0x00, 0x01, 0x00, 0xFF, 0x02, 0xAA, 0xBB, 0x00, 0x0F, 0x01, 0xCC]
        #expect(elements(block, profile: profile) == [[1], [255, 0xAA, 0xBB], [15, 0xCC]])
    }

    @Test("An overlong element drops itself and what follows, not what came before")
    func overlong() {
        #expect(elements([0x10, 0xAA, 0x2F, 0x01], profile: 0xBEDE) == [[1, 0xAA]])
        #expect(elements([0x01, 0x01, 0xAA, 0x02, 0xFF, 0x01], profile: 0x1000) == [[1, 0xAA]])
        #expect(elements([0x01, 0x01, 0xAA, 0x02], profile: 0x1000) == [[1, 0xAA]])
    }

    @Test("A block of another profile has no elements", arguments: [0x0000, 0xABAC, 0x1010, 0xBEDF] as [UInt16])
    func otherProfile(profile: UInt16) {
        #expect(elements([0x10, 0xAA, 0x20, 0xBB], profile: profile).isEmpty)
    }

    @Test("Lookup finds the first element with an id, and none for id 0")
    func lookup() throws {
        let packet = Self.packet(profile: 0xBEDE, block: [0x10, 0xAA, 0x20, 0xBB, 0x20, 0xCC, 0x00, 0x00])
        let extensions = try RTPPacketView(parsing: packet.span).extensions
        let (first, second, third, zero) = (
            extensions.range(of: 1), extensions.range(of: 2), extensions.range(of: 3), extensions.range(of: 0)
        )
        #expect(first == 17..<18 && second == 19..<20 && third == nil && zero == nil)
        let value = extensions.value(of: 2)?.copied()
        #expect(value == [0xBB])
    }

    @Test("Typed values are read from their published layouts")
    func typedValues() throws {
        let block: [UInt8] =
            [1, 4] + Array("cam0".utf8) + [2, 3, 0x12, 0x34, 0x56, 3, 2, 0xAB, 0xCD, 4, 1, 0x8A, 5, 1, 0x0D]
            + [6, 8, 0, 0, 0, 1, 0x80, 0, 0, 0, 7, 3, 0x00, 0x10, 0x64, 0, 0]
        let packet = Self.packet(profile: 0x1000, block: block)
        let extensions = try RTPPacketView(parsing: packet.span).extensions
        let (mid, sendTime, sequence) = (
            extensions.identifier(1), extensions.absoluteSendTime(2), extensions.transportSequenceNumber(3)
        )
        #expect(mid?.string == "cam0" && mid == StreamIdentifier("cam0"))
        #expect(sendTime == 0x123456 && sequence == 0xABCD)
        let (level, orientation) = (extensions.audioLevel(4), extensions.videoOrientation(5))
        #expect(level == AudioLevel(voiceActivity: true, attenuation: 10))
        #expect(orientation == VideoOrientation(isBackCamera: true, isFlipped: true, rotation: 90))
        let (capture, delay) = (extensions.absoluteCaptureTime(6), extensions.playoutDelay(7))
        #expect(capture == AbsoluteCaptureTime(captured: NTPTime(rawValue: 0x1_8000_0000)))
        #expect(delay == PlayoutDelay(minimum: 1, maximum: 100))
    }

    @Test("A value of the wrong length is no value")
    func wrongLengths() throws {
        let packet = Self.packet(profile: 0x1000, block: [1, 2, 0, 0, 2, 3, 0, 0, 0, 3, 7, 0, 0, 0, 0, 0, 0, 0, 4, 0])
        let extensions = try RTPPacketView(parsing: packet.span).extensions
        let (sendTime, sequence, capture) = (
            extensions.absoluteSendTime(1), extensions.transportSequenceNumber(2), extensions.absoluteCaptureTime(3)
        )
        #expect(sendTime == nil && sequence == nil && capture == nil)
        let (level, identifier, orientation) = (
            extensions.audioLevel(4), extensions.identifier(4), extensions.videoOrientation(4)
        )
        #expect(level == nil && identifier == nil && orientation == nil)
    }

    @Test("A stream name holds 1 to 16 bytes")
    func identifiers() {
        #expect(StreamIdentifier("") == nil)
        #expect(StreamIdentifier("12345678901234567") == nil)
        #expect(StreamIdentifier("1234567890123456")?.string == "1234567890123456")
        #expect(StreamIdentifier("a") != StreamIdentifier("a\0"))
    }

    @Test("Known extensions are found by URI and by id")
    func kinds() {
        for kind in RTPExtensionKind.allCases { #expect(RTPExtensionKind(uri: kind.uri) == kind) }
        #expect(RTPExtensionKind(uri: "urn:example") == nil)
        var ids = RTPExtensionIDs()
        ids[.mid] = 9
        ids[.transportSequenceNumber] = 255
        #expect(ids.kind(of: 9) == .mid && ids.kind(of: 255) == .transportSequenceNumber)
        #expect(ids.kind(of: 1) == nil && ids.kind(of: 0) == nil && ids[.rid] == 0)
    }

    /// A packet with the extension block given, padded with zeros to whole words.
    static func packet(profile: UInt16, block: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write([0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3] as [UInt8])
        writer.write(profile)
        writer.write(UInt16((block.count + 3) / 4))
        writer.write(block)
        writer.pad(to: 4)
        writer.write([0x77] as [UInt8])
        return writer.bytes
    }

    /// Each element as its id followed by its value, from a block that is exactly `block`.
    private func elements(_ block: [UInt8], profile: UInt16) -> [[UInt8]] {
        var walk = HeaderExtensions(block.span, range: block.indices, profile: profile)
        var found: [[UInt8]] = []
        while let element = walk.next() { found.append([element.id] + block[element.range]) }
        return found
    }
}
