// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Swiftlet

/// Writes what is said on a router's chat channels into a room's history, as a participant without a network.
package actor ChatRecorder {
    /// The label of chat channels.
    package static let label = "chat"
    /// How long a peer that sends too many is not listened to: what it says then never leaves the worker.
    package static let deafness = Duration.seconds(1)

    private let router: Router
    private let history: ChatHistory
    private var making: Task<DirectTransport, any Error>?
    /// Data consumers that are not listened to for a moment.
    private var deaf: Set<String> = []

    /// A recorder that listens to nothing yet.
    package init(router: Router, history: ChatHistory) { (self.router, self.history) = (router, history) }

    /// Listens to a chat channel from now on, until it closes.
    ///
    /// - Parameters:
    ///   - channel: The channel.
    ///   - peerId: Who sends on it.
    ///   - displayName: The peer's name at any time; `nil` once it has left.
    /// - Throws: What the worker says when it cannot be listened to.
    package func listen(
        to channel: DataProducer,
        of peerId: String,
        displayName: @escaping @Sendable () async -> String?
    ) async throws {
        let consumer = try await transport().consumeData(DataConsumerOptions(dataProducerId: channel.id))
        let (events, history) = (consumer.events(), history)
        // Ends with the consumer, which ends with the channel.
        Task { [weak self] in
            var name = ""
            for await event in events {
                guard case .message(.string(let message)) = event else { continue }
                name = await displayName() ?? name
                let time = Int(Date().timeIntervalSince1970 * 1_000)
                let outcome = history.take(message, from: peerId, displayName: name, time: time, now: .now)
                if outcome == .tooMany { await self?.turnDeaf(to: consumer) }
            }
        }
    }

    /// The room's own way into the router, made for the first channel.
    private func transport() async throws -> DirectTransport {
        if let making { return try await making.value }
        let router = router
        let task = Task {
            // Longer messages are no texts: the worker keeps them to itself.
            try await router.createDirectTransport(
                DirectTransportOptions(maxSendMessageSize: ChatHistory.messageBytes)
            )
        }
        making = task
        do { return try await task.value } catch {
            making = nil
            throw error
        }
    }

    /// Does not listen for a moment; what is on its way already is read and dropped meanwhile.
    private func turnDeaf(to consumer: DataConsumer) {
        guard deaf.insert(consumer.id).inserted else { return }
        Task {
            try? await consumer.pause()
            try? await Task.sleep(for: Self.deafness)
            try? await consumer.resume()
            deaf.remove(consumer.id)
        }
    }
}
