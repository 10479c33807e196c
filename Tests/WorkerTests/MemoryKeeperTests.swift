// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletEventLoop
import SwiftletWire
import SwiftletWorker
import Testing

@Suite("When a worker gives memory back")
final class MemoryKeeperTests {
    private var keeper = MemoryKeeper()
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var packets: UInt64 = 0

    /// Whether memory is given back at the next look, a second later, in which so many packets have come.
    private func look(_ transports: Int, packets more: UInt64 = 0) -> Bool {
        now = now + .seconds(1)
        packets += more
        return keeper.isDue(transports: transports, packets: packets, now: now)
    }

    private func isWorthwhile(_ transports: Int) -> Bool { keeper.isWorthwhile(transports: transports) }

    @Test("After the start once, as soon as it is quiet")
    func start() {
        #expect(isWorthwhile(0))
        #expect(look(0))
        for _ in 0..<10 { #expect(!look(0)) }
        #expect(!isWorthwhile(0))
    }

    @Test("Never while a hundred packets or more come a second")
    func busy() {
        #expect(look(0))
        for _ in 0..<10 { #expect(!look(1000, packets: 100)) }
        #expect(isWorthwhile(1000))
        #expect(look(1000, packets: 99))
    }

    @Test("When half of the transports have gone since the last time, and again when half of those have")
    func closings() {
        #expect(look(0))
        #expect(look(1000))
        #expect(!look(501))
        #expect(look(500))
        #expect(!look(251))
        #expect(look(0))
        #expect(!look(0))
    }

    @Test("When twice as many are there, and never for a few")
    func openings() {
        #expect(look(0))
        for transports in 0..<16 { #expect(!look(transports)) }
        for _ in 0..<3 { #expect(!look(0)) }
        #expect(look(16))
        #expect(!look(31))
        #expect(look(32))
    }

    @Test("The most there were counts, also between two looks")
    func peaks() {
        #expect(look(0))
        #expect(isWorthwhile(400))
        #expect(look(10))
    }

    @Test("The heap's free part goes back to the system, and code can be run again")
    func heap() throws {
        let loop = try EventLoop()
        func residentPages() -> Int {
            guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
            defer { unsafe fclose(file) }
            var line = [CChar](repeating: 0, count: 128)
            _ = unsafe fgets(&line, Int32(line.count), file)
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        // 200 MB in small pieces, of which each hundredth stays, so that freeing alone gives nothing back.
        var pieces = (0..<200_000).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 1000) }
        for index in pieces.indices where index % 100 != 0 { pieces[index] = [] }
        let before = residentPages()
        loop.giveBackMemory()
        let after = residentPages()
        #expect(before - after > 25_600, "\(before) pages before, \(after) after")
        for index in pieces.indices where index % 100 == 0 {
            #expect(pieces[index].count == 1000 && pieces[index][999] == UInt8(truncatingIfNeeded: index))
        }
    }
}
