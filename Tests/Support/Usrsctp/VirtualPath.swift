// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SCTPLink
package import SwiftletSCTP
package import SwiftletWire

/// Two ends and what lies between them, in virtual time.
///
/// All of it follows from the seed, but for the tags and numbers that libusrsctp draws for itself.
package final class VirtualPath {
    package let ends: [any AssociationEnd]
    package private(set) var now = Instant(nanoseconds: 0)
    /// What befalls packets each way.
    package var network: PathConditions {
        didSet { for end in 0...1 { paths[end].conditions = network } }
    }
    private var messages: [[SCTPMessage]] = [[], []]
    private var states = [SCTPState.new, .new]
    private var incoming: [[UInt16]] = [[], []]
    private var outgoing: [[UInt16]] = [[], []]
    /// Called with each end's outputs as they come; what it takes is not kept.
    package var taking: (_ end: Int, _ output: SCTPAssociation.Output) -> Bool = { _, _ in false }
    /// Called whenever time has moved, to send more.
    package var sending: () -> Void = {}
    /// By the end that sends.
    private var paths: [SimulatedPath]
    private let usesUsrsctp: Bool
    private var buffer = [UInt8](repeating: 0, count: 2048)

    package init(_ first: any AssociationEnd, _ second: any AssociationEnd, network: PathConditions, seed: UInt64) {
        ends = [first, second]
        usesUsrsctp = ends.contains { $0 is UsrsctpAssociation }
        self.network = network
        paths = [SimulatedPath(network, seed: 2 &* seed), SimulatedPath(network, seed: 2 &* seed &+ 1)]
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
            next = earliest(next, earliest(paths[end].nextArrival, ends[end].deadline(now: now)))
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
            while let packet = paths[end].receive(now: now) { ends[1 - end].receive(packet.span, now: now) }
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
                paths[end].send(Array(buffer[..<count]), now: now)
            }
            while let output = ends[end].poll() {
                if !taking(end, output) { keep(output, of: end) }
            }
        }
    }

    private func keep(_ output: SCTPAssociation.Output, of end: Int) {
        switch output {
        case .message(let message): messages[end].append(message)
        case .stateChanged(let state): states[end] = state
        case .incomingStreamsReset(let streams): incoming[end] += streams
        case .outgoingStreamsReset(let streams): outgoing[end] += streams
        case .bufferedAmountLow: break
        }
    }

    /// The messages that reached an end, in the order of their arrival.
    package func messages(at end: Int) -> [SCTPMessage] { messages[end] }
    /// The last state that an end told of.
    package func state(of end: Int) -> SCTPState { states[end] }
    /// The streams that the other end's resets named, as an end was told.
    package func incomingResets(at end: Int) -> [UInt16] { incoming[end] }
    /// The streams whose resets the other end agreed to.
    package func outgoingResets(at end: Int) -> [UInt16] { outgoing[end] }
}
