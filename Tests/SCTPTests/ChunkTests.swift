// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("SCTP chunks, RFC 9260 §3.3")
struct ChunkTests {
    private static let initiation = InitChunk(
        initiateTag: 1,
        advertisedWindow: 5_242_880,
        outgoingStreams: 65_535,
        incomingStreams: 300,
        initialTSN: 0xFFFF_FFFF,
        capabilities: [.partialReliability, .interleaving, .streamReset, .zeroChecksum]
    )

    @Test("DATA reads as written, and looks as the RFC draws it")
    func data() throws {
        let header = DataChunkHeader(
            tsn: 0x0102_0304,
            stream: 0x0506,
            messageIdentifier: 0x0708,
            payloadProtocol: 51,
            flags: [.beginning, .immediate]
        )
        let bytes = chunk(header, isInterleaved: false, payload: [9, 8, 7])
        #expect(bytes == hex("000a0013 01020304 05060708 00000033 09080700"))
        #expect(try DataReading(bytes) == DataReading(header: header, isInterleaved: false, payload: [9, 8, 7]))
    }

    @Test("I-DATA tells its protocol in the first fragment and its number in others", arguments: [true, false])
    func interleavedData(isFirst: Bool) throws {
        let header = DataChunkHeader(
            tsn: 0x0102_0304,
            stream: 0x0506,
            messageIdentifier: 0x0708_090A,
            payloadProtocol: isFirst ? 53 : 0,
            fragmentNumber: isFirst ? 0 : 0x0B0C,
            flags: isFirst ? [.beginning, .unordered] : [.unordered, .end]
        )
        let bytes = chunk(header, isInterleaved: true, payload: [1])
        let tail = isFirst ? "00000035" : "00000b0c"
        #expect(bytes == hex("40\(isFirst ? "06" : "05")0015 01020304 05060000 0708090a \(tail) 01000000"))
        #expect(try DataReading(bytes) == DataReading(header: header, isInterleaved: true, payload: [1]))
    }

