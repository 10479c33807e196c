// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("RE-CONFIG parameters, RFC 6525 §4")
struct ReconfigurationTests {
    @Test("All of them read as written, one or two in a chunk")
    func roundTrip() throws {
        var response = ReconfigurationResponse(request: 3, result: .performed)
        (response.senderNextTSN, response.receiverNextTSN) = (4, 5)
        let all: [ReconfigurationParameter] = [
            .outgoingReset(OutgoingReset(request: 1, response: 2, lastTSN: 0xFFFF_FFFF, streams: [])),
            .outgoingReset(OutgoingReset(request: 1, response: 2, lastTSN: 3, streams: [7, 65_534, 0])),
            .incomingReset(request: 9, streams: [1]), .incomingReset(request: 9, streams: []), .tsnReset(request: 4),
            .response(response), .response(ReconfigurationResponse(request: 3, result: .inProgress)),
            .addOutgoingStreams(request: 8, count: 32), .addIncomingStreams(request: 8, count: 65_535),
        ]
        for first in all {
            #expect(try ChunkReading.reconfiguration(chunks { $0.append([first], into: &$1) }) == [first])
            for second in all {
                #expect(
                    try ChunkReading.reconfiguration(chunks { $0.append([first, second], into: &$1) }) == [
                        first, second,
                    ]
                )
            }
        }
    }

    @Test("A request looks as the RFC draws it")
    func layout() {
        let request = OutgoingReset(request: 1, response: 2, lastTSN: 3, streams: [4])
        #expect(
            chunks { $0.append([.outgoingReset(request)], into: &$1) }
                == hex("82000016 000d0012 00000001 00000002 00000003 0004 0000")
        )
    }

    @Test("As many streams fit as are said to")
    func streamLimit() {
        let most = PacketWriter.maximumResetStreams(limit: 1188)
        let response = ReconfigurationParameter.response(ReconfigurationResponse(request: 3, result: .performed))
        for (count, fits) in [(most, true), (most + 3, false)] {
            let streams = (0..<count).map { UInt16($0) }
            let reset = OutgoingReset(request: 1, response: 2, lastTSN: 3, streams: streams)
            #expect(chunks(limit: 1188) { $0.append([response, .outgoingReset(reset)], into: &$1) }.isEmpty != fits)
        }
    }

    @Test("Three parameters, none, and cut ones are refused; unknown ones go by their bits")
    func refused() throws {
        let one = "000f0008 00000001"
        #expect(throws: WireError.malformed) { try ChunkReading.reconfiguration(hex("8200001c \(one) \(one) \(one)")) }
        #expect(throws: WireError.malformed) { try ChunkReading.reconfiguration(hex("82000004")) }
        for cut in ["000d000c 00000001 00000002", "000e0004", "000f0004", "0010000800000001", "0011000800000001"] {
            let bytes = hex(cut)
            #expect(throws: WireError.truncated, "\(cut)") {
                try ChunkReading.reconfiguration([130, 0, 0, UInt8(bytes.count + 4)] + bytes)
            }
        }
        #expect(throws: WireError.unsupported) { try ChunkReading.reconfiguration(hex("82000008 00630004")) }
        #expect(try ChunkReading.reconfiguration(hex("82000010 80630004 \(one)")) == [.tsnReset(request: 1)])
    }
}
