// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire

/// Packets made by hand.
enum Packets {
    /// A packet with its checksum.
    static func sealed(_ packet: [UInt8]) -> [UInt8] {
        var packet = packet
        for index in 8..<12 { packet[index] = 0 }
        let checksum = SCTPPacketView.checksum(of: packet.span)
        for index in 0..<4 { packet[8 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index))) }
        return packet
    }

    /// A packet of one chunk or more.
    static func packet(tag: UInt32, _ chunks: [UInt8]...) -> [UInt8] {
        var packet: [UInt8] = [0x13, 0x88, 0x13, 0x88]
        packet += bytes(tag) + [0, 0, 0, 0]
        for chunk in chunks {
            packet += chunk
            while packet.count % 4 != 0 { packet.append(0) }
        }
        return sealed(packet)
    }

    /// A chunk with its header.
    static func chunk(_ type: ChunkType, flags: UInt8 = 0, _ value: [UInt8] = []) -> [UInt8] {
        let length = value.count + 4
        return [type.rawValue, flags, UInt8(length >> 8), UInt8(length & 0xFF)] + value
    }

    static func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    /// A SACK.
    static func sack(_ cumulative: UInt32, window: UInt32 = 100_000, gaps: [(UInt16, UInt16)] = []) -> [UInt8] {
        var value = bytes(cumulative) + bytes(window) + [0, UInt8(gaps.count), 0, 0]
        for (start, end) in gaps { value += bytes(UInt32(start) << 16 | UInt32(end)) }
        return chunk(.sack, value)
    }

    /// The verification tag and the first chunk's type of a packet.
    static func tag(of packet: [UInt8]) -> UInt32 { packet.span.uint32(at: 4) }
    static func type(of packet: [UInt8]) -> ChunkType { ChunkType(rawValue: packet[12]) }

    /// The types of all chunks.
    static func types(of packet: [UInt8]) -> [ChunkType] {
        var types: [ChunkType] = []
        guard let view = try? SCTPPacketView(parsing: packet.span) else { return types }
        var chunks = view.chunks
        while let chunk = chunks.next() { types.append(chunk.type) }
        return types
    }
}
