// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a chunk is, RFC 9260 §3.2.
package struct ChunkType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    @inlinable @inline(__always)
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let data = ChunkType(rawValue: 0)
    package static let initiation = ChunkType(rawValue: 1)
    package static let initiationAck = ChunkType(rawValue: 2)
    package static let sack = ChunkType(rawValue: 3)
    package static let heartbeat = ChunkType(rawValue: 4)
    package static let heartbeatAck = ChunkType(rawValue: 5)
    package static let abort = ChunkType(rawValue: 6)
    package static let shutdown = ChunkType(rawValue: 7)
    package static let shutdownAck = ChunkType(rawValue: 8)
    package static let error = ChunkType(rawValue: 9)
    package static let cookieEcho = ChunkType(rawValue: 10)
    package static let cookieAck = ChunkType(rawValue: 11)
    package static let shutdownComplete = ChunkType(rawValue: 14)
    /// RFC 8260 §2.1.
    package static let interleavedData = ChunkType(rawValue: 64)
    /// RFC 6525 §3.1.
    package static let reconfiguration = ChunkType(rawValue: 130)
    /// RFC 4820 §3.
    package static let padding = ChunkType(rawValue: 132)
    /// RFC 3758 §3.2.
    package static let forwardTSN = ChunkType(rawValue: 192)
    /// RFC 8260 §2.3.1.
    package static let interleavedForwardTSN = ChunkType(rawValue: 194)

    /// Whether one who does not know the type goes on with the chunk behind it, instead of dropping the rest.
    package var isSkippedWhenUnknown: Bool { rawValue & 0x80 != 0 }
    /// Whether one who does not know the type reports it with ``ErrorCause/unrecognizedChunk``.
    package var isReportedWhenUnknown: Bool { rawValue & 0x40 != 0 }
}

/// What a parameter of INIT, INIT ACK or RE-CONFIG is, RFC 9260 §3.2.1.
package struct ParameterType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let heartbeatInfo = ParameterType(rawValue: 1)
    package static let ipv4Address = ParameterType(rawValue: 5)
    package static let ipv6Address = ParameterType(rawValue: 6)
    package static let stateCookie = ParameterType(rawValue: 7)
    package static let unrecognized = ParameterType(rawValue: 8)
    package static let cookiePreservative = ParameterType(rawValue: 9)
    package static let supportedAddressTypes = ParameterType(rawValue: 12)
    package static let outgoingReset = ParameterType(rawValue: 13)
    package static let incomingReset = ParameterType(rawValue: 14)
    package static let tsnReset = ParameterType(rawValue: 15)
    package static let reconfigurationResponse = ParameterType(rawValue: 16)
    package static let addOutgoingStreams = ParameterType(rawValue: 17)
    package static let addIncomingStreams = ParameterType(rawValue: 18)
    /// RFC 9653 §4.
    package static let zeroChecksumAcceptable = ParameterType(rawValue: 0x8001)
    /// RFC 5061 §4.2.7.
    package static let supportedExtensions = ParameterType(rawValue: 0x8008)
    /// RFC 3758 §3.1.
    package static let forwardTSNSupported = ParameterType(rawValue: 0xC000)

    /// Whether one who does not know the type goes on with the parameter behind it.
    package var isSkippedWhenUnknown: Bool { rawValue & 0x8000 != 0 }
    /// Whether one who does not know the type reports it.
    package var isReportedWhenUnknown: Bool { rawValue & 0x4000 != 0 }
}
