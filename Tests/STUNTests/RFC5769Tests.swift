// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSTUN
import SwiftletWire
import Testing

/// Bytes written as hexadecimal digits, blanks ignored.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func key(_ password: String) -> HMACSHA1 { HMACSHA1(key: Array(password.utf8).span) }

/// What a message says, copied out of its bytes so that it can be compared.
struct Reading: Equatable {
    var messageClass: STUNClass
    var method: UInt16
    var username: [UInt8]?
    var priority: UInt32?
    var usesCandidate: Bool
    var nomination: UInt32?
    var iceControlling: UInt64?
    var iceControlled: UInt64?
    var mappedAddress: SocketAddress?
    var errorCode: UInt16?
    var unknown: [UInt16]
    var hasIntegrity: Bool
    var hasFingerprint: Bool
    var isAuthentic: Bool

    init(_ bytes: [UInt8], key: HMACSHA1 = key("")) throws {
        let view = try STUNMessageView(parsing: bytes.span)
        (messageClass, method) = (view.messageClass, view.method.rawValue)
        username = view.username?.copied()
        (priority, usesCandidate, nomination) = (view.priority, view.usesCandidate, view.nomination)
        (iceControlling, iceControlled) = (view.iceControlling, view.iceControlled)
        (mappedAddress, errorCode) = (view.mappedAddress, view.errorCode)
        (unknown, hasIntegrity) = (view.unknownRequiredAttributes, view.hasIntegrity)
        (hasFingerprint, isAuthentic) = (view.hasFingerprint, view.isAuthentic(key: key))
    }
}

/// The vectors of RFC 5769.
enum RFC5769 {
    static let password = "VOkJxbRl1RmTxUk/WvJxBt"
    /// §2.1.
    static let request = hex(
        """
        00010058 2112a442 b7e7a701bc34d686fa87dfae
        80220010 5354554e207465737420636c69656e74
        00240004 6e0001ff
        80290008 932ff9b151263b36
        00060009 6576746a3a68367659 202020
        00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
        80280004 e57a3bcf
        """
    )
    /// §2.2.
    static let responseIPv4 = hex(
        """
        0101003c 2112a442 b7e7a701bc34d686fa87dfae
        8022000b 7465737420766563746f72 20
        00200008 0001a147 e112a643
        00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
        80280004 c07d4c96
        """
    )
    /// §2.3.
    static let responseIPv6 = hex(
        """
        01010048 2112a442 b7e7a701bc34d686fa87dfae
        8022000b 7465737420766563746f72 20
        00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9
        00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
        80280004 c8fb0b4c
        """
    )
}

@Suite("STUN test vectors, RFC 5769")
struct RFC5769Tests {
    @Test("§2.1: the request reads as printed, and its signature and fingerprint hold")
    func request() throws {
        let reading = try Reading(RFC5769.request, key: key(RFC5769.password))
        #expect(reading.messageClass == .request && reading.method == STUNMethod.binding.rawValue)
        #expect(reading.username == Array("evtj:h6vY".utf8))
        #expect(reading.priority == 0x6E00_01FF)
        #expect(reading.iceControlled == 0x932F_F9B1_5126_3B36)
        #expect(reading.isAuthentic && reading.hasFingerprint)
        #expect(STUN.peekLocalUsernameFragment(RFC5769.request.span) == "evtj")
    }

    @Test("§2.2 and §2.3: the responses report 192.0.2.1 and its IPv6 sibling")
    func responses() throws {
        let ipv4 = try Reading(RFC5769.responseIPv4, key: key(RFC5769.password))
        #expect(ipv4.messageClass == .success && ipv4.isAuthentic && ipv4.hasFingerprint)
        #expect(ipv4.mappedAddress == SocketAddress("192.0.2.1", port: 32853))
        let ipv6 = try Reading(RFC5769.responseIPv6, key: key(RFC5769.password))
        #expect(ipv6.messageClass == .success && ipv6.isAuthentic && ipv6.hasFingerprint)
        #expect(ipv6.mappedAddress == SocketAddress("2001:db8:1234:5678:11:2233:4455:6677", port: 32853))
    }

    @Test("The writer makes the same bytes where the RFC pads with zeros: attributes, signature, fingerprint")
    func writer() throws {
        let id = STUNTransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE)
        let address = try #require(SocketAddress("192.0.2.1", port: 32853))
        let bytes = STUNMessageBuilder.bindingSuccess(
            to: id,
            mappedAddress: address,
            key: key(RFC5769.password),
            software: "test vector"
        )
        #expect(bytes.count == RFC5769.responseIPv4.count)
        #expect(Array(bytes[..<35]) == Array(RFC5769.responseIPv4[..<35]))
        #expect(Array(bytes[36..<48]) == Array(RFC5769.responseIPv4[36..<48]))
        #expect(try Reading(bytes, key: key(RFC5769.password)).isAuthentic)
    }

    @Test("No message with a flipped bit passes for one with a fingerprint")
    func everyBitCounts() {
        for vector in [RFC5769.request, RFC5769.responseIPv4, RFC5769.responseIPv6] {
            for bit in 0..<vector.count * 8 {
                var bytes = vector
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                // Where the attribute's own type is hit, there is no fingerprint any more.
                #expect((try? Reading(bytes))?.hasFingerprint != true, "bit \(bit)")
            }
        }
    }

    @Test("Without the fingerprint, a flipped bit breaks the signature")
    func everyBitIsSigned() {
        var vector = Array(RFC5769.request.dropLast(8))
        vector[3] -= 8
        #expect((try? Reading(vector, key: key(RFC5769.password)))?.isAuthentic == true)
        for bit in 0..<vector.count * 8 {
            var bytes = vector
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            let reading = try? Reading(bytes, key: key(RFC5769.password))
            #expect(reading?.isAuthentic != true, "bit \(bit)")
        }
    }
}
