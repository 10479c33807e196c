// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// What a RE-CONFIG asks or answers, RFC 6525 §4.
package enum ReconfigurationParameter: Hashable, Sendable {
    /// "I begin anew on these streams of mine"; §4.1.
    case outgoingReset(OutgoingReset)
    /// "Begin anew on these streams of yours", all of them when none is named; §4.2.
    case incomingReset(request: UInt32, streams: [UInt16])
    /// §4.3.
    case tsnReset(request: UInt32)
    /// §4.4.
    case response(ReconfigurationResponse)
    /// §4.5.
    case addOutgoingStreams(request: UInt32, count: UInt16)
    /// §4.6.
    case addIncomingStreams(request: UInt32, count: UInt16)

    /// Parameters of one chunk, at most; RFC 6525 §3.1.
    package static let maximumCount = 2

    /// Reads a RE-CONFIG.
    ///
    /// - Throws: ``WireError/truncated`` when a parameter does not fit, ``WireError/malformed`` when there is none or
    ///   more than two, ``WireError/unsupported`` when one is of a type that stops the reading.
    package static func parse(_ chunk: borrowing ChunkView) throws(WireError) -> [ReconfigurationParameter] {
        var parameters: [ReconfigurationParameter] = []
        let bytes = chunk.bytes
        var rest = ParameterIterator(bytes.extracting(4..<bytes.count))
        var seen = 0
        while let parameter = try rest.next() {
            seen += 1
            guard seen <= maximumCount else { throw .malformed }
            if let known = try read(parameter) { parameters.append(known) }
        }
        guard seen > 0 else { throw .malformed }
        return parameters
    }

    private static func read(_ parameter: borrowing ParameterView) throws(WireError) -> ReconfigurationParameter? {
        let value = parameter.value
        switch parameter.type {
        case .outgoingReset:
            guard value.count >= 12 else { throw .truncated }
            return .outgoingReset(
                OutgoingReset(
                    request: value.uint32(at: 0),
                    response: value.uint32(at: 4),
                    lastTSN: value.uint32(at: 8),
                    streams: streams(value, from: 12)
                )
            )
        case .incomingReset:
            guard value.count >= 4 else { throw .truncated }
            return .incomingReset(request: value.uint32(at: 0), streams: streams(value, from: 4))
        case .tsnReset:
            guard value.count >= 4 else { throw .truncated }
            return .tsnReset(request: value.uint32(at: 0))
        case .reconfigurationResponse:
            guard value.count >= 8 else { throw .truncated }
            var response = ReconfigurationResponse(
                request: value.uint32(at: 0),
                result: ReconfigurationResult(rawValue: value.uint32(at: 4))
            )
            if value.count >= 16 {
                (response.senderNextTSN, response.receiverNextTSN) = (value.uint32(at: 8), value.uint32(at: 12))
            }
            return .response(response)
        case .addOutgoingStreams, .addIncomingStreams:
            guard value.count >= 6 else { throw .truncated }
            let (request, count) = (value.uint32(at: 0), value.uint16(at: 4))
            return parameter.type == .addOutgoingStreams
                ? .addOutgoingStreams(request: request, count: count)
                : .addIncomingStreams(request: request, count: count)
        default:
            guard parameter.type.isSkippedWhenUnknown else { throw .unsupported }
            return nil
        }
    }

    private static func streams(_ value: Span<UInt8>, from offset: Int) -> [UInt16] {
        var streams: [UInt16] = []
        streams.reserveCapacity((value.count - offset) / 2)
        for position in stride(from: offset, to: value.count - 1, by: 2) { streams.append(value.uint16(at: position)) }
        return streams
    }
}

/// An Outgoing SSN Reset Request, RFC 6525 §4.1.
package struct OutgoingReset: Hashable, Sendable {
    /// Its number; the first is the sender's initial TSN.
    package var request: UInt32
    /// The request of the other end that it answers too, or the one before the next expected.
    package var response: UInt32
    /// The last TSN that its sender assigned before.
    package var lastTSN: UInt32
    /// The streams; none stands for all.
    package var streams: [UInt16]

    package init(request: UInt32, response: UInt32, lastTSN: UInt32, streams: [UInt16]) {
        (self.request, self.response, self.lastTSN, self.streams) = (request, response, lastTSN, streams)
    }
}

/// A Re-configuration Response, RFC 6525 §4.4.
package struct ReconfigurationResponse: Hashable, Sendable {
    package var request: UInt32
    package var result: ReconfigurationResult
    /// Both are there only in answer to a TSN reset.
    package var senderNextTSN: UInt32?
    package var receiverNextTSN: UInt32?

    package init(request: UInt32, result: ReconfigurationResult) { (self.request, self.result) = (request, result) }
}

/// What became of a request, RFC 6525 §4.4.
package struct ReconfigurationResult: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let nothingToDo = ReconfigurationResult(rawValue: 0)
    package static let performed = ReconfigurationResult(rawValue: 1)
    package static let denied = ReconfigurationResult(rawValue: 2)
    package static let wrongSSN = ReconfigurationResult(rawValue: 3)
    package static let alreadyInProgress = ReconfigurationResult(rawValue: 4)
    package static let badSequenceNumber = ReconfigurationResult(rawValue: 5)
    package static let inProgress = ReconfigurationResult(rawValue: 6)

    /// Whether the request has been dealt with as its sender wished.
    package var isSuccess: Bool { self == .nothingToDo || self == .performed }
}
