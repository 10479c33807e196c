// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletServer
import Testing

@Suite("How long a room's chat is kept") struct ChatShelfTests {
    private static let start = ContinuousClock.now

    private static func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private static func write(_ history: ChatHistory) {
        history.take(ChatHistoryTests.text("x", id: "1"), from: "p", displayName: "", time: 0, now: start)
    }

    @Test("A room that opens again in time finds its chat, a later one does not") func retention() {
        var shelf = ChatShelf(retention: .seconds(60))
        let history = shelf.open("r", now: Self.at(0))
        Self.write(history)
        #expect(shelf.nextDeadline == nil)
        shelf.close("r", now: Self.at(10))
        #expect(shelf.nextDeadline == Self.at(70))
        #expect(shelf.open("r", now: Self.at(69)) === history)
        #expect(shelf.nextDeadline == nil)
        shelf.close("r", now: Self.at(100))
        #expect(shelf.open("r", now: Self.at(160)) !== history)
    }

    @Test("A room that is open keeps its chat, whoever asks") func whileOpen() {
        var shelf = ChatShelf(retention: .seconds(60))
        let history = shelf.open("r", now: Self.at(0))
        #expect(shelf.open("r", now: Self.at(1_000)) === history)
        #expect(shelf.open("s", now: Self.at(0)) !== history)
        shelf.expire(now: Self.at(10_000))
        #expect(shelf.count == 2)
    }

    @Test("An empty chat is not kept, nor any where none is wanted") func nothing() {
        var shelf = ChatShelf(retention: .seconds(60))
        _ = shelf.open("r", now: Self.at(0))
        shelf.close("r", now: Self.at(0))
        shelf.close("never opened", now: Self.at(0))
        #expect(shelf.count == 0)
        var none = ChatShelf(retention: .zero)
        Self.write(none.open("r", now: Self.at(0)))
        none.close("r", now: Self.at(0))
        #expect(none.count == 0)
    }

    @Test("What was kept long enough is forgotten, the rest stays") func expiry() {
        var shelf = ChatShelf(retention: .seconds(60))
        for (index, room) in ["a", "b", "c"].enumerated() {
            Self.write(shelf.open(room, now: Self.at(0)))
            shelf.close(room, now: Self.at(index * 10))
        }
        shelf.expire(now: Self.at(59))
        #expect(shelf.count == 3)
        shelf.expire(now: Self.at(60))
        #expect(shelf.count == 2)
        #expect(shelf.nextDeadline == Self.at(70))
    }

    @Test("So many closed rooms are kept, and no more: the one that would go next goes") func bound() {
        var shelf = ChatShelf(retention: .seconds(1_000))
        for index in 0..<300 {
            Self.write(shelf.open("r\(index)", now: Self.at(index)))
            shelf.close("r\(index)", now: Self.at(index))
        }
        #expect(shelf.count == ChatShelf.closedRooms)
        #expect(shelf.open("r43", now: Self.at(300)).isEmpty)
        #expect(!shelf.open("r44", now: Self.at(300)).isEmpty)
    }
}
