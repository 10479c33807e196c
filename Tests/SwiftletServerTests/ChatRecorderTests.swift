// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import SwiftletServer
import SwiftletSignaling
import Synchronization
import Testing

@Suite("Who listens to the chat, over real workers", .timeLimit(.minutes(2))) struct ChatRecorderTests {
    /// A router, a chat channel into it, and what is recorded of that.
    private struct Scene {
        let worker: Worker
        let channel: DataProducer
        let history: ChatHistory
        let name = Name()

        init(history: ChatHistory = ChatHistory()) async throws {
            self.history = history
            worker = try await Worker.start()
            let router = try await worker.createRouter(mediaCodecs: [])
            let transport = try await router.createDirectTransport()
            channel = try await transport.produceData(DataProducerOptions(label: ChatRecorder.label))
            let name = name
            try await ChatRecorder(router: router, history: history).listen(to: channel, of: "bob") { name.value }
        }

        func say(_ text: String, id: String) async throws {
            try await channel.send(.string(ChatHistoryTests.text(text, id: id)))
        }

        /// Waits until the history has looked at so many messages.
        func heard(_ count: Int) async throws {
            for _ in 0..<500 where history.outcomes.values.reduce(0, +) < count {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(history.outcomes.values.reduce(0, +) >= count)
        }
    }

    /// A peer's name, that changes and goes.
    private final class Name: Sendable {
        private let text = Mutex<String?>("Bob")

        var value: String? {
            get { text.withLock { $0 } }
            set { text.withLock { $0 = newValue } }
        }
    }

    @Test("Texts are kept under the name that the peer has at the time, or had when it left") func names() async throws
    {
        let scene = try await Scene()
        try await scene.say("one", id: "1")
        try await scene.heard(1)
        scene.name.value = "Robert"
        try await scene.say("two", id: "2")
        try await scene.heard(2)
        scene.name.value = nil
        try await scene.say("three", id: "3")
        try await scene.heard(3)
        let messages = scene.history.messages
        #expect(messages.map(\.text) == ["one", "two", "three"])
        #expect(messages.map(\.displayName) == ["Bob", "Robert", "Robert"])
        #expect(messages.allSatisfy { $0.peerId == "bob" && $0.time > 1_700_000_000_000 })
        await scene.worker.close()
    }

    @Test("Binary messages and very long ones are none of its business") func others() async throws {
        let scene = try await Scene()
        try await scene.channel.send(.binary([1, 2, 3]))
        try await scene.channel.send(.string(String(repeating: " ", count: ChatHistory.messageBytes + 1)))
        try await scene.channel.send(.string(""))
        try await scene.say("after", id: "1")
        for _ in 0..<500 where scene.history.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(scene.history.outcomes == [.badLength: 1, .kept: 1])
        await scene.worker.close()
    }

    @Test("A flood is not listened to, and what comes later is heard again") func flood() async throws {
        let scene = try await Scene()
        for index in 0..<2_000 { try await scene.say("flood", id: "f\(index)") }
        try await scene.heard(Int(ChatHistory.burst) + 1)
        #expect((20...30).contains(scene.history.outcomes[.kept] ?? 0))
        #expect((scene.history.outcomes[.tooMany] ?? 0) > 0)
        var isHeard = false
        for index in 0..<100 where !isHeard {
            try await Task.sleep(for: .milliseconds(100))
            try await scene.say("later", id: "l\(index)")
            isHeard = scene.history.messages.contains { $0.text == "later" }
        }
        #expect(isHeard)
        await scene.worker.close()
    }

    @Test("What was said outlives the worker, and goes on in the next one") func workersDeath() async throws {
        let scene = try await Scene()
        try await scene.say("before", id: "1")
        try await scene.heard(1)
        await scene.worker.close()
        let next = try await Scene(history: scene.history)
        try await next.say("after", id: "2")
        try await next.heard(2)
        #expect(scene.history.messages.map(\.text) == ["before", "after"])
        await next.worker.close()
    }
}
