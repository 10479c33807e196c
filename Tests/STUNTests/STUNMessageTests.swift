// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSTUN
import SwiftletWire
import Testing

@Suite("STUN messages, RFC 8489")
struct STUNMessageTests {
    private static let id = STUNTransactionID(high: 1, low: 2)

    private func request(_ fill: (inout STUNMessageBuilder) -> Void) -> [UInt8] {
        var builder = STUNMessageBuilder(.request, transactionID: Self.id)
        fill(&builder)
        return builder.finish()
    }

    /// A message of these attributes as they stand, without fingerprint.
    private func raw(_ attributes: [UInt8], type: UInt16 = 1) -> [UInt8] {
        hex("0000 0000 2112a442 000000010000000000000002").enumerated().map { index, byte in
            switch index {
            case 0: UInt8(type >> 8)
            case 1: UInt8(type & 0xFF)
            case 2: UInt8(attributes.count >> 8)
            case 3: UInt8(attributes.count & 0xFF)
            default: byte
            }
        } + attributes
    }

    @Test("Class and method are woven into the type as §5 draws it")
    func types() throws {
        for (type, kind, method) in [
            (0x0001, STUNClass.request, 1), (0x0011, .indication, 1), (0x0101, .success, 1), (0x0111, .error, 1),
            (0x03EF, .success, 0x0FF), (0x0200, .request, 0x080),
        ] as [(UInt16, STUNClass, UInt16)] {
            let reading = try Reading(raw([], type: type))
            #expect(reading.messageClass == kind && reading.method == method)
            let built = STUNMessageBuilder(kind, method: STUNMethod(rawValue: method), transactionID: Self.id).finish()
            #expect(built.span.uint16(at: 0) == type)
        }
    }

    @Test("What is written is read again")
    func roundTrip() throws {
        let bytes = request {
            $0.add(STUNAttribute.username, "abc:d")
            $0.add(STUNAttribute.priority, 77 as UInt32)
            $0.add(STUNAttribute.iceControlling, 0x0102_0304_0506_0708 as UInt64)
            $0.add(STUNAttribute.useCandidate, [])
            $0.add(STUNAttribute.nomination, 5 as UInt32)
        }
        let reading = try Reading(bytes)
        #expect(reading.username == Array("abc:d".utf8) && reading.priority == 77 && reading.usesCandidate)
        #expect(reading.iceControlling == 0x0102_0304_0506_0708 && reading.nomination == 5)
        #expect(reading.hasFingerprint && !reading.hasIntegrity && reading.unknown.isEmpty)
    }

    @Test("Of an attribute that stands twice, the first counts, even when the second is broken")
    func firstWins() throws {
        let reading = try Reading(
            raw(
                hex("00240004 00000001 00240004 00000002 00240008 0000000000000000 00060001 61000000 00060001 62000000")
            )
        )
        #expect(reading.priority == 1)
        #expect(reading.username == [UInt8(ascii: "a")])
        #expect(reading.unknown.isEmpty)
    }

    @Test("An attribute of fixed size in any other size makes the message malformed, never a trap")
    func wrongWidths() throws {
        for type in [0x0008, 0x0009, 0x0020, 0x0024, 0x0025, 0x8028, 0x8029, 0x802A, 0xC001] as [UInt16] {
            var accepted: [Int] = []
            for length in 0...32 {
                let value = [UInt8](repeating: 0, count: (length + 3) & ~3)
                let header = [UInt8(type >> 8), UInt8(type & 0xFF), 0, UInt8(length)]
                if (try? Reading(raw(header + value))) != nil { accepted.append(length) }
            }
            let right: [UInt16: [Int]] = [
                0x0008: [20], 0x0024: [4], 0x0025: [0], 0x8029: [8], 0x802A: [8], 0xC001: [4],
            ]
            #expect(accepted == right[type] ?? [], "type \(type)")
        }
    }

    @Test("A USERNAME of over 513 bytes is malformed")
    func longUsername() {
        for (length, fits) in [(513, true), (514, false)] {
            let value = [UInt8](repeating: 97, count: (length + 3) & ~3)
            let bytes = raw([0, 6, UInt8(length >> 8), UInt8(length & 0xFF)] + value)
            #expect(((try? Reading(bytes)) != nil) == fits)
        }
    }

