// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletEngine
import SwiftletWire
import Testing

@Suite("Which transport a flow belongs to")
struct TupleTableTests {
    @Test(
        "It agrees with a dictionary through insertions, moves and removals",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = TupleTable(seed: (random.next(), random.next()))
        var oracle: [Tuple: Int32] = [:]
        for _ in 0..<4000 {
            let address = SocketAddress(
                ipv4: UInt32.random(in: 0...7, using: &random),
                port: UInt16.random(in: 0...63, using: &random)
            )
            let tuple = Tuple(socket: SocketID(rawValue: UInt32.random(in: 0...1, using: &random)), remote: address)
            let slot = Int32.random(in: 0...9, using: &random)
            if Bool.random(using: &random) {
                let former = oracle.updateValue(slot, forKey: tuple)
                #expect(table.insert(tuple, slot: slot) == (former == slot ? nil : former))
            } else {
                if oracle[tuple] == slot { oracle[tuple] = nil }
                table.remove(tuple, slot: slot)
            }
            #expect(table.count == oracle.count)
            #expect(table.find(tuple) == oracle[tuple])
        }
        for (tuple, slot) in oracle { #expect(table.find(tuple) == slot) }
    }

    @Test("An address of IPv6 is another than the same bits of IPv4")
    func families() {
        var table = TupleTable(seed: (1, 2))
        let socket = SocketID(rawValue: 1)
        #expect(table.insert(Tuple(socket: socket, remote: SocketAddress(ipv4: 1, port: 9)), slot: 3) == nil)
        #expect(table.find(Tuple(socket: socket, remote: SocketAddress(ipv6: 0, 1, port: 9))) == nil)
        #expect(table.find(Tuple(socket: SocketID(rawValue: 2), remote: SocketAddress(ipv4: 1, port: 9))) == nil)
    }
}
