// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What anybody may read of a client at any time, and those who listen.
final class ClientBoard: Sendable {
    private struct State {
        var subscriptions: [Subscription] = []
        var dataSubscriptions: [DataSubscription] = []
        var peers: Set<String> = []
        var listeners: [Int: AsyncStream<SwiftletClient.Event>.Continuation] = [:]
        var lastListener = 0
        var end: SwiftletClient.Event?
    }

    /// Events that wait for a listener.
    private static let waiting = 256

    private let state = Mutex(State())

    var subscriptions: [Subscription] { state.withLock { $0.subscriptions } }
    var dataSubscriptions: [DataSubscription] { state.withLock { $0.dataSubscriptions } }
    var peers: Set<String> { state.withLock { $0.peers } }

    func events() -> AsyncStream<SwiftletClient.Event> {
        let (stream, continuation) = AsyncStream<SwiftletClient.Event>
            .makeStream(bufferingPolicy: .bufferingNewest(Self.waiting))
        let end = state.withLock { state in
            guard state.end == nil else { return state.end }
            state.lastListener += 1
            let id = state.lastListener
            state.listeners[id] = continuation
            continuation.onTermination = { [weak self] _ in
                _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) }
            }
            return nil
        }
        if let end {
            continuation.yield(end)
            continuation.finish()
        }
        return stream
    }

    /// Hands a message to whom it is for.
    func deliver(_ message: DataMessage, to id: String) {
        state.withLock { $0.dataSubscriptions.first { $0.id == id } }?.inbox.put(message)
    }

    func tell(_ event: SwiftletClient.Event) {
        var gone: [DataSubscription] = []
        let listeners = state.withLock { state in
            switch event {
            case .peerJoined(let peer): state.peers.insert(peer)
            case .peerLeft(let peer): state.peers.remove(peer)
            case .subscribed(let subscription): state.subscriptions.append(subscription)
            case .unsubscribed(let subscription): state.subscriptions.removeAll { $0 === subscription }
            case .dataSubscribed(let subscription): state.dataSubscriptions.append(subscription)
            case .dataUnsubscribed(let subscription):
                state.dataSubscriptions.removeAll { $0 === subscription }
                gone = [subscription]
            case .sendingConnected, .receivingConnected: break
            case .ended:
                gone = state.dataSubscriptions
                (state.subscriptions, state.dataSubscriptions, state.peers, state.end) = ([], [], [], event)
            }
            return Array(state.listeners.values)
        }
        for subscription in gone { subscription.inbox.finish() }
        for listener in listeners { listener.yield(event) }
        guard case .ended = event else { return }
        for listener in listeners { listener.finish() }
    }
}
