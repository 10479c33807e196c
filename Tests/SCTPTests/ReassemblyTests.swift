// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Messages put together, RFC 9260 §6.9 and RFC 8260 §2.2")
struct ReassemblyTests {
    private static let middle: DataChunkFlags = []

    @Test("A message in one piece comes out as it went in", arguments: [true, false])
    func single(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        #expect(fed.feed(stream: 7, 0, [.beginning, .end], [1, 2, 3]) == .accepted)
        #expect(fed.messages == [SCTPMessage(stream: 7, payloadProtocol: .binary, payload: [1, 2, 3])])
        #expect(fed.receiver.heldBytes == 0)
    }

    @Test("Messages of a stream come in their order, those of others do not wait", arguments: [true, false])
    func order(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        fed.feed(stream: 1, 2, [.beginning, .end], [12])
        fed.feed(stream: 2, 0, [.beginning, .end], [20])
        fed.feed(stream: 1, 1, [.beginning, .end], [11])
        fed.feed(stream: 1, 9, [.beginning, .end, .unordered], [99])
        #expect(fed.messages.map(\.payload) == [[20], [99]])
        #expect(fed.messages.map(\.isUnordered) == [false, true])
        fed.feed(stream: 1, 0, [.beginning, .end], [10])
        #expect(fed.messages.map(\.payload) == [[20], [99], [10], [11], [12]])
        #expect(fed.receiver.heldBytes == 0)
    }

    @Test("Fragments of interleaved streams do not mix: state is per stream and order", arguments: [true, false])
    func interleavedStreams(isUnordered: Bool) {
        let fed = FedReceiver(isInterleaved: true)
        let extra: DataChunkFlags = isUnordered ? .unordered : []
        for stream in 1...3 as ClosedRange<UInt16> {
            fed.feed(stream: stream, 0, extra.union(.beginning), [UInt8(stream), 0])
        }
        for stream in 1...3 as ClosedRange<UInt16> {
            fed.feed(stream: stream, 0, fragment: 1, extra, [UInt8(stream), 1])
        }
        // The same stream and identifier, in the other order: another message.
        fed.feed(stream: 1, 0, extra.symmetricDifference([.unordered, .beginning, .end]), [77])
        for stream in [2, 3, 1] as [UInt16] {
            fed.feed(stream: stream, 0, fragment: 2, extra.union(.end), [UInt8(stream), 2])
        }
        #expect(fed.messages.map(\.payload) == [[77], [2, 0, 2, 1, 2, 2], [3, 0, 3, 1, 3, 2], [1, 0, 1, 1, 1, 2]])
        #expect(fed.receiver.heldBytes == 0)
    }

    @Test("The first fragment may come last", arguments: [true, false], [true, false])
    func firstLast(isInterleaved: Bool, isUnordered: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        let extra: DataChunkFlags = isUnordered ? .unordered : []
        fed.feed(tsn: 1003, 0, fragment: 3, extra.union(.end), [4])
        fed.feed(tsn: 1001, 0, fragment: 1, extra, [2])
        fed.feed(tsn: 1002, 0, fragment: 2, extra, [3])
        #expect(fed.messages.isEmpty)
        #expect(fed.receiver.heldBytes > 3)
        fed.feed(tsn: 1000, 0, extra.union(.beginning), [1])
        #expect(fed.messages.map(\.payload) == [[1, 2, 3, 4]])
        #expect(fed.receiver.heldBytes == 0)
    }

    @Test("An unordered message completes while a gap before it is open")
    func unorderedPastGap() {
        let fed = FedReceiver()
        fed.feed(tsn: 1005, 0, [.unordered, .beginning], [1])
        fed.feed(tsn: 1006, 0, [.unordered, .end], [2])
        #expect(fed.messages.map(\.payload) == [[1, 2]])
    }

    @Test("What comes twice is handed out once", arguments: [true, false])
    func duplicates(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        for tsn in [1000, 1000, 1001, 1000, 1001] as [UInt32] {
            let isFirst = tsn == 1000
            fed.feed(tsn: tsn, 0, fragment: tsn - 1000, isFirst ? .beginning : .end, [UInt8(tsn - 999)])
        }
        #expect(fed.messages.map(\.payload) == [[1, 2]])
    }

    @Test("A fragment of another stream, message or order in a message's place breaks the rules")
    func disagreement() {
        for (stream, identifier, flags) in [(2, 0, []), (1, 1, []), (1, 0, .unordered)]
            as [(
                UInt16, UInt32, DataChunkFlags
            )]
        {
            let fed = FedReceiver()
            fed.feed(stream: 1, 0, .beginning)
            #expect(fed.feed(stream: stream, identifier, flags) == .violation)
            let late = FedReceiver()
            late.feed(tsn: 1001, stream: stream, identifier, flags)
            #expect(late.feed(tsn: 1000, stream: 1, 0, .beginning) == .violation)
        }
    }

