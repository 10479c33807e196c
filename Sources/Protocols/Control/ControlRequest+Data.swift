// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletORTC

/// How the SCTP association of a transport works.
package struct SctpOptions: Hashable, Sendable {
    /// The longest message that is sent, in bytes.
    package var maxSendMessageSize: UInt32
    /// The longest message that is taken, in bytes.
    package var maxReceiveMessageSize: UInt32
    /// Bytes that may wait to be sent, over all streams.
    package var sendBufferSize: UInt32
    /// Bytes that may wait to be sent on one stream.
    package var perStreamSendQueueLimit: UInt32
    /// Bytes that may be held for messages that are not complete.
    package var maxReceiverWindowBufferSize: UInt32

    package init(
        maxSendMessageSize: UInt32 = 262_144,
        maxReceiveMessageSize: UInt32 = 262_144,
        sendBufferSize: UInt32 = 2_000_000,
        perStreamSendQueueLimit: UInt32 = 2_000_000,
        maxReceiverWindowBufferSize: UInt32 = 5_242_880
    ) {
        (self.maxSendMessageSize, self.maxReceiveMessageSize) = (maxSendMessageSize, maxReceiveMessageSize)
        (self.sendBufferSize, self.perStreamSendQueueLimit) = (sendBufferSize, perStreamSendQueueLimit)
        self.maxReceiverWindowBufferSize = maxReceiverWindowBufferSize
    }
}

extension ControlRequest {
    /// A transport whose peer is the host itself.
    package struct CreateDirectTransport: Hashable, Sendable {
        package var id: String
        package var routerId: String
        /// The longest message that the host is handed, in bytes.
        package var maxSendMessageSize: UInt32
        /// The longest message that the host may send, in bytes.
        package var maxReceiveMessageSize: UInt32

        package init(
            id: String,
            routerId: String,
            maxSendMessageSize: UInt32 = 262_144,
            maxReceiveMessageSize: UInt32 = 262_144
        ) {
            (self.id, self.routerId) = (id, routerId)
            (self.maxSendMessageSize, self.maxReceiveMessageSize) = (maxSendMessageSize, maxReceiveMessageSize)
        }
    }

    /// Messages that a peer, or the host, is going to send.
    package struct ProduceData: Hashable, Sendable {
        package var id: String
        package var transportId: String
        /// The stream they come on; needed over SCTP, `nil` on a direct transport.
        package var sctpStreamParameters: SctpStreamParameters?
        package var label: String
        package var `protocol`: String
        package var paused: Bool

        package init(
            id: String,
            transportId: String,
            sctpStreamParameters: SctpStreamParameters? = nil,
            label: String = "",
            protocol: String = "",
            paused: Bool = false
        ) {
            (self.id, self.transportId, self.sctpStreamParameters) = (id, transportId, sctpStreamParameters)
            (self.label, self.protocol, self.paused) = (label, `protocol`, paused)
        }
    }

    /// Messages that a peer, or the host, is going to receive.
    package struct ConsumeData: Hashable, Sendable {
        package var id: String
        package var transportId: String
        package var dataProducerId: String
        /// The stream to send on; `nil` for the lowest free one.
        package var streamId: UInt16?
        package var ordered: Bool
        package var maxPacketLifeTime: UInt32?
        package var maxRetransmits: UInt16?
        package var label: String
        package var `protocol`: String
        package var paused: Bool
        /// Only messages for one of these, where a message names subchannels.
        package var subchannels: [UInt16]
        /// Whether the peer learns of the channel by signalling; otherwise it is opened in band, RFC 8832.
        package var isNegotiated: Bool
        package var bufferedAmountLowThreshold: UInt32

        package init(
            id: String,
            transportId: String,
            dataProducerId: String,
            streamId: UInt16? = nil,
            ordered: Bool = true,
            maxPacketLifeTime: UInt32? = nil,
            maxRetransmits: UInt16? = nil,
            label: String = "",
            protocol: String = "",
            paused: Bool = false,
            subchannels: [UInt16] = [],
            isNegotiated: Bool = true,
            bufferedAmountLowThreshold: UInt32 = 0
        ) {
            (self.id, self.transportId, self.dataProducerId) = (id, transportId, dataProducerId)
            (self.streamId, self.ordered) = (streamId, ordered)
            (self.maxPacketLifeTime, self.maxRetransmits) = (maxPacketLifeTime, maxRetransmits)
            (self.label, self.protocol, self.paused) = (label, `protocol`, paused)
            (self.subchannels, self.isNegotiated) = (subchannels, isNegotiated)
            self.bufferedAmountLowThreshold = bufferedAmountLowThreshold
        }
    }

    /// A message from the host to all data consumers of a data producer.
    package struct SendFromDataProducer: Hashable, Sendable {
        package var dataProducerId: String
        /// The payload protocol identifier: 51 for a string, 53 for binary data, 56 and 57 for empty ones.
        package var ppid: UInt32
        package var payload: [UInt8]
        /// Only for who has subscribed to one of these; `nil` for all.
        package var subchannels: [UInt16]?
        /// Only for who has subscribed to this.
        package var requiredSubchannel: UInt16?
        /// Not for who has subscribed to this.
        package var ignoredSubchannel: UInt16?

        package init(
            dataProducerId: String,
            ppid: UInt32,
            payload: [UInt8],
            subchannels: [UInt16]? = nil,
            requiredSubchannel: UInt16? = nil,
            ignoredSubchannel: UInt16? = nil
        ) {
            (self.dataProducerId, self.ppid, self.payload) = (dataProducerId, ppid, payload)
            (self.subchannels, self.requiredSubchannel) = (subchannels, requiredSubchannel)
            self.ignoredSubchannel = ignoredSubchannel
        }
    }
}
