// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("SCTP packets, RFC 9260 §3")
struct PacketTests {
    /// Ports 5000, window 131,072, 1024 streams each way, FORWARD-TSN, zero checksum.
    static let initiation = hex(
        """
        138813880000000068515b03 0100002812345678000200000400040001020304 c0000004
        80080007c2820f00 8001000800000001
        """
    )

    /// A packet of bare chunks: type, flags, length, and as many zeros as there is `body`.
    private static func packet(_ chunks: [(type: UInt8, length: UInt16, body: Int)]) -> [UInt8] {
        var bytes = hex("13881388000000010000 0000")
        for chunk in chunks {
            bytes += [chunk.type, 0, UInt8(chunk.length >> 8), UInt8(chunk.length & 0xFF)]
            bytes += [UInt8](repeating: 0, count: chunk.body)
        }
        return bytes
    }

    private static func types(_ bytes: [UInt8]) throws -> [UInt8] {
        try PacketReading(bytes).chunks.map { $0[0] }
    }

    @Test("A whole INIT packet reads as it was written")
    func readsInitiation() throws {
        let packet = try PacketReading(Self.initiation)
        #expect(packet.ports == [5000, 5000] && packet.verificationTag == 0)
        #expect(packet.hasValidChecksum && !packet.hasZeroChecksum && packet.hasSingleChunk)
        let chunk = try ChunkReading.initiation(packet.chunks[0])
        #expect(
            chunk
                == InitChunk(
                    initiateTag: 0x1234_5678,
                    advertisedWindow: 131_072,
                    outgoingStreams: 1024,
                    incomingStreams: 1024,
                    initialTSN: 0x0102_0304,
                    capabilities: [.partialReliability, .streamReset, .zeroChecksum]
                )
        )
    }

    @Test("Any flipped bit shows in the checksum")
    func checksum() throws {
        for bit in 0..<Self.initiation.count * 8 {
            var bytes = Self.initiation
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            if let packet = try? PacketReading(bytes) { #expect(!packet.hasValidChecksum, "bit \(bit)") }
        }
    }

    @Test("A written packet carries its checksum, or zero where that is taken")
    func writesChecksum() throws {
        for computes in [true, false] {
            var buffer = [UInt8](repeating: 0xEE, count: 256)
            var writer = PacketWriter(limit: 255)
            var span = buffer.mutableSpan
            let fits = writer.append(.cookieAck, into: &span)
            let length = writer.finish(
                into: &span,
                sourcePort: 5000,
                destinationPort: 5001,
                verificationTag: 77,
                computesChecksum: computes
            )
            #expect(fits && length == 16)
            let packet = try PacketReading(Array(buffer.prefix(length)))
            #expect(packet.ports == [5000, 5001] && packet.verificationTag == 77)
            #expect(packet.hasValidChecksum == computes && packet.hasZeroChecksum != computes)
        }
    }

    @Test("Chunks follow each other, padded to four bytes")
    func iteration() throws {
        #expect(try Self.types(Self.packet([(10, 5, 4), (0, 8, 4), (6, 4, 0)])) == [10, 0, 6])
        #expect(try Self.types(Self.packet([(11, 4, 0), (10, 5, 1)])) == [11, 10], "the last may lack its padding")
    }

    @Test("A chunk shorter than its header spoils the packet", arguments: 0...3 as ClosedRange<UInt16>)
    func shortChunk(length: UInt16) {
        #expect(throws: WireError.malformed) { try Self.types(Self.packet([(11, 4, 0), (0, length, 16)])) }
    }

    @Test("So does one that runs past the end, and a rest that is no chunk")
    func truncated() {
        for packet in [
            Self.packet([(11, 4, 0), (0, 9, 4)]), Self.packet([(11, 4, 0)]) + [0, 0], Self.packet([]),
            Array(Self.packet([(11, 4, 0)]).prefix(11)), [],
        ] {
            #expect(throws: WireError.truncated) { try Self.types(packet) }
        }
    }

    @Test("An unknown chunk's upper bits say whether to go on and whether to report")
    func unknownChunks() {
        let cases: [(UInt8, Bool, Bool)] = [
            (20, false, false), (70, false, true), (135, true, false), (200, true, true),
        ]
        for (type, skips, reports) in cases {
            #expect(ChunkType(rawValue: type).isSkippedWhenUnknown == skips)
            #expect(ChunkType(rawValue: type).isReportedWhenUnknown == reports)
        }
    }

    @Test("What does not fit is refused whole")
    func bounds() {
        var buffer = [UInt8](repeating: 0xEE, count: 64)
        var writer = PacketWriter(limit: 34)
        let header = DataChunkHeader(tsn: 1, stream: 2, messageIdentifier: 3, payloadProtocol: 53, flags: [.end])
        func append(_ count: Int, isInterleaved: Bool) -> Bool {
            var span = buffer.mutableSpan
            let payload = [UInt8](repeating: 7, count: count)
            return writer.append(header, isInterleaved: isInterleaved, payload: payload.span, into: &span)
        }
        #expect(writer.room == 20 && writer.isEmpty)
        #expect(!append(5, isInterleaved: false) && !append(1, isInterleaved: true))
        #expect(writer.isEmpty)
        #expect(append(4, isInterleaved: false))
        #expect(writer.room == 0 && writer.length == 32)
        #expect(!append(1, isInterleaved: false))
        #expect(buffer[32...].allSatisfy { $0 == 0xEE })
    }
}
