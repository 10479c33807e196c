// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Messages given up by their sender, RFC 3758 §3.6 and RFC 8260 §2.3")
struct SkippingTests {
    @Test("A stream goes on behind what is skipped", arguments: [true, false])
    func skip(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        fed.feed(tsn: 1002, stream: 1, 2, [.beginning, .end], [2])
        #expect(fed.messages.isEmpty)
        #expect(fed.forward(to: 1001, [SkippedStream(stream: 1, messageIdentifier: 1)]) == true)
        #expect(fed.messages.map(\.payload) == [[2]])
        #expect(fed.receiver.cumulativeTSN == 1002)
        fed.feed(tsn: 1003, stream: 1, 3)
        #expect(fed.messages.count == 2)
    }

    @Test("Whole messages up to the one skipped are handed out, since their sender knows they arrived")
    func wholeOnes() {
        let fed = FedReceiver()
        fed.feed(tsn: 1001, stream: 1, 1, [.beginning, .end], [1])
        fed.feed(tsn: 1003, stream: 1, 3, [.beginning, .end], [3])
        fed.forward(to: 1002, [SkippedStream(stream: 1, messageIdentifier: 2)])
        #expect(fed.messages.map(\.payload) == [[1], [3]])
        #expect(fed.receiver.heldBytes == 0)
    }

    @Test("The first fragment's loss does not hold up the stream, usrsctp #286", arguments: [true, false])
    func firstFragmentLost(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        fed.feed(tsn: 1001, 0, fragment: 1, [])
        fed.feed(tsn: 1002, 0, fragment: 2, .end)
        fed.feed(tsn: 1003, 1, [.beginning, .end], [7])
        fed.forward(to: 1002, [SkippedStream(stream: 0, messageIdentifier: 0)])
        #expect(fed.messages.map(\.payload) == [[7]])
        #expect(fed.receiver.heldBytes == 0)
    }

    @Test("Unordered fragments given up leave the window as it was, pion #138", arguments: [true, false])
    func unorderedFragments(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        var tsn: UInt32 = 1000
        for identifier in 0..<500 as Range<UInt32> {
            // Of four fragments one is missing, each in turn; the last two arrive after the sender gave up.
            let lost = identifier % 4
            for fragment in 0..<4 as Range<UInt32> where fragment != lost {
                let flags: DataChunkFlags =
                    fragment == 0
                    ? [.beginning, .unordered]
                    : fragment == 3
                        ? [.end, .unordered] : .unordered
                let bytes = [UInt8](repeating: 1, count: 1000)
                fed.feed(tsn: tsn + fragment, 9, fragment: fragment, flags, bytes)
            }
            let list = [SkippedStream(stream: 0, isUnordered: true, messageIdentifier: 9)]
            fed.forward(to: tsn + 3, isInterleaved ? list : [])
            tsn += 4
            #expect(fed.receiver.heldBytes == 0, "\(identifier)")
        }
        #expect(fed.messages.isEmpty)
    }

    @Test("A message whose rest is never sent goes as soon as another begins in its place, usrsctp #96")
    func unfinished() {
        let fed = FedReceiver()
        fed.feed(0, [.unordered, .beginning], [1])
        #expect(fed.feed(0, [.unordered, .beginning, .end], [2]) == .accepted)
        #expect(fed.feed(0, [.unordered, .beginning], [3]) == .accepted)
        #expect(fed.feed(0, [.unordered, .beginning], [4]) == .accepted)
        #expect(fed.feed(0, [.unordered, .end], [5]) == .accepted)
        #expect(fed.messages.map(\.payload) == [[2], [4, 5]])
        #expect(fed.receiver.heldBytes == 0)
    }

    @Test("Late fragments of a message given up are not kept", arguments: [true, false])
    func late(isUnordered: Bool) {
        let fed = FedReceiver(isInterleaved: true)
        let extra: DataChunkFlags = isUnordered ? .unordered : []
        fed.feed(tsn: 1000, 5, extra.union(.beginning))
        fed.forward(to: 1001, [SkippedStream(stream: 0, isUnordered: isUnordered, messageIdentifier: 5)])
        #expect(fed.receiver.heldBytes == 0)
        #expect(fed.feed(tsn: 1004, 5, fragment: 2, extra) == .accepted)
        #expect(fed.receiver.heldBytes == 0)
        #expect(fed.feed(tsn: 1005, 6, extra.union(.beginning)) == .accepted)
        #expect(fed.feed(tsn: 1006, 6, fragment: 1, extra.union(.end)) == .accepted)
        #expect(fed.messages.count == 1)
    }

    @Test("Only messages up to the one named are given up, of the stream and order named")
    func others() {
        let fed = FedReceiver(isInterleaved: true)
        // The second fragment of the one given up, TSN 1000, is lost.
        fed.feed(tsn: 1001, stream: 1, 0, .beginning)
        fed.feed(stream: 1, 0, [.unordered, .beginning])
        fed.feed(stream: 1, 1, [.unordered, .beginning])
        fed.feed(stream: 2, 0, .beginning)
        fed.forward(to: 1000, [SkippedStream(stream: 1, isUnordered: true, messageIdentifier: 0)])
        fed.feed(stream: 2, 0, fragment: 1, .end)
        fed.feed(stream: 1, 1, fragment: 1, [.unordered, .end])
        fed.feed(stream: 1, 0, fragment: 1, .end)
        #expect(fed.messages.map(\.stream) == [2, 1, 1])
        #expect(fed.receiver.heldBytes == 0)
    }

    @Test("Data in between is acknowledged, and what follows a message in the making continues it")
    func partlyBehind() {
        let fed = FedReceiver()
        fed.feed(tsn: 1001, 0, [.unordered, .beginning], [1])
        fed.forward(to: 1000)
        fed.feed(tsn: 1002, 0, [.unordered, .end], [2])
        #expect(fed.messages.map(\.payload) == [[1, 2]])
    }

    @Test("Steps back and jumps of half the circle change nothing; the wrong kind is a violation")
    func refused() {
        let fed = FedReceiver()
        fed.feed(tsn: 1002, stream: 0, 1)
        let list = [SkippedStream(stream: 0, messageIdentifier: 0)]
        for tsn in [999, 500, 999 &+ (1 << 31)] as [UInt32] {
            #expect(fed.forward(to: tsn, list) == true)
            #expect(fed.receiver.cumulativeTSN == 999 && fed.messages.isEmpty)
        }
        #expect(fed.forward(to: 1001, isInterleaved: true) == false)
    }

    @Test("A list of streams beyond those agreed or of messages long gone harms nothing")
    func strangeLists() {
        let fed = FedReceiver(incomingStreams: 8)
        for identifier in 0..<4 as Range<UInt32> { fed.feed(stream: 1, identifier) }
        let list = (0..<200).map { SkippedStream(stream: UInt16($0), messageIdentifier: 2) }
        #expect(fed.forward(to: 1010, list) == true)
        fed.feed(tsn: 1011, stream: 1, 4)
        fed.feed(tsn: 1012, stream: 2, 3)
        #expect(fed.messages.count == 6)
    }
}
