// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// The chunks that set up, watch and end an association: rare, so they are put together in arrays first.
extension PacketWriter {
    /// Writes an INIT, or an INIT ACK when there is a cookie.
    package mutating func append(_ initiation: InitChunk, into packet: inout MutableSpan<UInt8>) -> Bool {
        var writer = ByteWriter(reservingCapacity: 64 + initiation.cookie.count)
        writer.write(initiation.initiateTag)
        writer.write(initiation.advertisedWindow)
        writer.write(initiation.outgoingStreams)
        writer.write(initiation.incomingStreams)
        writer.write(initiation.initialTSN)
        if !initiation.cookie.isEmpty { writer.write(.stateCookie, value: initiation.cookie) }
        if initiation.capabilities.contains(.partialReliability) { writer.write(.forwardTSNSupported, value: []) }
        let extensions = initiation.extensions
        if !extensions.isEmpty { writer.write(.supportedExtensions, value: extensions.map(\.rawValue)) }
        if initiation.capabilities.contains(.zeroChecksum) {
            writer.write(.zeroChecksumAcceptable, value: [0, 0, 0, 1])
        }
        for parameter in initiation.unrecognized { writer.write(.unrecognized, value: parameter) }
        let type: ChunkType = initiation.cookie.isEmpty ? .initiation : .initiationAck
        return append(type, value: writer.bytes.span, into: &packet)
    }

    /// Writes a COOKIE ECHO.
    package mutating func appendCookieEcho(_ cookie: Span<UInt8>, into packet: inout MutableSpan<UInt8>) -> Bool {
        append(.cookieEcho, value: cookie, into: &packet)
    }

    /// Writes a HEARTBEAT with our own information; its answer is the same value with another type.
    package mutating func appendHeartbeat(info: Span<UInt8>, into packet: inout MutableSpan<UInt8>) -> Bool {
        var writer = ByteWriter(reservingCapacity: 4 + info.count)
        writer.write(ParameterType.heartbeatInfo.rawValue)
        writer.write(UInt16(truncatingIfNeeded: 4 + info.count))
        writer.write(info)
        return append(.heartbeat, value: writer.bytes.span, into: &packet)
    }

    /// Writes a HEARTBEAT ACK: the value of the HEARTBEAT as it came.
    package mutating func appendHeartbeatAck(value: Span<UInt8>, into packet: inout MutableSpan<UInt8>) -> Bool {
        append(.heartbeatAck, value: value, into: &packet)
    }

    /// Writes a SHUTDOWN.
    package mutating func appendShutdown(cumulativeTSN: UInt32, into packet: inout MutableSpan<UInt8>) -> Bool {
        var writer = ByteWriter(reservingCapacity: 4)
        writer.write(cumulativeTSN)
        return append(.shutdown, value: writer.bytes.span, into: &packet)
    }

    /// Writes an ABORT; `reflectsTag` says that the packet's tag is the one received, for want of the peer's own.
    package mutating func appendAbort(
        causes: [ErrorCause] = [],
        reflectsTag: Bool = false,
        into packet: inout MutableSpan<UInt8>
    ) -> Bool {
        append(.abort, flags: reflectsTag ? 1 : 0, value: Self.bytes(of: causes).span, into: &packet)
    }

    /// Writes an ERROR.
    package mutating func appendError(causes: [ErrorCause], into packet: inout MutableSpan<UInt8>) -> Bool {
        append(.error, value: Self.bytes(of: causes).span, into: &packet)
    }

    private static func bytes(of causes: [ErrorCause]) -> [UInt8] {
        var writer = ByteWriter()
        for cause in causes { writer.write(ParameterType(rawValue: cause.code.rawValue), value: cause.value) }
        return writer.bytes
    }

    /// The streams that one reset request may name in a packet of so many bytes, with a response beside it.
    package static func maximumResetStreams(limit: Int) -> Int {
        max(0, (limit & ~3) - SCTPPacketView.headerLength - 4 - 16 - 12) / 2
    }

    /// Writes a RE-CONFIG of one or two parameters.
    package mutating func append(
        _ parameters: [ReconfigurationParameter],
        into packet: inout MutableSpan<UInt8>
    ) -> Bool {
        var writer = ByteWriter()
        for parameter in parameters { writer.write(parameter) }
        return append(.reconfiguration, value: writer.bytes.span, into: &packet)
    }
}

extension ByteWriter {
    /// Writes a parameter or error cause, behind the padding of the one before; the last one's is the chunk's.
    fileprivate mutating func write(_ type: ParameterType, value: [UInt8]) {
        pad(to: 4)
        write(type.rawValue)
        write(UInt16(truncatingIfNeeded: 4 + value.count))
        write(value)
    }

    fileprivate mutating func write(_ parameter: ReconfigurationParameter) {
        var value = ByteWriter()
        let type: ParameterType
        switch parameter {
        case .outgoingReset(let reset):
            type = .outgoingReset
            value.write(reset.request)
            value.write(reset.response)
            value.write(reset.lastTSN)
            for stream in reset.streams { value.write(stream) }
        case .incomingReset(let request, let streams):
            type = .incomingReset
            value.write(request)
            for stream in streams { value.write(stream) }
        case .tsnReset(let request):
            type = .tsnReset
            value.write(request)
        case .response(let response):
            type = .reconfigurationResponse
            value.write(response.request)
            value.write(response.result.rawValue)
            if let sender = response.senderNextTSN, let receiver = response.receiverNextTSN {
                value.write(sender)
                value.write(receiver)
            }
        case .addOutgoingStreams(let request, let count), .addIncomingStreams(let request, let count):
            if case .addOutgoingStreams = parameter { type = .addOutgoingStreams } else { type = .addIncomingStreams }
            value.write(request)
            value.write(count)
            value.write(0 as UInt16)
        }
        write(type, value: value.bytes)
    }
}
