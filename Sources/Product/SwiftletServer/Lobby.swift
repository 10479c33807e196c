// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// All rooms: made for the first peer, gone with the last, but for their chat, which stays a while.
actor Lobby {
    private let pool: WorkerPool
    private let settings: ServerSettings
    private let logger: Logger
    private var rooms: [String: Room] = [:]
    private var chats: ChatShelf
    /// Forgets the chats of closed rooms; runs while there are any.
    private var forgetting: Task<Void, Never>?

    init(pool: WorkerPool, settings: ServerSettings, logger: Logger) {
        (self.pool, self.settings, self.logger) = (pool, settings, logger)
        chats = ChatShelf(retention: .seconds(settings.limits.chatRetention))
    }

    /// Serves a peer from its connection to its end.
    func serve(_ session: SignalingSession) async {
        let room = await enter(session)
        await session.run(in: room)
        if await room.leave(session), rooms[session.roomId] === room {
            rooms[session.roomId] = nil
            chats.close(session.roomId, now: .now)
            forgetLater()
        }
    }

    /// How much of each there is in all rooms.
    func census() async -> RoomCensus {
        var whole = RoomCensus()
        for room in rooms.values { whole.add(await room.census) }
        return whole
    }

    private func enter(_ session: SignalingSession) async -> Room {
        while true {
            let room = rooms[session.roomId] ?? makeRoom(session.roomId)
            rooms[session.roomId] = room
            if await room.enter(session) { return room }
            // It closed in the meantime; its chat goes on in the next one.
            if rooms[session.roomId] === room { rooms[session.roomId] = nil }
        }
    }

    private func makeRoom(_ id: String) -> Room {
        let history = chats.open(id, now: .now)
        return Room(id: id, chat: history, pool: pool, settings: settings, logger: logger)
    }

    private func forgetLater() {
        guard forgetting == nil, let deadline = chats.nextDeadline else { return }
        forgetting = Task { [weak self] in
            try? await Task.sleep(until: deadline, clock: .continuous)
            await self?.forget()
        }
    }

    private func forget() {
        forgetting = nil
        chats.expire(now: .now)
        forgetLater()
    }
}
