// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where an object's events come from.
///
/// Every caller gets a sequence of its own, from now on, that ends with the object. A reader that falls
/// ``bufferedEvents`` events behind loses the oldest, so that a slow one never holds up anything.
public struct EventSource<Event: Sendable>: Sendable {
    /// Events that wait for a slow reader.
    public static var bufferedEvents: Int { 64 }

    let hub: EventHub<Event>

    /// The events from now on.
    ///
    /// Where the object has ended already, the sequence is its last event, if there was one, and the end.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { hub.subscribe() }
}

/// Hands each event to every subscriber, and the last one to those who come too late.
final class EventHub<Event: Sendable>: Sendable {
    private struct State: Sendable {
        var subscribers: [UInt64: AsyncStream<Event>.Continuation] = [:]
        var nextSubscriber: UInt64 = 0
        var isFinished = false
        var last: Event?
    }

    private let state = Mutex(State())

    /// Where others read from.
    var source: EventSource<Event> { EventSource(hub: self) }

    func subscribe() -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream<Event>.makeStream(
            bufferingPolicy: .bufferingNewest(EventSource<Event>.bufferedEvents)
        )
        let key: UInt64? = state.withLock { state in
            guard !state.isFinished else {
                if let last = state.last { continuation.yield(last) }
                return nil
            }
            state.nextSubscriber += 1
            state.subscribers[state.nextSubscriber] = continuation
            return state.nextSubscriber
        }
        guard let key else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in _ = state.subscribers.removeValue(forKey: key) }
        }
        return stream
    }

    /// Tells every subscriber, in the order of the calls.
    func emit(_ event: Event) {
        state.withLock { state in
            guard !state.isFinished else { return }
            for continuation in state.subscribers.values { continuation.yield(event) }
        }
    }

    /// Tells every subscriber the last event, if there is one, and ends their sequences; later calls do nothing.
    func finish(with last: Event? = nil) {
        let subscribers = state.withLock { state -> [AsyncStream<Event>.Continuation] in
            guard !state.isFinished else { return [] }
            state.isFinished = true
            state.last = last
            defer { state.subscribers = [:] }
            return Array(state.subscribers.values)
        }
        for continuation in subscribers {
            if let last { continuation.yield(last) }
            continuation.finish()
        }
    }
}
