// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire

/// What a packet says, copied out of its bytes so that it can be compared.
struct PacketReading: Equatable {
    var ports: [UInt16]
    var verificationTag: UInt32
    var hasZeroChecksum: Bool
    var hasValidChecksum: Bool
    var hasSingleChunk: Bool
    /// Whole chunks, without padding.
    var chunks: [[UInt8]] = []

    init(_ bytes: [UInt8]) throws(WireError) {
        let packet = try SCTPPacketView(parsing: bytes.span)
        (ports, verificationTag) = ([packet.sourcePort, packet.destinationPort], packet.verificationTag)
        (hasZeroChecksum, hasValidChecksum) = (packet.hasZeroChecksum, packet.hasValidChecksum)
        hasSingleChunk = packet.hasSingleChunk
        var rest = packet.chunks
        while let chunk = rest.next() { chunks.append(chunk.bytes.copied()) }
    }
}

/// What a DATA or I-DATA chunk says.
struct DataReading: Equatable {
    var header: DataChunkHeader
    var isInterleaved: Bool
    var payload: [UInt8]

    init(header: DataChunkHeader, isInterleaved: Bool, payload: [UInt8]) {
        (self.header, self.isInterleaved, self.payload) = (header, isInterleaved, payload)
    }

    init(_ bytes: [UInt8]) throws(WireError) {
        let data = try DataChunkView(ChunkView(parsing: bytes.span))
        (header, isInterleaved, payload) = (data.header, data.isInterleaved, data.payload.copied())
    }
}

/// What a SACK says.
struct SackReading: Equatable {
    var cumulative: UInt32
    var window: UInt32
    var gaps: [GapBlock]
    var duplicates: [UInt32]

    init(_ bytes: [UInt8]) throws(WireError) {
        let sack = try SackView(ChunkView(parsing: bytes.span))
        (cumulative, window) = (sack.cumulativeTSN, sack.advertisedWindow)
        (gaps, duplicates) = ([], [])
        for index in 0..<sack.gapBlockCount { gaps.append(sack.gapBlock(at: index)) }
        for index in 0..<sack.duplicateCount { duplicates.append(sack.duplicate(at: index)) }
    }
}

/// What a FORWARD-TSN or I-FORWARD-TSN says.
struct ForwardReading: Equatable {
    var cumulative: UInt32
    var isInterleaved: Bool
    var streams: [SkippedStream] = []

    init(_ bytes: [UInt8]) throws(WireError) {
        let forward = try ForwardTSNView(ChunkView(parsing: bytes.span))
        (cumulative, isInterleaved) = (forward.cumulativeTSN, forward.isInterleaved)
        for index in 0..<forward.streamCount { streams.append(forward.stream(at: index)) }
    }
}

/// What other chunks say.
enum ChunkReading {
    static func initiation(_ bytes: [UInt8]) throws(WireError) -> InitChunk {
        try InitChunk(ChunkView(parsing: bytes.span))
    }

    static func reconfiguration(_ bytes: [UInt8]) throws(WireError) -> [ReconfigurationParameter] {
        try ReconfigurationParameter.parse(ChunkView(parsing: bytes.span))
    }

    static func causes(_ bytes: [UInt8]) throws(WireError) -> [ErrorCause] {
        ErrorCause.parse(try ChunkView(parsing: bytes.span))
    }

    static func heartbeatInfo(_ bytes: [UInt8]) throws(WireError) -> [UInt8]? {
        let chunk = try ChunkView(parsing: bytes.span)
        return chunk.heartbeatInfo?.copied()
    }

    static func shutdownTSN(_ bytes: [UInt8]) throws(WireError) -> UInt32? {
        let chunk = try ChunkView(parsing: bytes.span)
        return chunk.shutdownCumulativeTSN
    }

    static func reflectsTag(_ bytes: [UInt8]) throws(WireError) -> Bool {
        let chunk = try ChunkView(parsing: bytes.span)
        return chunk.reflectsTag
    }
}
