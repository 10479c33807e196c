// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts who is in, and says who may still come: rooms, peers of a room, peers in all.
///
/// Decides at the HTTP stage, before a WebSocket is open; a place is held by a ``Ticket``.
package final class Admission: Sendable {
    /// Connections of one peer id at once: the one that is there and those that replace it.
    package static let connectionsPerPeer = 4

    /// A peer's place, given back once the ticket is gone.
    package final class Ticket: Sendable {
        /// The room.
        package let roomId: String
        /// The peer.
        package let peerId: String
        private let admission: Admission

        fileprivate init(roomId: String, peerId: String, admission: Admission) {
            (self.roomId, self.peerId, self.admission) = (roomId, peerId, admission)
        }

        deinit { admission.release(roomId: roomId, peerId: peerId) }
    }

    private struct State {
        /// Connections by peer by room.
        var rooms: [String: [String: Int]] = [:]
        var peers = 0
    }

    private let limits: ServerLimits
    private let state = Mutex(State())

    /// Nobody is in yet.
    package init(limits: ServerLimits) { self.limits = limits }

    /// Rooms and peers that are there.
    package var counts: (rooms: Int, peers: Int) { state.withLock { ($0.rooms.count, $0.peers) } }

    /// Takes a place.
    ///
    /// - Returns: The ticket, or why there is no place.
    package func admit(roomId: String, peerId: String) -> Result<Ticket, Refusal> {
        let refusal = state.withLock { state -> Refusal? in
            let room = state.rooms[roomId]
            let connections = room?[peerId] ?? 0
            if room == nil, state.rooms.count >= limits.rooms { return Refusal(reason: "there are too many rooms") }
            if connections == 0 {
                if let room, room.count >= limits.peersPerRoom { return Refusal(reason: "the room is full") }
                if state.peers >= limits.peers { return Refusal(reason: "the server is full") }
                state.peers += 1
            } else if connections >= Self.connectionsPerPeer {
                return Refusal(reason: "this peer connects too often")
            }
            state.rooms[roomId, default: [:]][peerId] = connections + 1
            return nil
        }
        if let refusal { return .failure(refusal) }
        return .success(Ticket(roomId: roomId, peerId: peerId, admission: self))
    }

    /// Why there is no place.
    package struct Refusal: Error, Hashable {
        package var reason: String

        /// A reason.
        package init(reason: String) { self.reason = reason }
    }

    private func release(roomId: String, peerId: String) {
        state.withLock { state in
            guard var room = state.rooms[roomId], let connections = room[peerId] else { return }
            room[peerId] = connections > 1 ? connections - 1 : nil
            if connections == 1 { state.peers -= 1 }
            state.rooms[roomId] = room.isEmpty ? nil : room
        }
    }
}
