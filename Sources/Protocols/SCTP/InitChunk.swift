// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// What one end can do beyond RFC 9260, as its INIT or INIT ACK says.
package struct SCTPCapabilities: OptionSet, Hashable, BitwiseCopyable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// FORWARD-TSN, RFC 3758.
    package static let partialReliability = SCTPCapabilities(rawValue: 1)
    /// I-DATA, RFC 8260.
    package static let interleaving = SCTPCapabilities(rawValue: 2)
    /// RE-CONFIG, RFC 6525.
    package static let streamReset = SCTPCapabilities(rawValue: 4)
    /// Takes packets without a checksum inside DTLS, RFC 9653.
    package static let zeroChecksum = SCTPCapabilities(rawValue: 8)
}

/// What INIT and INIT ACK say, RFC 9260 §3.3.2 and §3.3.3.
package struct InitChunk: Hashable, Sendable {
    /// Parameters that are reported as unrecognized, at most; more are skipped in silence.
    package static let maximumReports = 8
    /// Parameters looked at, at most; what a hostile peer adds is skipped.
    package static let maximumParameters = 64

    /// The tag its sender wants to see; 0 is forbidden.
    package var initiateTag: UInt32
    /// Its receive window, 1500 at least.
    package var advertisedWindow: UInt32
    /// Streams it wants to send on; 0 is forbidden.
    package var outgoingStreams: UInt16
    /// Streams it grants to the other end; 0 is forbidden.
    package var incomingStreams: UInt16
    package var initialTSN: UInt32
    package var capabilities: SCTPCapabilities = []
    /// The state cookie of an INIT ACK, empty where none was.
    package var cookie: [UInt8] = []
    /// Whole parameters: read, those of an INIT that its receiver must report; written, those reported in an INIT ACK.
    package var unrecognized: [[UInt8]] = []

    package init(
        initiateTag: UInt32,
        advertisedWindow: UInt32,
        outgoingStreams: UInt16,
        incomingStreams: UInt16,
        initialTSN: UInt32,
        capabilities: SCTPCapabilities = [],
        cookie: [UInt8] = [],
        unrecognized: [[UInt8]] = []
    ) {
        (self.initiateTag, self.advertisedWindow, self.initialTSN) = (initiateTag, advertisedWindow, initialTSN)
        (self.outgoingStreams, self.incomingStreams) = (outgoingStreams, incomingStreams)
        (self.capabilities, self.cookie, self.unrecognized) = (capabilities, cookie, unrecognized)
    }

    /// Reads an INIT or INIT ACK.
    ///
    /// Values that are forbidden are read all the same, since INIT and INIT ACK answer them differently.
    /// - Throws: ``WireError/truncated`` when the fixed fields or a parameter do not fit, ``WireError/malformed`` when
    ///   a parameter is shorter than its own header.
    package init(_ chunk: borrowing ChunkView) throws(WireError) {
        let bytes = chunk.bytes
        guard bytes.count >= 20 else { throw .truncated }
        self.init(
            initiateTag: bytes.uint32(at: 4),
            advertisedWindow: bytes.uint32(at: 8),
            outgoingStreams: bytes.uint16(at: 12),
            incomingStreams: bytes.uint16(at: 14),
            initialTSN: bytes.uint32(at: 16)
        )
        var parameters = ParameterIterator(bytes.extracting(20..<bytes.count))
        for _ in 0..<Self.maximumParameters {
            guard let parameter = try parameters.next(), read(parameter) else { return }
        }
    }

    /// Takes in a parameter.
    ///
    /// - Returns: Whether those behind it may be read.
    private mutating func read(_ parameter: borrowing ParameterView) -> Bool {
        let value = parameter.value
        switch parameter.type {
        case .forwardTSNSupported:
            capabilities.insert(.partialReliability)
        case .supportedExtensions:
            for index in value.indices { note(ChunkType(rawValue: value[index])) }
        case .zeroChecksumAcceptable:
            // The one method that is defined: DTLS underneath, RFC 9653 §4.
            if value.count >= 4, value.uint32(at: 0) == 1 { capabilities.insert(.zeroChecksum) }
        case .stateCookie:
            if cookie.isEmpty { cookie = value.copied() }
        case .ipv4Address, .ipv6Address, .supportedAddressTypes, .cookiePreservative, .unrecognized: break
        default:
            if parameter.type.isReportedWhenUnknown, unrecognized.count < Self.maximumReports {
                unrecognized.append(parameter.bytes.copied())
            }
            return parameter.type.isSkippedWhenUnknown
        }
        return true
    }

    private mutating func note(_ type: ChunkType) {
        switch type {
        case .forwardTSN: capabilities.insert(.partialReliability)
        case .interleavedData: capabilities.insert(.interleaving)
        case .reconfiguration: capabilities.insert(.streamReset)
        default: break
        }
    }

    /// The chunk types that the capabilities stand for, as the supported extensions list them.
    var extensions: [ChunkType] {
        var types: [ChunkType] = []
        if capabilities.contains(.streamReset) { types.append(.reconfiguration) }
        if capabilities.contains(.partialReliability) { types.append(.forwardTSN) }
        if capabilities.contains(.interleaving) {
            types.append(.interleavedData)
            if capabilities.contains(.partialReliability) { types.append(.interleavedForwardTSN) }
        }
        return types
    }
}

/// Walks parameters or error causes, which look alike: type, length, value, padding; RFC 9260 §3.2.1.
struct ParameterIterator: ~Escapable {
    private let bytes: Span<UInt8>
    private var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// The next parameter, or `nil` behind the last; fewer than four bytes at the end are padding.
    @_lifetime(copy self)
    mutating func next() throws(WireError) -> ParameterView? {
        guard bytes.count - offset >= 4 else { return nil }
        let length = Int(bytes.uint16(at: offset + 2))
        guard length >= 4 else { throw .malformed }
        guard length <= bytes.count - offset else { throw .truncated }
        let parameter = ParameterView(bytes: bytes.extracting(offset..<offset + length))
        offset += (length + 3) & ~3
        return parameter
    }
}

/// A parameter or error cause, read in place.
struct ParameterView: ~Escapable {
    /// The parameter with its header, without padding.
    let bytes: Span<UInt8>

    @_lifetime(copy bytes)
    fileprivate init(bytes: Span<UInt8>) { self.bytes = bytes }

    var type: ParameterType { ParameterType(rawValue: bytes.uint16(at: 0)) }

    var value: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(4..<bytes.count) }
    }
}
