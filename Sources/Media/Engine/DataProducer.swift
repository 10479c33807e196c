// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletWire

/// Messages that a peer, or the host, sends, and who gets them.
final class DataProducer {
    let id: String
    let transport: Transport
    /// The stream they come on; `nil` from the host.
    let parameters: SctpStreamParameters?
    let label: String
    let `protocol`: String
    private(set) var isPaused: Bool
    private(set) var isClosed = false
    /// In order of creation.
    var consumers: [DataConsumer] = []
    private(set) var messageCount = 0
    private(set) var byteCount = 0

    init(_ request: ControlRequest.ProduceData, _ parameters: SctpStreamParameters?, transport: Transport) {
        (id, label, `protocol`, isPaused) = (request.id, request.label, request.protocol, request.paused)
        (self.parameters, self.transport) = (parameters, transport)
    }

    var type: DataChannelType { parameters == nil ? .direct : .sctp }

    /// Hands a message to every data consumer that it is for.
    func receive(_ message: DataMessage, _ filter: SubchannelFilter = .none, now: Instant) {
        messageCount += 1
        byteCount += message.payload.count
        guard !isPaused else { return }
        for consumer in consumers where filter.passes(consumer.subchannels) { consumer.deliver(message, now: now) }
    }

    /// Drops messages from now on.
    func pause() {
        guard !isPaused else { return }
        isPaused = true
        for consumer in consumers {
            transport.board.notify(.dataConsumerProducerPaused(dataConsumerId: consumer.id))
        }
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        for consumer in consumers {
            transport.board.notify(.dataConsumerProducerResumed(dataConsumerId: consumer.id))
        }
    }

    /// Ends it with its data consumers, who tell the host.
    func close(now: Instant) {
        guard !isClosed else { return }
        isClosed = true
        for consumer in consumers {
            transport.board.notify(.dataConsumerProducerClosed(dataConsumerId: consumer.id))
            consumer.close(leavingProducer: false, now: now)
        }
        consumers.removeAll()
        transport.dataProducerClosed(self, now: now)
        transport.board.dataProducerClosed(self)
    }

    func statistics(now: Instant) -> DataProducerStat {
        DataProducerStat(
            timestamp: now.milliseconds,
            label: label,
            protocol: `protocol`,
            messagesReceived: messageCount,
            bytesReceived: byteCount
        )
    }

    var dump: DataProducerDump {
        DataProducerDump(
            id: id,
            type: type,
            sctpStreamParameters: parameters,
            label: label,
            protocol: `protocol`,
            paused: isPaused
        )
    }
}
