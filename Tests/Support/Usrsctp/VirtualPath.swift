// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletSCTP
package import SwiftletWire

/// Two ends and what lies between them, in virtual time; all of it follows from the seed, but for the numbers that
/// libusrsctp draws for itself.
package final class VirtualPath {
    /// What befalls packets each way.
    package struct Network: Sendable {
        package var delay: Duration
        /// The share of packets that get lost.
        package var loss: Double
        /// The share that comes twice.
        package var duplication = 0.0
        /// How much later than ``delay`` a packet comes at most, which also reorders.
        package var jitter: Duration = .zero

        package init(delay: Duration, loss: Double = 0) { (self.delay, self.loss) = (delay, loss) }
    }

    private struct Flying {
        var arrival: Instant
        var packet: [UInt8]
    }

    package let ends: [any AssociationEnd]
    package private(set) var now = Instant(nanoseconds: 0)
    package var network: Network
    /// What each end has told, messages included.
    package private(set) var told: [[SCTPAssociation.Output]] = [[], []]
    /// Packets that each end has sent, lost ones among them.
    package private(set) var sent = [0, 0]
    /// Called with each end's outputs as they come; what it takes is not kept in ``told``.
    package var taking: (_ end: Int, _ output: SCTPAssociation.Output) -> Bool = { _, _ in false }
    /// Called whenever time has moved, to send more.
    package var sending: () -> Void = {}
    // On their way, by arrival, to each end.
    private var flying: [[Flying]] = [[], []]
    private var heads = [0, 0]
    private var random: SeededRandom
    private let usesUsrsctp: Bool
    private var buffer = [UInt8](repeating: 0, count: 2048)

    package init(_ first: any AssociationEnd, _ second: any AssociationEnd, network: Network, seed: UInt64) {
        ends = [first, second]
        usesUsrsctp = ends.contains { $0 is UsrsctpAssociation }
        self.network = network
        random = SeededRandom(seed: seed)
    }

    /// Lets time pass until `done` holds; false when it did not in so much time.
    @discardableResult
    package func run(for duration: Duration, until done: () -> Bool = { false }) -> Bool {
        let end = now + duration
        exchange()
        while !done() {
            guard let next = nextEvent, next <= end else {
                move(to: end)
                exchange()
                return done()
            }
            move(to: next)
            arrive()
            for one in ends { one.runTimers(now: now) }
            exchange()
        }
        return true
    }

    private var nextEvent: Instant? {
        var next: Instant?
        for end in 0...1 {
            if heads[end] < flying[end].count { next = earliest(next, flying[end][heads[end]].arrival) }
            next = earliest(next, ends[end].deadline(now: now))
        }
        return next.map { max($0, now) }
    }

    private func move(to instant: Instant) {
        guard instant > now else { return }
        if usesUsrsctp { UsrsctpClock.advance(by: instant - now) }
        now = instant
    }

    private func arrive() {
        for end in 0...1 {
            while heads[end] < flying[end].count, flying[end][heads[end]].arrival <= now {
                let packet = flying[end][heads[end]].packet
                ends[end].receive(packet.span, now: now)
                heads[end] += 1
            }
            if heads[end] > 1000 {
                flying[end].removeFirst(heads[end])
                heads[end] = 0
            }
        }
    }

    /// Lets both ends say what they have to say.
    private func exchange() {
        sending()
        for end in 0...1 {
            while true {
                var room = buffer.mutableSpan
                let count = ends[end].transmit(into: &room, now: now)
                guard count > 0 else { break }
                sent[end] += 1
                carry(Array(buffer[..<count]), to: 1 - end)
            }
            while let output = ends[end].poll() {
                if !taking(end, output) { told[end].append(output) }
            }
        }
    }

    private func carry(_ packet: [UInt8], to end: Int) {
        guard Double.random(in: 0..<1, using: &random) >= network.loss else { return }
        let copies = Double.random(in: 0..<1, using: &random) < network.duplication ? 2 : 1
        for _ in 0..<copies {
            let extra = network.jitter * Double.random(in: 0..<1, using: &random)
            let one = Flying(arrival: now + network.delay + extra, packet: packet)
            var place = flying[end].count
            while place > heads[end], flying[end][place - 1].arrival > one.arrival { place -= 1 }
            flying[end].insert(one, at: place)
        }
    }

    /// The messages that reached an end, in the order of their arrival.
    package func messages(at end: Int) -> [SCTPMessage] {
        told[end].compactMap { output -> SCTPMessage? in
            if case .message(let message) = output { message } else { nil }
        }
    }

    /// The last state that an end told of.
    package func state(of end: Int) -> SCTPState {
        told[end].reduce(SCTPState.new) { last, output in
            if case .stateChanged(let state) = output { state } else { last }
        }
    }

    /// The streams that the other end's resets named, as an end was told.
    package func incomingResets(at end: Int) -> [UInt16] {
        told[end].flatMap { output -> [UInt16] in
            if case .incomingStreamsReset(let streams) = output { streams } else { [] }
        }
    }

    /// The streams whose resets the other end agreed to.
    package func outgoingResets(at end: Int) -> [UInt16] {
        told[end].flatMap { output -> [UInt16] in
            if case .outgoingStreamsReset(let streams) = output { streams } else { [] }
        }
    }
}
