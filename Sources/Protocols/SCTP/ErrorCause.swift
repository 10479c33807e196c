// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Why a peer reports an error or aborts, RFC 9260 §3.3.10.
package struct ErrorCause: Hashable, Sendable {
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let invalidStream = Code(rawValue: 1)
        package static let missingParameter = Code(rawValue: 2)
        package static let staleCookie = Code(rawValue: 3)
        package static let outOfResource = Code(rawValue: 4)
        package static let unresolvableAddress = Code(rawValue: 5)
        package static let unrecognizedChunk = Code(rawValue: 6)
        package static let invalidParameter = Code(rawValue: 7)
        package static let unrecognizedParameters = Code(rawValue: 8)
        package static let noUserData = Code(rawValue: 9)
        package static let cookieWhileShuttingDown = Code(rawValue: 10)
        package static let restartWithNewAddresses = Code(rawValue: 11)
        package static let userInitiatedAbort = Code(rawValue: 12)
        package static let protocolViolation = Code(rawValue: 13)
    }

    package var code: Code
    /// What follows code and length.
    package var value: [UInt8]

    package init(_ code: Code, value: [UInt8] = []) { (self.code, self.value) = (code, value) }

    /// A stream beyond those negotiated, RFC 9260 §3.3.10.1.
    package static func invalidStream(_ stream: UInt16) -> ErrorCause {
        ErrorCause(.invalidStream, value: [UInt8(stream >> 8), UInt8(stream & 0xFF), 0, 0])
    }

    /// A cookie that came so long after its end, RFC 9260 §3.3.10.3.
    package static func staleCookie(by staleness: Duration) -> ErrorCause {
        let microseconds = UInt32(clamping: staleness.wholeNanoseconds / 1000)
        return ErrorCause(.staleCookie, value: (0..<4).map { UInt8(truncatingIfNeeded: microseconds >> (24 - 8 * $0)) })
    }

    /// A chunk of unknown type, cut to what an answer should carry, RFC 9260 §3.3.10.6.
    package static func unrecognizedChunk(_ chunk: borrowing ChunkView) -> ErrorCause {
        let bytes = chunk.bytes
        return ErrorCause(
            .unrecognizedChunk,
            value: bytes.extracting(0..<min(bytes.count, maximumValueLength)).copied()
        )
    }

    /// A DATA chunk without bytes, RFC 9260 §3.3.10.9.
    package static func noUserData(tsn: UInt32) -> ErrorCause {
        ErrorCause(.noUserData, value: (0..<4).map { UInt8(truncatingIfNeeded: tsn >> (24 - 8 * $0)) })
    }

    /// Causes read from one chunk, at most.
    package static let maximumCount = 8
    /// Bytes kept of each.
    package static let maximumValueLength = 256

    /// Reads the causes of an ERROR or ABORT, as many as make sense; what does not parse is left out.
    package static func parse(_ chunk: borrowing ChunkView) -> [ErrorCause] {
        var causes: [ErrorCause] = []
        let bytes = chunk.bytes
        var rest = ParameterIterator(bytes.extracting(4..<bytes.count))
        while causes.count < maximumCount {
            guard let cause = try? rest.next() else { break }
            let value = cause.value
            causes.append(
                ErrorCause(
                    Code(rawValue: cause.type.rawValue),
                    value: value.extracting(0..<min(value.count, maximumValueLength)).copied()
                )
            )
        }
        return causes
    }
}
