// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletWire

/// Listens to how loud some audio producers of one router are; what it makes of that is its subclasses' affair.
///
/// Each producer has a place in it, and knows it by a ``RtpObserverTap``.
class RtpObserver {
    /// Moments of deadlines are rounded up to this, so that many observers share one look at all.
    static let tick: Int64 = 10_000_000

    let id: String
    unowned let router: Router
    let board: Switchboard
    private(set) var isPaused = false
    /// By place.
    private var producers: [Producer?] = []
    private let interval: Int64
    /// When the interval under way ends; `nil` while it is paused or listens to nobody.
    private(set) var deadline: Instant?

    /// - Parameters:
    ///   - id: Its id.
    ///   - interval: Milliseconds between two looks.
    ///   - router: Where it is.
    ///   - board: Where it tells.
    init(id: String, interval: Int, router: Router, board: Switchboard) {
        (self.id, self.router, self.board) = (id, router, board)
        self.interval = Int64(interval) * 1_000_000
    }

    // MARK: What subclasses say

    /// What it is called in dumps.
    var type: String { "" }

    /// A place for a producer, or `nil` when there are too many.
    func join(now: Instant) -> Int? { nil }

    /// A producer's place is free again.
    func leave(_ place: Int) {}

    /// A producer was paused, or resumed.
    func setPaused(_ isPaused: Bool, _ place: Int) {}

    /// A packet of the producer at `place` says how loud it is.
    func hear(_ level: UInt8, timestamp: UInt32, clockRate: UInt32, of place: Int, now: Instant) {}

    /// An interval has ended.
    func evaluate(now: Instant) {}

    /// It was paused.
    func reset() {}

    // MARK: Producers

    /// Begins to listen to a producer.
    ///
    /// - Returns: `false` when there are too many.
    func add(_ producer: Producer, now: Instant) -> Bool {
        guard !producer.taps.contains(where: { $0.observer === self }) else { return true }
        guard let place = join(now: now) else { return false }
        while producers.count <= place { producers.append(nil) }
        producers[place] = producer
        producer.taps.append(RtpObserverTap(observer: self, place: place))
        if producer.isPaused { setPaused(true, place) }
        if deadline == nil, !isPaused { schedule(after: now) }
        return true
    }

    /// Stops to listen to a producer.
    func remove(_ producer: Producer) {
        guard let index = producer.taps.firstIndex(where: { $0.observer === self }) else { return }
        let place = producer.taps.remove(at: index).place
        producers[place] = nil
        leave(place)
    }

    func producer(at place: Int) -> Producer? { producers.indices.contains(place) ? producers[place] : nil }

    // MARK: Control

    func pause() {
        guard !isPaused else { return }
        isPaused = true
        deadline = nil
        reset()
    }

    func resume(now: Instant) {
        guard isPaused else { return }
        isPaused = false
        schedule(after: now)
    }

    /// Forgets everybody.
    func close() {
        deadline = nil
        for case let producer? in producers { remove(producer) }
        board.remove(observer: self)
        router.observers.removeAll { $0 === self }
    }

    var dump: RtpObserverDump {
        RtpObserverDump(
            id: id,
            routerId: router.id,
            type: type,
            paused: isPaused,
            producerIds: producers.compactMap { $0?.id }
        )
    }

    // MARK: Time

    func advance(to now: Instant) {
        guard let due = deadline, due <= now else { return }
        evaluate(now: now)
        if producers.contains(where: { $0 != nil }) {
            schedule(after: now)
        } else {
            deadline = nil
        }
    }

    /// Makes the interval end at once.
    func hurry() {
        guard deadline != nil else { return }
        deadline = Instant(nanoseconds: 0)
        board.schedule(observerAt: Instant(nanoseconds: 0))
    }

    private func schedule(after now: Instant) {
        let due = now.nanoseconds &+ interval &+ Self.tick &- 1
        let next = Instant(nanoseconds: due &- due % Self.tick)
        deadline = next
        board.schedule(observerAt: next)
    }
}

/// Where a producer is heard.
struct RtpObserverTap {
    let observer: RtpObserver
    let place: Int
}