    @Test("An attribute that runs past the end is refused, wherever it is cut")
    func truncation() {
        let whole = RFC5769.request
        for count in 0..<whole.count {
            #expect(throws: WireError.self) { try Reading(Array(whole[..<count])) }
            guard count >= 20, count % 4 == 0 else { continue }
            var bytes = Array(whole[..<count])
            (bytes[2], bytes[3]) = (0, UInt8(count - 20))
            let reading = try? Reading(bytes)
            #expect(reading?.isAuthentic != true)
        }
        #expect(throws: WireError.truncated) { try Reading(raw(hex("00240008 00000000"))) }
    }

    @Test("Nothing is read behind MESSAGE-INTEGRITY but FINGERPRINT, and nothing may stand behind that")
    func afterIntegrity() throws {
        var builder = STUNMessageBuilder(.request, transactionID: Self.id)
        builder.add(STUNAttribute.username, "a:b")
        builder.add(STUNAttribute.messageIntegrity, [UInt8](repeating: 0, count: 20))
        builder.add(STUNAttribute.useCandidate, [])
        builder.add(0x7777, [1, 2, 3])
        builder.add(STUNAttribute.priority, [1])
        let reading = try Reading(builder.finish())
        #expect(!reading.usesCandidate && reading.unknown.isEmpty && reading.priority == nil && reading.hasFingerprint)

        var bytes = STUNMessageBuilder(.request, transactionID: Self.id).finish() + hex("00250000")
        bytes[3] += 4
        #expect(throws: WireError.malformed) { try Reading(bytes) }
    }

    @Test("Unknown types below 0x8000 are collected once each, at most eight")
    func unknown() throws {
        let reading = try Reading(
            request { builder in
                for type in [0x0014, 0x0015, 0x001C, 0x0001, 0x000A, 0xC057, 0xC070, 0x8023] as [UInt16] {
                    builder.add(type, [0])
                }
                for type in 0x7000..<0x7014 as Range<UInt16> {
                    builder.add(type, [])
                    builder.add(type, [])
                }
            }
        )
        #expect(reading.unknown == Array(0x7000..<0x7008))
    }

    @Test("Error responses carry code, reason and the types that were not understood")
    func errors() throws {
        let bytes = STUNMessageBuilder.errorResponse(
            to: Self.id,
            method: .binding,
            code: .unknownAttribute,
            unknownAttributes: [0x7001, 0x7002],
            key: key("p")
        )
        let reading = try Reading(bytes, key: key("p"))
        #expect(reading.messageClass == .error && reading.errorCode == 420 && reading.isAuthentic)
        #expect(Array(bytes[24..<28]) == [0, 0, 4, 20])
        #expect(Array(bytes[48..<56]) == hex("000a0004 70017002"))
        for code in [.badRequest, .unauthenticated, .roleConflict] as [STUNErrorCode] {
            let plain = STUNMessageBuilder.errorResponse(to: Self.id, method: .binding, code: code, key: nil)
            #expect(try Reading(plain).errorCode == code.rawValue)
            #expect(try !Reading(plain).hasIntegrity)
        }
    }

    @Test("An IPv4-mapped IPv6 address is written and read as IPv4")
    func mapped() throws {
        let address = try #require(SocketAddress("::ffff:198.51.100.7", port: 9))
        let bytes = STUNMessageBuilder.bindingSuccess(to: Self.id, mappedAddress: address, key: key("p"))
        #expect(bytes[25] == 1)
        #expect(try Reading(bytes).mappedAddress == SocketAddress("198.51.100.7", port: 9))
        let received = raw(hex("00200014 0002 210a 2112a442 00000001 0000ffff c0000203"))
        #expect(try Reading(received).mappedAddress == SocketAddress("192.0.2.1", port: 24))
    }

    @Test("The peek finds the name of a Binding request and of nothing else")
    func peek() {
        let name = { (text: String) in
            STUN.peekLocalUsernameFragment(self.request { $0.add(STUNAttribute.username, text) }.span)
        }
        #expect(name("abc+/9:xyz") == "abc+/9")
        #expect(name(":xyz") == nil)
        #expect(name("abc") == nil)
        #expect(name("a c:xyz") == nil)
        #expect(name("é:xyz") == nil)
        #expect(name(String(repeating: "a", count: 256) + ":b") == String(repeating: "a", count: 256))
        #expect(name(String(repeating: "a", count: 257) + ":b") == nil)
        #expect(STUN.peekLocalUsernameFragment(request { $0.add(STUNAttribute.priority, 1 as UInt32) }.span) == nil)
        var response = STUNMessageBuilder(.success, transactionID: Self.id)
        response.add(STUNAttribute.username, "a:b")
        #expect(STUN.peekLocalUsernameFragment(response.finish().span) == nil)
    }
}
