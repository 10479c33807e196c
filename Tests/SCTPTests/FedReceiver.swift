// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire

/// Bytes written as hexadecimal digits, blanks ignored.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// What a writer makes of chunks, without the packet's header.
func chunks(limit: Int = 1200, _ write: (inout PacketWriter, inout MutableSpan<UInt8>) -> Bool) -> [UInt8] {
    var buffer = [UInt8](repeating: 0xEE, count: limit)
    var writer = PacketWriter(limit: limit)
    var span = buffer.mutableSpan
    guard write(&writer, &span) else { return [] }
    return Array(buffer[SCTPPacketView.headerLength..<writer.length])
}

/// A DATA or I-DATA chunk.
func chunk(_ header: DataChunkHeader, isInterleaved: Bool, payload: [UInt8]) -> [UInt8] {
    chunks(limit: payload.count + 64) {
        $0.append(header, isInterleaved: isInterleaved, payload: payload.span, into: &$1)
    }
}

/// A receiver with the chunks that tests feed it, written and read again on the way.
final class FedReceiver {
    let receiver: SCTPReceiver
    let isInterleaved: Bool
    var nextTSN: UInt32
    /// What came out.
    var events: [SCTPReceiver.Event] = []
    var messages: [SCTPMessage] = []
    var resets: [[UInt16]] = []

    init(
        initialTSN: UInt32 = 1000,
        isInterleaved: Bool = false,
        incomingStreams: UInt16 = 1024,
        maximumMessageSize: Int = 262_144,
        window: Int = 5_242_880
    ) {
        (self.isInterleaved, nextTSN) = (isInterleaved, initialTSN)
        receiver = SCTPReceiver(
            initialTSN: initialTSN,
            isInterleaved: isInterleaved,
            incomingStreams: incomingStreams,
            maximumMessageSize: maximumMessageSize,
            window: window
        )
    }

    /// Feeds a chunk.
    @discardableResult
    func feed(_ header: DataChunkHeader, _ payload: [UInt8], isInterleaved: Bool? = nil) -> SCTPReceiver.Reception? {
        let bytes = chunk(header, isInterleaved: isInterleaved ?? self.isInterleaved, payload: payload)
        guard let view = try? ChunkView(parsing: bytes.span), let data = try? DataChunkView(view) else { return nil }
        let reception = receiver.receive(data)
        drain()
        return reception
    }

    /// Feeds a chunk with the TSN given, or the one behind the last.
    @discardableResult
    func feed(
        tsn: UInt32? = nil,
        stream: UInt16 = 0,
        _ identifier: UInt32,
        fragment: UInt32 = 0,
        _ flags: DataChunkFlags = [.beginning, .end],
        _ payload: [UInt8] = [1]
    ) -> SCTPReceiver.Reception? {
        defer { nextTSN = (tsn ?? nextTSN) &+ 1 }
        return feed(
            DataChunkHeader(
                tsn: tsn ?? nextTSN,
                stream: stream,
                messageIdentifier: identifier,
                payloadProtocol: 53,
                fragmentNumber: fragment,
                flags: flags
            ),
            payload
        )
    }

    /// Feeds a FORWARD-TSN or I-FORWARD-TSN.
    @discardableResult
    func forward(to tsn: UInt32, _ streams: [SkippedStream] = [], isInterleaved: Bool? = nil) -> Bool? {
        let bytes = chunks(limit: 8192) {
            $0.appendForwardTSN(
                cumulativeTSN: tsn,
                streams: streams.span,
                isInterleaved: isInterleaved ?? self.isInterleaved,
                into: &$1
            )
        }
        guard let view = try? ChunkView(parsing: bytes.span), let forward = try? ForwardTSNView(view) else {
            return nil
        }
        let accepted = receiver.receive(forward)
        drain()
        return accepted
    }

    func reset(request: UInt32 = 1, lastTSN: UInt32, _ streams: [UInt16]) -> ReconfigurationResult {
        defer { drain() }
        return receiver.reset(OutgoingReset(request: request, response: 0, lastTSN: lastTSN, streams: streams))
    }

    /// The SACK that is written now.
    func sack() throws -> SackReading {
        try SackReading(chunks { self.receiver.writeSack(with: &$0, into: &$1) })
    }

    private func drain() {
        while let event = receiver.poll() {
            events.append(event)
            switch event {
            case .message(let message): messages.append(message)
            case .streamsReset(let streams): resets.append(streams)
            }
        }
    }
}
