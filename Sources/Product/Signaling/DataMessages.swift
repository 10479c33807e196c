// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletORTC

/// Data of `produceData`: a data channel that the client is going to send on.
package struct ProduceDataRequest: Codable, Hashable, Sendable {
    package var transportId: String
    /// The stream that the client has chosen, and how messages travel on it.
    package var sctpStreamParameters: SctpStreamParameters
    /// What the channel is for; empty when absent.
    package var label: String?
    /// The sub-protocol; empty when absent.
    package var `protocol`: String?
    /// The client's own data, told to everybody who consumes.
    package var appData: JSONValue?

    package init(
        transportId: String,
        sctpStreamParameters: SctpStreamParameters,
        label: String? = nil,
        protocol: String? = nil,
        appData: JSONValue? = nil
    ) {
        (self.transportId, self.sctpStreamParameters) = (transportId, sctpStreamParameters)
        (self.label, self.protocol, self.appData) = (label, `protocol`, appData)
    }
}

/// Data of requests that name a data producer.
package struct DataProducerRequest: Codable, Hashable, Sendable {
    package var dataProducerId: String

    package init(dataProducerId: String) { self.dataProducerId = dataProducerId }
}

/// Data of requests that name a data consumer, and of `dataConsumerClosed`.
package struct DataConsumerRequest: Codable, Hashable, Sendable {
    package var dataConsumerId: String

    package init(dataConsumerId: String) { self.dataConsumerId = dataConsumerId }
}

/// Data of the server's request `newDataConsumer`: messages that come once the client has accepted it.
package struct NewDataConsumerRequest: Codable, Hashable, Sendable {
    /// Who sends them.
    package var peerId: String
    package var dataProducerId: String
    /// The data consumer's id.
    package var id: String
    /// The stream to open the channel on, by number: nothing is said of it in band.
    package var sctpStreamParameters: SctpStreamParameters
    package var label: String
    package var `protocol`: String
    /// What the data producer's client said of it, with its `peerId`.
    package var appData: JSONValue

    package init(
        peerId: String,
        dataProducerId: String,
        id: String,
        sctpStreamParameters: SctpStreamParameters,
        label: String,
        protocol: String,
        appData: JSONValue
    ) {
        (self.peerId, self.dataProducerId, self.id) = (peerId, dataProducerId, id)
        (self.sctpStreamParameters, self.label) = (sctpStreamParameters, label)
        (self.protocol, self.appData) = (`protocol`, appData)
    }
}

/// A text of the chat, as the server keeps it; our own addition.
package struct ChatMessage: Codable, Hashable, Sendable {
    /// Who wrote it.
    package var peerId: String
    /// The writer's name at that time.
    package var displayName: String
    /// When the server got it, in milliseconds since 1970.
    package var time: Int
    package var text: String
    /// The id that the writer gave it.
    package var id: String

    package init(peerId: String, displayName: String, time: Int, text: String, id: String) {
        (self.peerId, self.displayName, self.time) = (peerId, displayName, time)
        (self.text, self.id) = (text, id)
    }
}

/// The answer to `getChatHistory`, our own addition.
package struct ChatHistoryAnswer: Codable, Hashable, Sendable {
    /// The oldest first.
    package var chatHistory: [ChatMessage]

    package init(chatHistory: [ChatMessage]) { self.chatHistory = chatHistory }
}
