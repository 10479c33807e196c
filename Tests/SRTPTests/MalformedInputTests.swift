// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("Truncated, damaged and random packets")
struct MalformedInputTests {
    /// Headers of every shape that the length checks tell apart.
    private static let headers: [[UInt8]] = {
        let plain = header(ssrc: 1, sequence: 5)
        let sources = [plain[0] | 15] + plain.dropFirst() + [UInt8](repeating: 3, count: 60)
        let extended = [plain[0] | 0x10] + plain.dropFirst() + [0xBE, 0xDE, 0, 2] + [UInt8](repeating: 1, count: 8)
        return [plain, sources, extended]
    }()

    @Test(
        "No length short of the whole opens, and the whole still does after all of them",
        arguments: SRTPProfile.allCases
    )
    func truncated(profile: SRTPProfile) throws {
        for header in Self.headers {
            let pair = try Pair(profile)
            let sealed = pair.sender.sealed(header, body: [UInt8](repeating: 9, count: 40), padding: 3)
            for length in 0..<sealed.count {
                let short = length < header.count + pair.sender.overhead
                #expect(throws: short ? SRTPError.truncated : .authenticationFailed) {
                    try pair.receiver.opened(Array(sealed.prefix(length)))
                }
            }
            #expect(try pair.receiver.opened(sealed).plain.count == header.count + 43)
        }
    }

    @Test("RTCP shorter than header and trailer is refused at every length", arguments: SRTPProfile.allCases)
    func truncatedRTCP(profile: SRTPProfile) throws {
        let pair = try Pair(profile)
        let packet = [0x80, 201, 0, 7] + [UInt8](repeating: 0x55, count: 28)
        let sealed = pair.sender.sealedRTCP(packet)
        for length in 0..<sealed.count {
            var refusal: SRTPError?
            do throws(SRTPError) {
                _ = try pair.receiver.openedRTCP(Array(sealed.prefix(length)))
            } catch {
                refusal = error
            }
            if length < 8 + pair.sender.rtcpOverhead {
                #expect(refusal == .truncated)
            } else {
                #expect(refusal == .authenticationFailed || refusal == .unencrypted)
            }
        }
        #expect(try pair.receiver.openedRTCP(sealed).plain == packet)
    }

    @Test("The smallest packets open: a bare header, an RTCP packet of 8 bytes", arguments: SRTPProfile.allCases)
    func smallest(profile: SRTPProfile) throws {
        let pair = try Pair(profile)
        let bare = header(ssrc: 1, sequence: 5)
        #expect(try pair.receiver.opened(pair.sender.sealed(bare)).plain == bare)
        let rtcp: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 1]
        #expect(try pair.receiver.openedRTCP(pair.sender.sealedRTCP(rtcp)).plain == rtcp)
    }

    @Test("A range outside the buffer is refused")
    func outside() throws {
        let pair = try Pair(.gcm128)
        var buffer = [UInt8](repeating: 0x80, count: 100)
        var target = buffer.mutableSpan
        var errors: [SRTPError] = []
        for range in [50..<101, -1..<60, 0..<1000] {
            do throws(SRTPError) { _ = try pair.receiver.open(&target, range) } catch { errors.append(error) }
            do throws(SRTPError) { _ = try pair.receiver.openRTCP(&target, range) } catch { errors.append(error) }
        }
        #expect(errors == [SRTPError](repeating: .truncated, count: 6))
    }

    @Test("Any bit flipped is noticed, and the packet opens when it comes again whole", arguments: SRTPProfile.allCases)
    func flipped(profile: SRTPProfile) throws {
        for header in Self.headers {
            let pair = try Pair(profile)
            let sealed = pair.sender.sealed(header, body: [1, 2, 3, 4, 5])
            for bit in 0..<sealed.count * 8 {
                var damaged = sealed
                damaged[bit / 8] ^= 0x80 >> (bit % 8)
                #expect(throws: SRTPError.self) { try pair.receiver.opened(damaged) }
            }
            #expect(pair.receiver.streamCount == 0)
            #expect(try pair.receiver.opened(sealed).plain == header + [1, 2, 3, 4, 5])
        }
        let pair = try Pair(profile)
        let sealed = pair.sender.sealedRTCP([0x80, 201, 0, 2, 0, 0, 0, 1, 5, 6, 7, 8])
        for bit in 0..<sealed.count * 8 {
            var damaged = sealed
            damaged[bit / 8] ^= 0x80 >> (bit % 8)
            #expect(throws: SRTPError.self) { try pair.receiver.openedRTCP(damaged) }
        }
        #expect(try pair.receiver.openedRTCP(sealed).plain.count == 12)
    }

    @Test("Random bytes of any length never open and never trap", arguments: SRTPProfile.allCases)
    func random(profile: SRTPProfile) throws {
        let pair = try Pair(profile)
        var random = SeededRandom(seed: 11)
        _ = try pair.receiver.opened(pair.sealed(ssrc: 0, index: 4000))
        var opened = 0
        for round in 0..<50_000 {
            var packet = (0..<Int.random(in: 0...120, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if !packet.isEmpty { packet[0] = packet[0] & 0x3F | 0x80 }
            // Half of them of a stream that is known.
            if round % 2 == 0, packet.count >= 12 { for index in 8..<12 { packet[index] = 0 } }
            if (try? pair.receiver.opened(packet)) != nil { opened += 1 }
            if (try? pair.receiver.openedRTCP(packet)) != nil { opened += 1 }
        }
        #expect(opened == 0)
        #expect(pair.receiver.streamCount == 1)
    }

    @Test("Versions other than 2 are refused by name")
    func versions() throws {
        let pair = try Pair(.gcm128)
        for version in [0, 1, 3] as [UInt8] {
            let packet = [version << 6] + [UInt8](repeating: 0, count: 60)
            #expect(throws: SRTPError.unsupported) { try pair.receiver.opened(packet) }
            #expect(throws: SRTPError.unsupported) { try pair.receiver.openedRTCP(packet) }
        }
    }
}
