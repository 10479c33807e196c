// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Puts messages together and hands them out, each stream's ordered ones in order; RFC 9260 §6.5 to §6.9, RFC 8260 §2.2.
///
/// Bounded by its owner, who asks ``heldBytes`` before it inserts; what it drops is bounded by TSNs having come once.
package struct ReassemblyQueue {
    /// What each piece that is held costs beyond its bytes: array header, table slot, rounding of the allocator.
    package static let pieceOverhead = 128

    /// A fragment that is kept by itself.
    struct Fragment {
        var header: DataChunkHeader
        var bytes: [UInt8]
    }

    /// What came of a fragment.
    enum Assembled {
        case stored
        /// It completed this message.
        case complete([UInt8], payloadProtocol: UInt32)
        case dropped
        case tooLong
        case violation
    }

    private let maximumMessageSize: Int
    private var streams: OrderedStreams
    private var contiguous = ContiguousAssembler()
    private var interleaved = InterleavedAssembler()
    private let isInterleaved: Bool
    private var ready: [SCTPReceiver.Event?] = []
    private var nextReady = 0
    private var readyBytes = 0

    package init(isInterleaved: Bool, maximumMessageSize: Int) {
        (self.isInterleaved, self.maximumMessageSize) = (isInterleaved, maximumMessageSize)
        streams = OrderedStreams(isInterleaved: isInterleaved)
    }

    /// Bytes held, with what each piece costs.
    package var heldBytes: Int { contiguous.heldBytes + interleaved.heldBytes + streams.heldBytes + readyBytes }

    /// Takes in a fragment, whose TSN comes for the first time and which is not empty.
    package mutating func insert(_ header: DataChunkHeader, payload: Span<UInt8>) -> SCTPReceiver.Reception {
        guard payload.count <= maximumMessageSize else { return .messageTooLong }
        if !header.flags.contains(.unordered), streams.isOld(header) { return .accepted }
        if header.flags.isSuperset(of: [.beginning, .end]) {
            finish(header, payload.copied(), payloadProtocol: header.payloadProtocol)
            return .accepted
        }
        let outcome =
            isInterleaved
            ? interleaved.insert(header, payload, limit: maximumMessageSize)
            : contiguous.insert(header, payload, limit: maximumMessageSize)
        switch outcome {
        case .stored: return .accepted
        case .complete(let bytes, let payloadProtocol):
            finish(header, bytes, payloadProtocol: payloadProtocol)
            return .accepted
        case .dropped: return .dropped
        case .tooLong: return .messageTooLong
        case .violation: return .violation
        }
    }

    /// Drops what can no longer be completed now that every TSN up to `cumulative` has arrived or been given up.
    package mutating func cumulativeAdvanced(from past: UInt32, to cumulative: UInt32) {
        if past != cumulative, contiguous.heldBytes != 0 { contiguous.purge(from: past, through: cumulative) }
    }

    /// Gives up what a peer says will not come, and hands out what waited for it.
    package mutating func skip(_ forward: borrowing ForwardTSNView, below incomingStreams: UInt16) {
        if isInterleaved { interleaved.skip(forward) }
        for index in 0..<forward.streamCount {
            let skipped = forward.stream(at: index)
            guard !skipped.isUnordered, skipped.stream < incomingStreams else { continue }
            streams.skip(skipped.stream, through: skipped.messageIdentifier)
            deliverReleased()
        }
    }

    /// Begins anew on streams, on all when none is named.
    package mutating func reset(_ numbers: [UInt16]) {
        interleaved.drop(numbers)
        streams.reset(numbers)
        ready.append(.streamsReset(numbers))
    }

    /// What befell, oldest first.
    package mutating func poll() -> SCTPReceiver.Event? {
        guard nextReady < ready.count else { return nil }
        let event = ready[nextReady].take()
        nextReady += 1
        if nextReady == ready.count {
            ready.removeAll(keepingCapacity: ready.count <= 64)
            nextReady = 0
        }
        if case .message(let message)? = event { readyBytes -= message.payload.count + Self.pieceOverhead }
        return event
    }

    private mutating func finish(_ header: DataChunkHeader, _ bytes: [UInt8], payloadProtocol: UInt32) {
        let isUnordered = header.flags.contains(.unordered)
        let message = SCTPMessage(
            stream: header.stream,
            payloadProtocol: SCTPPayloadProtocol(rawValue: payloadProtocol),
            payload: bytes,
            isUnordered: isUnordered
        )
        if isUnordered || streams.pass(header) {
            deliver(message)
            guard !isUnordered, streams.isHolding else { return }
            streams.release(header.stream)
            deliverReleased()
        } else {
            streams.hold(message, header.messageIdentifier)
        }
    }

    private mutating func deliver(_ message: SCTPMessage) {
        readyBytes += message.payload.count + Self.pieceOverhead
        ready.append(.message(message))
    }

    private mutating func deliverReleased() {
        for message in streams.takeReleased() { deliver(message) }
    }
}
