// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What anybody may read of a client at any time, and those who listen.
final class ClientBoard: Sendable {
    private struct State {
        var subscriptions: [Subscription] = []
        var peers: Set<String> = []
        var listeners: [Int: AsyncStream<SwiftletClient.Event>.Continuation] = [:]
        var lastListener = 0
        var end: SwiftletClient.Event?
    }

    /// Events that wait for a listener.
    private static let waiting = 256

    private let state = Mutex(State())

    var subscriptions: [Subscription] { state.withLock { $0.subscriptions } }
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

    func tell(_ event: SwiftletClient.Event) {
        let listeners = state.withLock { state in
            switch event {
            case .peerJoined(let peer): state.peers.insert(peer)
            case .peerLeft(let peer): state.peers.remove(peer)
            case .subscribed(let subscription): state.subscriptions.append(subscription)
            case .unsubscribed(let subscription): state.subscriptions.removeAll { $0 === subscription }
            case .sendingConnected, .receivingConnected: break
            case .ended:
                (state.subscriptions, state.peers, state.end) = ([], [], event)
            }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.yield(event) }
        guard case .ended = event else { return }
        for listener in listeners { listener.finish() }
    }
}