    @Test("Chunks without room for their fields are refused")
    func truncated() {
        for (type, length) in [(0, 15), (64, 19), (3, 15), (192, 7), (194, 7), (1, 19), (2, 19)] as [(UInt8, Int)] {
            let bytes = [type, 0, 0, UInt8(length)] + [UInt8](repeating: 0, count: length - 4)
            #expect(throws: WireError.truncated) {
                switch type {
                case 0, 64: _ = try DataReading(bytes)
                case 3: _ = try SackReading(bytes)
                case 192, 194: _ = try ForwardReading(bytes)
                default: _ = try ChunkReading.initiation(bytes)
                }
            }
        }
    }

    @Test("INIT and INIT ACK read as written")
    func initiations() throws {
        #expect(try ChunkReading.initiation(chunks { $0.append(Self.initiation, into: &$1) }) == Self.initiation)
        var answer = Self.initiation
        answer.cookie = Array(1...77)
        let bytes = chunks { $0.append(answer, into: &$1) }
        #expect(bytes[0] == 2)
        #expect(try ChunkReading.initiation(bytes) == answer)
    }

    @Test("Each capability stands by itself", arguments: 0..<16 as Range<UInt8>)
    func capabilities(rawValue: UInt8) throws {
        var one = Self.initiation
        one.capabilities = SCTPCapabilities(rawValue: rawValue)
        #expect(try ChunkReading.initiation(chunks { $0.append(one, into: &$1) }) == one)
    }

    @Test("Unknown parameters are skipped or end the reading, and are reported or not, as their bits say")
    func unknownParameters() throws {
        let fixed = hex("00000001 00020000 0001 0001 00000007")
        let known = hex("c0000004")
        func read(_ parameter: String) throws -> InitChunk {
            let padding = [UInt8](repeating: 0, count: (8 - parameter.count % 8) % 8 / 2)
            let value = fixed + hex(parameter) + padding + known
            return try ChunkReading.initiation([1, 0, 0, UInt8(value.count + 4)] + value)
        }
        for (text, skips, reports) in [
            ("00630004", false, false), ("40630004", false, true), ("80630004", true, false), ("c0630004", true, true),
            // What stacks that know of several addresses and of authentication add.
            ("000c000800050006", true, false), ("0005000801020304", true, false), ("8003000600c1", true, false),
        ] {
            let one = try read(text)
            #expect(one.capabilities.contains(.partialReliability) == skips, "\(text)")
            #expect(one.unrecognized == (reports ? [hex(text)] : []), "\(text)")
        }
        var many = fixed
        for _ in 0..<20 { many += hex("c0630004") }
        let one = try ChunkReading.initiation([1, 0, 0, UInt8(many.count + 4)] + many)
        #expect(one.unrecognized.count == InitChunk.maximumReports)
    }

    @Test("Reported parameters travel back in an INIT ACK")
    func reports() throws {
        var answer = Self.initiation
        (answer.cookie, answer.unrecognized) = ([1, 2, 3, 4, 5], [hex("c0630006 abcd")])
        let bytes = chunks { $0.append(answer, into: &$1) }
        #expect(bytes.suffix(12) == hex("0008000a c0630006 abcd0000"))
    }

    @Test("A parameter that runs past the chunk or is shorter than its header is refused")
    func badParameters() {
        let fixed = hex("01000018 00000001 00020000 00010001 00000007")
        #expect(throws: WireError.truncated) { try ChunkReading.initiation(fixed + hex("80630005")) }
        #expect(throws: WireError.malformed) { try ChunkReading.initiation(fixed + hex("80630003")) }
    }

    @Test("Only the method that DTLS stands for accepts a missing checksum, RFC 9653 §4")
    func otherChecksumMethod() throws {
        for (method, accepted) in [(0, false), (1, true), (2, false)] as [(UInt8, Bool)] {
            let bytes = hex("0100001c 00000001 00020000 00010001 00000007 80010008 000000") + [method]
            #expect(try ChunkReading.initiation(bytes).capabilities.contains(.zeroChecksum) == accepted)
        }
    }

    @Test("SACKs read as written")
    func sack() throws {
        let gaps = [GapBlock(start: 2, end: 3), GapBlock(start: 5, end: 5), GapBlock(start: 7, end: 65_535)]
        let bytes = chunks {
            $0.appendSack(
                cumulativeTSN: 0x0102_0304,
                advertisedWindow: 99,
                gapBlocks: gaps.span,
                duplicates: ([8, 9] as [UInt32]).span,
                into: &$1
            )
        }
        let sack = try SackReading(bytes)
        #expect(sack.cumulative == 0x0102_0304 && sack.window == 99)
        #expect(sack.gaps == gaps && sack.duplicates == [8, 9])
    }

    @Test("A SACK leaves out what does not fit, duplicates first")
    func sackBounds() throws {
        let gaps = (0..<5).map { GapBlock(start: 2 + 2 * $0, end: 2 + 2 * $0) }
        for (room, blocks, duplicates) in [(16, 0, 0), (24, 2, 0), (36, 5, 0), (40, 5, 1), (60, 5, 3)] {
            let bytes = chunks(limit: 12 + room) {
                $0.appendSack(
                    cumulativeTSN: 1,
                    advertisedWindow: 2,
                    gapBlocks: gaps.span,
                    duplicates: ([8, 9, 10] as [UInt32]).span,
                    into: &$1
                )
            }
            let sack = try SackReading(bytes)
            #expect(sack.gaps.count == blocks && sack.duplicates.count == duplicates, "room \(room)")
        }
    }

    @Test(
        "A SACK whose gap blocks are out of order, empty or overlapping is refused, so that no loop runs over them",
        arguments: ["00030002", "00000001", "0002000300030004", "0005000600020003", "00020002ffff0001"]
    )
    func badGapBlocks(blocks: String) {
        let value = hex(blocks)
        let header: [UInt8] = [3, 0, 0, UInt8(16 + value.count)]
        let whole = header + hex("00000001 00000002 000\(value.count / 4) 0000") + value
        #expect(throws: WireError.malformed) { try SackReading(whole) }
    }

    @Test("A SACK whose counts exceed its length is refused")
    func badCounts() {
        for counts in ["00010000", "00000001", "ffffffff"] {
            let bytes = hex("03000010 00000001 00000002 \(counts)")
            #expect(throws: WireError.truncated) { try SackReading(bytes) }
        }
    }

    @Test("FORWARD-TSN and I-FORWARD-TSN read as written", arguments: [true, false])
    func forwardTSN(isInterleaved: Bool) throws {
        let streams = [
            SkippedStream(stream: 1, messageIdentifier: 2),
            SkippedStream(
                stream: 65_534,
                isUnordered: isInterleaved,
                messageIdentifier: isInterleaved ? 1 << 31 : 65_535
            ),
        ]
        let bytes = chunks {
            $0.appendForwardTSN(cumulativeTSN: 77, streams: streams.span, isInterleaved: isInterleaved, into: &$1)
        }
        #expect(bytes.count == (isInterleaved ? 24 : 16))
        let forward = try ForwardReading(bytes)
        #expect(forward.isInterleaved == isInterleaved && forward.cumulative == 77)
        #expect(forward.streams == streams)
        let most = PacketWriter.maximumSkippedStreams(limit: 1188, isInterleaved: isInterleaved)
        let list = [SkippedStream](repeating: streams[0], count: most + 1)
        for (count, fits) in [(most, true), (most + 1, false)] {
            let written = chunks(limit: 1188) {
                $0.appendForwardTSN(
                    cumulativeTSN: 77,
                    streams: list.span.extracting(0..<count),
                    isInterleaved: isInterleaved,
                    into: &$1
                )
            }
            #expect(written.isEmpty != fits)
        }
    }

    @Test("Heartbeats carry their information there and back")
    func heartbeat() throws {
        let info: [UInt8] = [1, 2, 3, 4, 5]
        let bytes = chunks { $0.appendHeartbeat(info: info.span, into: &$1) }
        #expect(bytes == hex("0400000d 00010009 0102030405 000000"))
        #expect(try ChunkReading.heartbeatInfo(bytes) == info)
        let value = Array(bytes[4..<13])
        let back = chunks { $0.appendHeartbeatAck(value: value.span, into: &$1) }
        #expect(back == [5] + bytes.dropFirst())
        for bad in ["04000004", "0400000800010003", "0400000800010005", "0400000800020004"] {
            #expect(try ChunkReading.heartbeatInfo(hex(bad)) == nil, "\(bad)")
        }
    }

    @Test("Shutdown chunks read as written")
    func shutdown() throws {
        let bytes = chunks { $0.appendShutdown(cumulativeTSN: 0xABCD_EF01, into: &$1) }
        #expect(try ChunkReading.shutdownTSN(bytes) == 0xABCD_EF01)
        #expect(try ChunkReading.shutdownTSN(hex("07000004")) == nil)
        let complete = chunks { $0.append(.shutdownComplete, flags: 1, into: &$1) }
        #expect(try ChunkReading.reflectsTag(complete))
    }

    @Test("Error causes read as written, and unknown ones too")
    func errors() throws {
        let causes = [
            ErrorCause.invalidStream(0x1234), .noUserData(tsn: 7), .staleCookie(by: .milliseconds(3)),
            ErrorCause(.protocolViolation, value: Array("why".utf8)), ErrorCause(.init(rawValue: 0x4711)),
        ]
        let error = chunks { $0.appendError(causes: causes, into: &$1) }
        #expect(try ChunkReading.causes(error) == causes)
        #expect(error.starts(with: hex("09000028 00010008 12340000 00090008 00000007 00030008 00000bb8")))
        let abort = chunks { $0.appendAbort(causes: causes, reflectsTag: true, into: &$1) }
        #expect(try abort[0] == 6 && ChunkReading.reflectsTag(abort))
        #expect(try ChunkReading.causes(abort) == causes)
    }

    @Test("Of causes that do not parse, those before are kept; the rest is bounded")
    func badErrors() throws {
        #expect(try ChunkReading.causes(hex("0900000c 000c0004 000d0003")).map(\.code.rawValue) == [12])
        #expect(try ChunkReading.causes(hex("06000008 000c0005")).isEmpty)
        var value: [UInt8] = []
        for _ in 0..<20 { value += hex("000d0200") + [UInt8](repeating: 1, count: 508) }
        let whole = [9, 0, UInt8((value.count + 4) >> 8), UInt8((value.count + 4) & 0xFF)] + value
        let causes = try ChunkReading.causes(whole)
        #expect(causes.count == ErrorCause.maximumCount)
        #expect(causes.allSatisfy { $0.value.count == ErrorCause.maximumValueLength })
    }
}