    @Test("I-DATA fragments must be numbered as they are flagged, and there is one of each")
    func badNumbers() {
        let cases: [[(UInt32, DataChunkFlags)]] = [
            [(0, [])], [(0, .beginning), (1, []), (1, [])], [(3, []), (3, [])], [(2, .end), (3, [])],
            [(3, []), (2, .end)], [(2, .end), (3, .end)], [(0, .beginning), (0, .beginning)],
        ]
        for steps in cases {
            let fed = FedReceiver(isInterleaved: true)
            let outcomes = steps.map { fed.feed(0, fragment: $0.0, $0.1) }
            #expect(outcomes.last == .violation, "\(steps)")
            #expect(outcomes.dropLast().allSatisfy { $0 == .accepted }, "\(steps)")
        }
    }

    @Test("Data without bytes, of the wrong kind or beyond the streams agreed is told apart")
    func refusals() {
        let fed = FedReceiver(incomingStreams: 4)
        #expect(fed.feed(0, [.beginning, .end], []) == .noUserData)
        let header = DataChunkHeader(tsn: 1000, stream: 0, messageIdentifier: 0, payloadProtocol: 53, flags: .end)
        #expect(fed.feed(header, [1], isInterleaved: true) == .violation)
        #expect(fed.feed(tsn: 1000, stream: 4, 0) == .invalidStream)
        #expect(fed.receiver.cumulativeTSN == 1000, "what a stream does not take is acknowledged")
        #expect(fed.feed(tsn: 1001, stream: 3, 0) == .accepted)
    }

    @Test("A message longer than allowed is refused as soon as that shows", arguments: [true, false])
    func tooLong(isInterleaved: Bool) {
        let half = [UInt8](repeating: 1, count: 500)
        let whole = FedReceiver(isInterleaved: isInterleaved, maximumMessageSize: 1000)
        whole.feed(0, .beginning, half)
        #expect(whole.feed(0, fragment: 1, .end, half) == .accepted)
        #expect(whole.messages.map(\.payload.count) == [1000])
        #expect(whole.feed(1, [.beginning, .end], half + half + [1]) == .messageTooLong)
        let longer = FedReceiver(isInterleaved: isInterleaved, maximumMessageSize: 1000)
        longer.feed(0, .beginning, half)
        longer.feed(0, fragment: 1, [], half)
        #expect(longer.feed(0, fragment: 2, .end, [1]) == .messageTooLong)
        let late = FedReceiver(isInterleaved: isInterleaved, maximumMessageSize: 1000)
        late.feed(tsn: 1001, 0, fragment: 1, [], half)
        late.feed(tsn: 1002, 0, fragment: 2, .end, [1])
        #expect(late.feed(tsn: 1000, 0, .beginning, half) == .messageTooLong)
    }

    @Test("65,536 ordered messages wrap a stream's numbers")
    func sequenceWrap() {
        let fed = FedReceiver(initialTSN: 0xFFFF_F000)
        for index in 0..<70_000 as Range<UInt32> {
            fed.feed(stream: 3, index & 0xFFFF, [.beginning, .end], [UInt8(index & 0xFF)])
        }
        #expect(fed.messages.count == 70_000)
        #expect(fed.messages.indices.allSatisfy { fed.messages[$0].payload == [UInt8($0 & 0xFF)] })
    }

    @Test("A message of an ordered stream that is over already is acknowledged and forgotten")
    func old() {
        let fed = FedReceiver()
        for identifier in 0..<3 as Range<UInt32> { fed.feed(identifier) }
        #expect(fed.feed(1) == .accepted)
        #expect(fed.feed(2, .beginning) == .accepted)
        #expect(fed.feed(2, .end) == .accepted)
        #expect(fed.messages.count == 3)
        #expect(fed.receiver.cumulativeTSN == 1005 && fed.receiver.heldBytes == 0)
    }

    @Test("Twenty thousand single bytes, backwards, make their message", arguments: [true, false])
    func backwards(isInterleaved: Bool) {
        let count = 20_000 as UInt32
        let fed = FedReceiver(isInterleaved: isInterleaved)
        for index in (0..<count).reversed() {
            let flags: DataChunkFlags = index == 0 ? .beginning : index == count - 1 ? .end : []
            #expect(fed.feed(tsn: 1000 + index, 0, fragment: index, flags, [UInt8(index & 0xFF)]) == .accepted)
        }
        #expect(fed.messages.map(\.payload) == [(0..<count).map { UInt8($0 & 0xFF) }])
        #expect(fed.receiver.heldBytes == 0 && fed.receiver.cumulativeTSN == 999 + count)
    }

    @Test("Thirty thousand ordered messages, backwards, come out forwards", arguments: [true, false])
    func messagesBackwards(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved)
        for identifier in (0..<30_000 as Range<UInt32>).reversed() {
            fed.feed(identifier, [.beginning, .end], [7, 1])
        }
        #expect(fed.messages.count == 30_000 && fed.receiver.heldBytes == 0)
    }

    @Test("Of messages with the same number one is handed out")
    func sameNumber() {
        let fed = FedReceiver()
        for payload in [1, 2, 3] as [UInt8] { fed.feed(1, [.beginning, .end], [payload]) }
        fed.feed(0, [.beginning, .end], [0])
        #expect(fed.messages.count == 2 && fed.receiver.heldBytes == 0)
        for payload in [1, 2, 3] as [UInt8] { fed.feed(4, [.beginning, .end], [payload]) }
        fed.forward(to: 2000, [SkippedStream(stream: 0, messageIdentifier: 5)])
        #expect(fed.messages.count == 3 && fed.receiver.heldBytes == 0)
    }
}
