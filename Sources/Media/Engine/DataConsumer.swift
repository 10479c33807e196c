// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletSCTP
import SwiftletWire

/// Messages of a data producer on their way to one peer, or to the host.
final class DataConsumer {
    let id: String
    let transport: Transport
    let producer: DataProducer
    /// The stream they leave by; `nil` to the host.
    let parameters: SctpStreamParameters?
    let reliability: SCTPReliability
    let label: String
    let `protocol`: String
    private(set) var isPaused: Bool
    private(set) var isClosed = false
    /// Messages that name subchannels come here only for these.
    var subchannels: Set<UInt16>
    /// In bytes.
    var bufferedAmountLowThreshold: UInt32
    /// Whether order may be left to chance: a channel opened in band waits for the peer's answer, RFC 8832 §6.
    var mayReorder: Bool
    /// Whether the peer closed the channel, which nothing is sent on any more.
    var isChannelClosed = false
    private(set) var messageCount = 0
    private(set) var byteCount = 0
    private(set) var droppedCount = 0

    init(
        _ request: ControlRequest.ConsumeData,
        _ parameters: SctpStreamParameters?,
        transport: Transport,
        producer: DataProducer
    ) {
        (id, label, `protocol`, isPaused) = (request.id, request.label, request.protocol, request.paused)
        subchannels = Set(request.subchannels)
        bufferedAmountLowThreshold = request.bufferedAmountLowThreshold
        (self.parameters, self.transport, self.producer) = (parameters, transport, producer)
        mayReorder = request.isNegotiated
        reliability =
            if let lifetime = parameters?.maxPacketLifeTime {
                .lifetime(.milliseconds(lifetime))
            } else if let count = parameters?.maxRetransmits {
                .retransmissions(Int(count))
            } else {
                .reliable
            }
    }

    var type: DataChannelType { parameters == nil ? .direct : .sctp }
    /// Whether a message may overtake another now.
    var isUnordered: Bool { mayReorder && parameters?.ordered == false }

    /// Sends on a message of the data producer, or drops it.
    func deliver(_ message: DataMessage, now: Instant) {
        guard !isPaused, !isClosed else { return }
        do {
            _ = try send(message, now: now)
        } catch  where error.code == .sendBufferFull {
            droppedCount += 1
            transport.board.notify(.dataConsumerSendBufferFull(dataConsumerId: id))
        } catch {
            droppedCount += 1
        }
    }

    /// Sends a message.
    ///
    /// - Returns: Bytes that wait behind it.
    func send(_ message: DataMessage, now: Instant) throws(ControlError) -> Int {
        let waiting = try transport.send(message, to: self, now: now)
        messageCount += 1
        byteCount += message.payload.count
        return waiting
    }

    func pause() { isPaused = true }

    func resume() { isPaused = false }

    /// Ends it; `leavingProducer` is false when the data producer forgets all its data consumers anyway.
    func close(leavingProducer: Bool = true, now: Instant) {
        guard !isClosed else { return }
        isClosed = true
        if leavingProducer { producer.consumers.removeAll { $0 === self } }
        transport.dataConsumerClosed(self, now: now)
        transport.board.dataConsumerClosed(self)
    }

    func statistics(now: Instant) -> DataConsumerStat {
        DataConsumerStat(
            timestamp: now.milliseconds,
            label: label,
            protocol: `protocol`,
            messagesSent: messageCount,
            bytesSent: byteCount,
            messagesDropped: droppedCount,
            bufferedAmount: transport.bufferedAmount(of: self)
        )
    }

    var dump: DataConsumerDump {
        DataConsumerDump(
            id: id,
            dataProducerId: producer.id,
            type: type,
            sctpStreamParameters: parameters,
            label: label,
            protocol: `protocol`,
            paused: isPaused,
            dataProducerPaused: producer.isPaused,
            subchannels: subchannels.sorted(),
            bufferedAmountLowThreshold: bufferedAmountLowThreshold
        )
    }
}
