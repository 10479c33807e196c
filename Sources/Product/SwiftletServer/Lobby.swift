// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// All rooms: made for the first peer, gone with the last.
actor Lobby {
    private let pool: WorkerPool
    private let settings: ServerSettings
    private let logger: Logger
    private var rooms: [String: Room] = [:]

    init(pool: WorkerPool, settings: ServerSettings, logger: Logger) {
        (self.pool, self.settings, self.logger) = (pool, settings, logger)
    }

    /// Serves a peer from its connection to its end.
    func serve(_ session: SignalingSession) async {
        let room = await enter(session)
        await session.run(in: room)
        if await room.leave(session), rooms[session.roomId] === room { rooms[session.roomId] = nil }
    }

    private func enter(_ session: SignalingSession) async -> Room {
        while true {
            let room = rooms[session.roomId] ?? Room(id: session.roomId, pool: pool, settings: settings, logger: logger)
            rooms[session.roomId] = room
            if await room.enter(session) { return room }
            // It closed in the meantime.
            if rooms[session.roomId] === room { rooms[session.roomId] = nil }
        }
    }
}
