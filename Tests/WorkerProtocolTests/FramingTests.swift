// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import SwiftletWorkerProtocol
import Testing

@Suite("Messages in the stream between host and worker")
struct FramingTests {
    private static func refusal(_ decoder: inout FrameDecoder) -> WorkerProtocolError? {
        do throws(WorkerProtocolError) {
            _ = try decoder.next()
            return nil
        } catch {
            return error
        }
    }

    @Test("However the stream is cut, the same messages come out", arguments: 1...50 as ClosedRange<UInt64>)
    func anyCuts(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let messages = (0..<20).map { _ in
            (0..<Int.random(in: 0...3000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        let stream = try messages.flatMap { try Framing.frame($0) }
        var decoder = FrameDecoder()
        var received: [[UInt8]] = []
        var offset = 0
        while offset < stream.count {
            let end = min(stream.count, offset + Int.random(in: 1...5000, using: &random))
            decoder.append(stream.span.extracting(offset..<end))
            while let message = try decoder.next() { received.append(message) }
            offset = end
        }
        #expect(received == messages)
        #expect(decoder.bufferedBytes == 0)
    }

    @Test(
        "Long messages among short ones come out the same, however the stream is cut",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func longOnes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let lengths = [0, 1, 65_535, 65_536, 65_537, 70_000, 200_000, 1_500_000]
        let messages = (0..<12).map { index in
            [UInt8](repeating: UInt8(index), count: lengths.randomElement(using: &random) ?? 0)
        }
        let stream = try messages.flatMap { try Framing.frame($0) }
        var decoder = FrameDecoder()
        var received: [[UInt8]] = []
        var offset = 0
        let takesAtOnce = Bool.random(using: &random)
        while offset < stream.count {
            let end = min(stream.count, offset + Int.random(in: 1...300_000, using: &random))
            decoder.append(stream.span.extracting(offset..<end))
            offset = end
            // As a reader that takes messages now and then.
            guard takesAtOnce || offset == stream.count || Bool.random(using: &random) else { continue }
            while let message = try decoder.next() { received.append(message) }
        }
        #expect(received == messages)
        #expect(decoder.bufferedBytes == 0)
    }

    @Test("A message of 16 MiB and 64 KiB passes")
    func longest() throws {
        var decoder = FrameDecoder()
        let frame = try Framing.frame([UInt8](repeating: 7, count: Framing.maximumMessageBytes))
        decoder.append(frame.span)
        let message = try decoder.next()
        #expect(message?.count == Framing.maximumMessageBytes)
    }

    @Test("One byte more is neither sent nor read, and nothing is read after it")
    func tooLong() throws {
        let long = [UInt8](repeating: 7, count: Framing.maximumMessageBytes + 1)
        #expect(throws: WorkerProtocolError.messageTooLong) { try Framing.frame(long) }
        var decoder = FrameDecoder()
        let length: [UInt8] = [0x01, 0x01, 0x00, 0x01]
        decoder.append(length.span)
        #expect(Self.refusal(&decoder) == .messageTooLong)
        let good = try Framing.frame([1, 2, 3])
        decoder.append(good.span)
        #expect(Self.refusal(&decoder) == .messageTooLong)
    }

    @Test("A length alone reserves no memory and gives no message")
    func lengthAlone() throws {
        var decoder = FrameDecoder()
        let start: [UInt8] = [0x01, 0x01, 0x00, 0x00, 0x01]
        decoder.append(start.span)
        let message = try decoder.next()
        #expect(message == nil)
        #expect(decoder.bufferedBytes == 5)
    }
}
