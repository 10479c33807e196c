// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletServer
import SwiftletSignaling
import Testing

@Suite("The chat that a room keeps") struct ChatHistoryTests {
    private static let start = ContinuousClock.now

    /// A message as the page sends it.
    static func text(_ text: String, id: String) -> String {
        let members = ["type": "text", "id": id, "text": text]
        return (try? JSONEncoder().encode(members)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// A history that many peers have written in, each within its rate.
    private static func filled(_ texts: [String]) -> ChatHistory {
        let history = ChatHistory()
        for (index, one) in texts.enumerated() {
            history.take(text(one, id: "\(index)"), from: "p\(index)", displayName: "P", time: index, now: start)
        }
        return history
    }

    @Test("A text is kept with who wrote it, the name of that time and the server's clock") func kept() {
        let history = ChatHistory()
        let payload = #"{"type":"text","id":"m1","text":"héllo","time":5,"peerId":"mallory"}"#
        #expect(history.take(payload, from: "bob", displayName: "Bob", time: 1_000, now: Self.start) == .kept)
        #expect(
            history.messages
                == [ChatMessage(peerId: "bob", displayName: "Bob", time: 1_000, text: "héllo", id: "m1")]
        )
        #expect(!history.isEmpty)
    }

    @Test("The oldest goes when there are more than 200 texts") func count() {
        let history = Self.filled((0..<450).map { "text \($0)" })
        #expect(history.messages.map(\.text) == (250..<450).map { "text \($0)" })
    }

    @Test("The oldest go when there are more than 256 KiB of JSON, escapes included", arguments: ["x", "é", "\u{1}"])
    func bytes(unit: String) throws {
        let text = String(repeating: unit, count: ChatHistory.textBytes / 2 / unit.utf8.count / 3)
        var last: [ChatMessage] = []
        for total in [5, 100, 199] {
            last = Self.filled((0..<total).map { _ in text }).messages
            let size = try last.map { try JSONEncoder().encode($0).count }.reduce(0, +)
            #expect(size <= ChatHistory.maximumBytes)
            #expect(last.last?.id == "\(total - 1)")
        }
        let one = try JSONEncoder().encode(try #require(last.last)).count
        // Nothing went that there was room for.
        #expect(last.count >= min(199, ChatHistory.maximumBytes / one - 1))
    }

    @Test("One long text may push out many short ones, and never itself") func longAfterShort() {
        let short = (0..<199).map { "\($0) " + String(repeating: "x", count: 1_200) }
        let history = Self.filled(short + [String(repeating: "\u{2}", count: 2_700)])
        #expect(history.messages.last?.text.utf8.count == 2_700)
        #expect((2..<200).contains(history.messages.count))
    }

    @Test(
        "What is no text, or a bad one, is counted and not kept",
        arguments: [
            ("", .badLength), ("{", .malformed), ("[]", .malformed), ("null", .malformed), ("hello", .malformed),
            (#"{"type":7,"id":"a","text":"b"}"#, .malformed), (#"{"id":"a","text":"b"}"#, .malformed),
            (#"{"type":"text","text":"b"}"#, .malformed), (#"{"type":"text","id":"a"}"#, .malformed),
            (#"{"type":"text","id":1,"text":"b"}"#, .malformed),
            (#"{"type":"text","id":"a","text":["b"]}"#, .malformed),
            (#"{"type":"text","id":"a","text":null}"#, .malformed),
            (#"{"type":"text","id":"a","text":"\ud800"}"#, .malformed),
            (#"{"type":"file","id":"a","name":"b"}"#, .other), (#"{"type":"text","id":"","text":"b"}"#, .badLength),
            (#"{"type":"text","id":"a","text":""}"#, .badLength),
        ] as [(String, ChatHistory.Outcome)]
    )
    func refused(text: String, outcome: ChatHistory.Outcome) {
        let history = ChatHistory()
        #expect(history.take(text, from: "p", displayName: "", time: 0, now: Self.start) == outcome)
        #expect(history.isEmpty)
        #expect(history.outcomes == [outcome: 1])
    }

    @Test("Lengths are taken up to their limits and not beyond") func lengths() {
        let history = ChatHistory()
        func take(_ payload: String) -> ChatHistory.Outcome {
            history.take(payload, from: "p", displayName: "", time: 0, now: Self.start)
        }
        let longest = String(repeating: "x", count: ChatHistory.textBytes)
        #expect(take(Self.text(longest, id: "1")) == .kept)
        #expect(take(Self.text(longest + "x", id: "2")) == .badLength)
        #expect(take(Self.text("x", id: String(repeating: "i", count: ChatHistory.idBytes))) == .kept)
        #expect(take(Self.text("x", id: String(repeating: "i", count: ChatHistory.idBytes + 1))) == .badLength)
        let padding = String(repeating: " ", count: ChatHistory.messageBytes)
        #expect(take(String(padding.dropLast(40)) + Self.text("x", id: "3")) == .kept)
        #expect(take(padding + Self.text("x", id: "4")) == .badLength)
    }

    @Test("Other encodings of JSON, and nesting without end, never trap") func hostile() {
        let history = ChatHistory()
        func take(_ message: String) -> ChatHistory.Outcome {
            history.take(message, from: "p", displayName: "", time: 0, now: Self.start)
        }
        let nested = String(repeating: "[", count: 8_000) + String(repeating: "]", count: 8_000)
        #expect(take(nested) == .malformed)
        #expect(take(#"{"type":"text","id":"1","text":"x","more":"# + nested + "}") != .tooMany)
        let wide = Self.text("x", id: "2").utf8.flatMap { byte -> [UInt8] in [byte, 0] }
        #expect(take(String(decoding: wide, as: UTF8.self)) != .tooMany)
        // What the API makes of bytes that are no UTF-8.
        #expect(take(String(decoding: [0xFF, 0xFE, 0xC0], as: UTF8.self)) == .malformed)
        #expect(history.messages.allSatisfy { $0.text == "x" })
    }

    @Test("An id counts once for each peer") func repeated() {
        let history = ChatHistory()
        func take(_ peer: String) -> ChatHistory.Outcome {
            history.take(Self.text("x", id: "same"), from: peer, displayName: "", time: 0, now: Self.start)
        }
        #expect([take("a"), take("b"), take("a")] == [.kept, .kept, .repeated])
        #expect(history.messages.count == 2)
    }

    @Test("A peer may write a burst, then one a second; others are not held back by it") func rate() {
        let history = ChatHistory()
        var sent = 0
        func take(_ peer: String, after seconds: Double) -> ChatHistory.Outcome {
            sent += 1
            let now = Self.start + .seconds(seconds)
            return history.take(Self.text("x", id: "\(sent)"), from: peer, displayName: "", time: 0, now: now)
        }
        let outcomes = (0..<100).map { _ in take("loud", after: 0) }
        #expect(outcomes.count { $0 == .kept } == Int(ChatHistory.burst))
        #expect(outcomes.last == .tooMany)
        #expect(take("calm", after: 0) == .kept)
        #expect(
            [take("loud", after: 1), take("loud", after: 1.5), take("loud", after: 2.1)] == [.kept, .tooMany, .kept]
        )
        // Who leaves and comes again is the same.
        #expect((0..<100).map { _ in take("loud", after: 5) }.count { $0 == .kept } <= 3)
    }

    @Test("Malformed messages cost as much of the rate as texts") func rateOfMalformed() {
        let history = ChatHistory()
        for _ in 0..<100 { history.take("{", from: "p", displayName: "", time: 0, now: Self.start) }
        #expect(history.outcomes == [.malformed: Int(ChatHistory.burst), .tooMany: 100 - Int(ChatHistory.burst)])
    }

    @Test("Rates are watched for so many peers and no more, and those that fell silent make room") func manyPeers() {
        let history = ChatHistory()
        func take(_ index: Int, after seconds: Int) -> ChatHistory.Outcome {
            let payload = Self.text("x", id: "\(index)")
            let now = Self.start + .seconds(seconds)
            return history.take(payload, from: "p\(index)", displayName: "", time: 0, now: now)
        }
        #expect((0..<600).map { take($0, after: 0) }.count { $0 == .tooMany } == 600 - 512)
        #expect(take(700, after: 2) == .kept)
    }

    @Test("Times never go back, whatever the wall clock does") func clock() {
        let history = ChatHistory()
        for (index, time) in [50, 40, 60].enumerated() {
            history.take(Self.text("x", id: "\(index)"), from: "p", displayName: "", time: time, now: Self.start)
        }
        #expect(history.messages.map(\.time) == [50, 50, 60])
    }
}
