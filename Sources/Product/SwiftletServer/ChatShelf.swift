// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The chat of every room, and for a while of rooms that everybody has left: after a worker's death all of them leave at
/// once and come back, and so does who reloads the page of an empty room.
package struct ChatShelf {
    /// Histories of closed rooms that are kept, at most 64 MiB; beyond that the one that would go next goes.
    package static let closedRooms = 256

    private struct Closed {
        let history: ChatHistory
        let until: ContinuousClock.Instant
    }

    private let retention: Duration
    private var open: [String: ChatHistory] = [:]
    private var closed: [String: Closed] = [:]

    /// An empty shelf.
    ///
    /// - Parameter retention: How long a closed room's history is kept; zero keeps none.
    package init(retention: Duration) { self.retention = retention }

    /// When ``expire(now:)`` has something to do.
    package var nextDeadline: ContinuousClock.Instant? { closed.values.map(\.until).min() }

    /// Histories that are kept, of rooms open and closed.
    package var count: Int { open.count + closed.count }

    /// The history of a room that opens, or is open.
    package mutating func open(_ roomId: String, now: ContinuousClock.Instant) -> ChatHistory {
        expire(now: now)
        if let history = open[roomId] { return history }
        let history = closed.removeValue(forKey: roomId)?.history ?? ChatHistory()
        open[roomId] = history
        return history
    }

    /// Keeps the history of a room that closed, if there is anything in it.
    package mutating func close(_ roomId: String, now: ContinuousClock.Instant) {
        expire(now: now)
        guard let history = open.removeValue(forKey: roomId), !history.isEmpty, retention > .zero else { return }
        closed[roomId] = Closed(history: history, until: now + retention)
        guard closed.count > Self.closedRooms, let first = closed.min(by: { $0.value.until < $1.value.until }) else {
            return
        }
        closed[first.key] = nil
    }

    /// Forgets what was kept long enough.
    package mutating func expire(now: ContinuousClock.Instant) {
        guard closed.values.contains(where: { $0.until <= now }) else { return }
        closed = closed.filter { $0.value.until > now }
    }
}
