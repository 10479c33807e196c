// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletDTLS
import SwiftletPeerLink
import SwiftletSCTP
import SwiftletWire

/// A client's side of its data channels: an association over its link, and what came by it.
final class DataPeer {
    let association: SCTPAssociation
    /// What came on each stream, in order.
    private(set) var received: [UInt16: [SCTPMessage]] = [:]
    /// Streams that the server has reset, in order.
    private(set) var resetByServer: [UInt16] = []
    private(set) var resetDone: [UInt16] = []
    private var packet = [UInt8](repeating: 0, count: 2048)

    /// - Parameters:
    ///   - seed: Of tags and TSNs.
    ///   - longest: Bytes of the longest message, both ways.
    init(seed: UInt64, longest: Int) {
        var configuration = SCTPConfiguration()
        configuration.maximumPacketSize = PeerLink.maximumMessageLength
        (configuration.maximumSendMessageSize, configuration.maximumReceiveMessageSize) = (longest, longest)
        configuration.sendBufferSize = max(configuration.sendBufferSize, longest)
        configuration.perStreamSendQueueLimit = max(configuration.perStreamSendQueueLimit, longest)
        configuration.receiveWindow = max(configuration.receiveWindow, longest + longest / 4)
        association = SCTPAssociation(configuration, random: SeededRandom(seed: seed))
    }

    var nextDeadline: Instant? { association.nextDeadline }

    /// What came as text on a stream.
    func texts(on stream: UInt16) -> [String] {
        (received[stream] ?? []).filter { $0.payloadProtocol == .string }.map {
            String(decoding: $0.payload, as: UTF8.self)
        }
    }

    func handleTimeout(now: Instant) {
        association.handleTimeout(now: now)
        settle(now: now)
    }

    func receive(_ packet: [UInt8], now: Instant) {
        association.receive(packet.span, now: now)
        settle(now: now)
    }

    /// Moves packets into the link.
    ///
    /// - Returns: Whether there were any.
    func send(over link: PeerLink, now: Instant) -> Bool {
        guard link.dtlsState == .connected else { return false }
        if association.state == .new { association.connect(now: now) }
        var isAny = false
        while association.hasPacketsToSend {
            var room = packet.mutableSpan
            let length = association.transmit(into: &room, now: now)
            guard length > 0 else { break }
            isAny = link.sendApplicationData(packet.span.extracting(0..<length), now: now) || isAny
        }
        settle(now: now)
        return isAny
    }

    private func settle(now: Instant) {
        while let output = association.poll() {
            switch output {
            case .message(let message): received[message.stream, default: []].append(message)
            case .incomingStreamsReset(let streams):
                resetByServer += streams
                // Every time, even where ours was first: the server must not answer that answer, RFC 8831 §6.7.
                for stream in streams { association.resetStream(stream, now: now) }
            case .outgoingStreamsReset(let streams): resetDone += streams
            case .stateChanged, .bufferedAmountLow: break
            }
        }
    }
}

extension SimulatedClient {
    /// Sends a message by its data channel; what does not fit now is an error.
    func send(
        _ payload: [UInt8],
        _ type: SCTPPayloadProtocol = .string,
        on stream: UInt16,
        isUnordered: Bool = false,
        reliability: SCTPReliability = .reliable,
        now: Instant
    ) throws {
        _ = try data?.association.send(
            SCTPMessage(
                stream: stream,
                payloadProtocol: type,
                payload: payload,
                isUnordered: isUnordered,
                reliability: reliability
            ),
            now: now
        )
        drain(now: now)
    }
}
