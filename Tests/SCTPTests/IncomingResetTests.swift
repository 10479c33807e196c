// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Incoming streams that begin anew, RFC 6525 §5.2.2")
struct IncomingResetTests {
    @Test("Numbers begin at 0 again once everything before has arrived", arguments: [true, false])
    func performed(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        for identifier in 0..<3 as Range<UInt32> { fed.feed(stream: 1, identifier) }
        fed.feed(stream: 2, 0)
        #expect(fed.reset(lastTSN: 1003, [1]) == .performed)
        #expect(fed.resets == [[1]])
        fed.feed(stream: 1, 0)
        fed.feed(stream: 2, 1)
        #expect(fed.messages.map(\.stream) == [1, 1, 1, 2, 1, 2])
    }

    @Test("It waits for what is missing: outstanding data comes out before it, mediasoup #1825")
    func deferred() {
        let fed = FedReceiver()
        fed.feed(tsn: 1000, stream: 1, 0, [.beginning, .end], [0])
        fed.feed(tsn: 1002, stream: 1, 2, [.beginning, .end], [2])
        #expect(fed.reset(lastTSN: 1002, [1]) == .inProgress)
        #expect(fed.receiver.hasPendingReset)
        #expect(fed.reset(lastTSN: 1002, [1]) == .inProgress, "asked again")
        #expect(fed.reset(request: 2, lastTSN: 1000, [3]) == .alreadyInProgress)
        #expect(fed.resets.isEmpty)
        fed.feed(tsn: 1001, stream: 1, 1, [.beginning, .end], [1])
        #expect(!fed.receiver.hasPendingReset)
        #expect(fed.messages.map(\.payload) == [[0], [1], [2]])
        #expect(fed.events.last == .streamsReset([1]))
        #expect(fed.reset(lastTSN: 1002, [1]) == .performed)
    }

    @Test("What was sent after it waits until it is done", arguments: [true, false])
    func dataBehind(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        fed.feed(tsn: 1000, stream: 1, 0, [.beginning, .end], [0])
        #expect(fed.reset(lastTSN: 1001, [1]) == .inProgress)
        fed.feed(tsn: 1002, stream: 1, 0, .beginning, [20])
        fed.feed(tsn: 1003, stream: 1, 0, fragment: 1, .end, [21])
        fed.feed(tsn: 1004, stream: 2, 0, [.beginning, .end], [9])
        #expect(fed.messages.map(\.payload) == [[0], [9]])
        #expect(fed.receiver.heldBytes > 2)
        fed.feed(tsn: 1001, stream: 1, 1, [.beginning, .end], [1])
        #expect(fed.messages.map(\.payload) == [[0], [9], [1], [20, 21]])
        #expect(fed.events.firstIndex(of: .streamsReset([1])) == 3)
        #expect(fed.receiver.heldBytes == 0 && fed.receiver.cumulativeTSN == 1004)
    }

    @Test("Giving up what is missing performs it too")
    func forwarded() {
        let fed = FedReceiver()
        #expect(fed.reset(lastTSN: 1005, [1]) == .inProgress)
        fed.forward(to: 1005, [SkippedStream(stream: 1, messageIdentifier: 3)])
        #expect(fed.resets == [[1]])
        fed.feed(tsn: 1006, stream: 1, 0)
        #expect(fed.messages.count == 1)
    }

    @Test("No stream named means all", arguments: [true, false])
    func all(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        for stream in [0, 5, 1023] as [UInt16] { fed.feed(stream: stream, 0) }
        #expect(fed.reset(lastTSN: 1002, []) == .performed)
        #expect(fed.resets == [[]])
        for stream in [0, 5, 1023] as [UInt16] { fed.feed(stream: stream, 0) }
        #expect(fed.messages.count == 6)
    }

    @Test("What waited on the stream in vain is dropped, and its bytes with it", arguments: [true, false])
    func leftovers(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        fed.feed(stream: 1, 5)
        fed.feed(stream: 2, 7)
        if isInterleaved {
            fed.feed(stream: 1, 8, .beginning)
            fed.feed(stream: 1, 8, [.unordered, .beginning])
        }
        #expect(fed.reset(lastTSN: fed.receiver.cumulativeTSN, [1, 1]) == .performed)
        #expect(fed.messages.isEmpty)
        #expect(fed.reset(request: 2, lastTSN: fed.receiver.cumulativeTSN, [2]) == .performed)
        #expect(fed.receiver.heldBytes == 0)
        fed.feed(stream: 1, 0)
        #expect(fed.messages.count == 1)
    }

    @Test("A stream that was never agreed on is refused")
    func unknownStream() {
        let fed = FedReceiver(incomingStreams: 8)
        #expect(fed.reset(lastTSN: 999, [7, 8]) == .wrongSSN)
        #expect(fed.resets.isEmpty)
        #expect(fed.reset(lastTSN: 999, [7]) == .performed)
    }
}
