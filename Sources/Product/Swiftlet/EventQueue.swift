// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What waits for one reader of events; beyond its bounds it loses the oldest.
///
/// Not an `AsyncStream`, which cannot bound the bytes that wait.
final class EventQueue<Event: Sendable>: Sendable {
    private struct State {
        /// What waits, from ``head`` on.
        var events: [Event?] = []
        var head = 0
        var bytes = 0
        var isFinished = false
        var waiters: [CheckedContinuation<Event?, Never>] = []

        var count: Int { events.count - head }
    }

    private let state = Mutex(State())
    private let payloadBytes: (@Sendable (Event) -> Int)?

    init(payloadBytes: (@Sendable (Event) -> Int)?) { self.payloadBytes = payloadBytes }

    /// Hands an event to who waits for one, or keeps it.
    func push(_ event: Event) {
        let waiter = state.withLock { state -> CheckedContinuation<Event?, Never>? in
            guard !state.isFinished else { return nil }
            if !state.waiters.isEmpty { return state.waiters.removeFirst() }
            keep(event, in: &state)
            return nil
        }
        waiter?.resume(returning: event)
    }

    /// Ends the sequence behind what waits.
    func finish() {
        let waiters = state.withLock { state in
            state.isFinished = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: nil) }
    }

    /// The next event, as soon as there is one; `nil` at the end, and when the task is cancelled, which is an end too.
    func next(isolation: isolated (any Actor)?) async -> Event? {
        if let ready = state.withLock({ takeReady(&$0) }) { return ready.event }
        return await withTaskCancellationHandler(
            operation: {
                await withCheckedContinuation(isolation: isolation) { continuation in
                    let ready = state.withLock { state -> Ready? in
                        let ready = takeReady(&state)
                        if ready == nil { state.waiters.append(continuation) }
                        return ready
                    }
                    if let ready { continuation.resume(returning: ready.event) }
                }
            },
            onCancel: { finish() },
            isolation: isolation
        )
    }

    /// What can be said without waiting: an event, or that there is none any more.
    private struct Ready { var event: Event? }

    private func takeReady(_ state: inout State) -> Ready? {
        guard state.count > 0 else { return state.isFinished ? Ready(event: nil) : nil }
        return Ready(event: removeOldest(&state))
    }

    private func keep(_ event: Event, in state: inout State) {
        state.events.append(event)
        guard let payloadBytes else {
            if state.count > EventSource<Event>.bufferedEvents { _ = removeOldest(&state) }
            return
        }
        state.bytes += payloadBytes(event)
        while state.count > 1,
            state.count > EventSource<Event>.bufferedPayloads || state.bytes > EventSource<Event>.bufferedPayloadBytes
        {
            _ = removeOldest(&state)
        }
    }

    private func removeOldest(_ state: inout State) -> Event? {
        let event = state.events[state.head]
        state.events[state.head] = nil
        state.head += 1
        if state.head == state.events.count || state.head >= 256 && state.head * 2 >= state.events.count {
            state.events.removeFirst(state.head)
            state.head = 0
        }
        if let event, let payloadBytes { state.bytes -= payloadBytes(event) }
        return event
    }
}

/// One reader's events.
struct EventSequence<Event: Sendable>: AsyncSequence, Sendable {
    typealias Failure = Never

    /// Ends the reader's part with the last copy of its sequence and iterators.
    final class Subscription: Sendable {
        let queue: EventQueue<Event>
        private let end: @Sendable () -> Void

        init(queue: EventQueue<Event>, end: @escaping @Sendable () -> Void) { (self.queue, self.end) = (queue, end) }

        deinit { end() }
    }

    struct Iterator: AsyncIteratorProtocol {
        let subscription: Subscription

        mutating func next() async -> Event? { await subscription.queue.next(isolation: nil) }

        mutating func next(isolation actor: isolated (any Actor)?) async -> Event? {
            await subscription.queue.next(isolation: actor)
        }
    }

    let subscription: Subscription

    func makeAsyncIterator() -> Iterator { Iterator(subscription: subscription) }
}
