// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where an object's events come from.
///
/// Every caller gets a sequence of its own, from now on, that ends with the object. A reader that falls
/// ``bufferedEvents`` events behind loses the oldest, so that a slow one never holds up anything. Of objects that hand
/// messages or packets to the application it is ``bufferedPayloads`` events, and ``bufferedPayloadBytes`` of what they
/// carry.
public struct EventSource<Event: Sendable>: Sendable {
    /// Events that wait for a slow reader.
    public static var bufferedEvents: Int { 64 }
    /// Events that wait for a slow reader where they carry messages or packets.
    public static var bufferedPayloads: Int { 16_384 }
    /// Bytes of messages or packets that wait for a slow reader; the newest waits whatever its length.
    public static var bufferedPayloadBytes: Int { 16 << 20 }

    let hub: EventHub<Event>

    /// The events from now on.
    ///
    /// Where the object has ended already, the sequence is its last event, if there was one, and the end.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { hub.subscribe() }
}

/// Hands each event to every subscriber, and the last one to those who come too late.
final class EventHub<Event: Sendable>: Sendable {
    private struct State: Sendable {
        var subscribers: [UInt64: EventQueue<Event>] = [:]
        var nextSubscriber: UInt64 = 0
        var isFinished = false
        var last: Event?
    }

    private let state = Mutex(State())
    private let payloadBytes: (@Sendable (Event) -> Int)?

    /// - Parameter payloadBytes: How much an event carries, of an object whose events carry messages or packets.
    init(payloadBytes: (@Sendable (Event) -> Int)? = nil) { self.payloadBytes = payloadBytes }

    /// Where others read from.
    var source: EventSource<Event> { EventSource(hub: self) }

    func subscribe() -> EventSequence<Event> {
        let queue = EventQueue(payloadBytes: payloadBytes)
        let key: UInt64? = state.withLock { state in
            guard !state.isFinished else {
                if let last = state.last { queue.push(last) }
                return nil
            }
            state.nextSubscriber += 1
            state.subscribers[state.nextSubscriber] = queue
            return state.nextSubscriber
        }
        guard let key else {
            queue.finish()
            return EventSequence(subscription: .init(queue: queue, end: {}))
        }
        return EventSequence(subscription: .init(queue: queue, end: { [weak self] in self?.unsubscribe(key) }))
    }

    /// Tells every subscriber, in the order of the calls.
    func emit(_ event: Event) {
        state.withLock { state in
            guard !state.isFinished else { return }
            for queue in state.subscribers.values { queue.push(event) }
        }
    }

    /// Tells every subscriber the last event, if there is one, and ends their sequences; later calls do nothing.
    func finish(with last: Event? = nil) {
        let subscribers = state.withLock { state -> [EventQueue<Event>] in
            guard !state.isFinished else { return [] }
            state.isFinished = true
            state.last = last
            defer { state.subscribers = [:] }
            return Array(state.subscribers.values)
        }
        for queue in subscribers {
            if let last { queue.push(last) }
            queue.finish()
        }
    }

    private func unsubscribe(_ key: UInt64) {
        state.withLock { state in _ = state.subscribers.removeValue(forKey: key) }
    }
}
