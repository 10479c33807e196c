// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletSCTP
package import SwiftletWire

/// Two associations, a path each way, and a clock that jumps from one event to the next.
package final class SCTPPair {
    /// One of the two ends.
    package enum Side: Int, Sendable {
        case a, b

        package var other: Side { self == .a ? .b : .a }
    }

    package private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// What befell each end, oldest first; kept unless ``onOutput`` takes it.
    package var outputs: [[SCTPAssociation.Output]] = [[], []]
    /// Takes what befell an end, instead of ``outputs``.
    package var onOutput: ((Side, SCTPAssociation.Output) -> Void)?
    /// Looks at each packet as it leaves, and says whether it goes on.
    package var filter: ((Side, [UInt8]) -> Bool)?
    /// How often an end said that it might have a packet right after it had none: its owner would ask for ever.
    package private(set) var wrongHints = 0
    /// The paths by the side that sends.
    package var paths: [SimulatedPath]
    private var ends: [SCTPAssociation]
    private var buffer = [UInt8](repeating: 0, count: 2048)

    package init(_ a: SCTPAssociation, _ b: SCTPAssociation, _ conditions: PathConditions = .init(), seed: UInt64 = 1) {
        ends = [a, b]
        paths = [SimulatedPath(conditions, seed: seed &* 2), SimulatedPath(conditions, seed: seed &* 2 &+ 1)]
    }

    /// Two ends with one configuration each.
    package convenience init(
        _ configuration: SCTPConfiguration = .init(),
        _ other: SCTPConfiguration? = nil,
        _ conditions: PathConditions = .init(),
        seed: UInt64 = 1
    ) {
        self.init(
            SCTPAssociation(configuration, random: SeededRandom(seed: seed ^ 0xA)),
            SCTPAssociation(other ?? configuration, random: SeededRandom(seed: seed ^ 0xB00)),
            conditions,
            seed: seed
        )
    }

    package var a: SCTPAssociation { ends[0] }
    package var b: SCTPAssociation { ends[1] }

    package subscript(side: Side) -> SCTPAssociation {
        get { ends[side.rawValue] }
        set { ends[side.rawValue] = newValue }
    }

    /// Connects from both ends and goes on until both are, or for a minute.
    ///
    /// - Returns: Whether both are connected.
    package func connect() -> Bool {
        a.connect(now: now)
        b.connect(now: now)
        return run(for: .seconds(60)) { self.a.state == .connected && self.b.state == .connected }
    }

    /// Goes on for so long, or until `isDone`.
    ///
    /// - Returns: Whether `isDone` came true.
    @discardableResult
    package func run(for duration: Duration, until isDone: () -> Bool = { false }) -> Bool {
        let end = now + duration
        while true {
            settle()
            if isDone() { return true }
            guard let next = nextEvent, next <= end else {
                now = end
                return isDone()
            }
            now = max(now, next)
            for side in [Side.a, .b] {
                while let packet = paths[side.other.rawValue].receive(now: now) { deliver(packet, to: side) }
                if let deadline = self[side].nextDeadline, deadline <= now { self[side].handleTimeout(now: now) }
            }
        }
    }

    /// Lets the clock jump without anybody's noticing, as when a machine sleeps.
    package func sleep(_ duration: Duration) { now = now + duration }

    /// Hands a packet to one end.
    package func deliver(_ packet: [UInt8], to side: Side) {
        self[side].receive(packet.span, now: now)
        drain(side)
    }

    /// Sends what may leave, on both sides, as long as they say that there is something.
    package func settle() {
        for side in [Side.a, .b] {
            drain(side)
            var turns = 0
            while turns < 100_000 {
                guard self[side].hasPacketsToSend, let packet = transmit(side) else { break }
                turns += 1
                if filter?(side, packet) ?? true { paths[side.rawValue].send(packet, now: now) }
            }
            drain(side)
            if self[side].hasPacketsToSend { wrongHints += 1 }
        }
    }

    /// The next packet of one end, which goes nowhere else.
    package func transmit(_ side: Side) -> [UInt8]? {
        var target = buffer.mutableSpan
        let length = self[side].transmit(into: &target, now: now)
        return length > 0 ? Array(buffer[0..<length]) : nil
    }

    /// Messages that one end has received.
    package func messages(_ side: Side) -> [SCTPMessage] {
        outputs[side.rawValue].compactMap { if case .message(let message) = $0 { message } else { nil } }
    }

    private var nextEvent: Instant? {
        earliest(
            earliest(paths[0].nextArrival, paths[1].nextArrival),
            earliest(a.nextDeadline, b.nextDeadline)
        )
    }

    private func drain(_ side: Side) {
        while let output = self[side].poll() {
            if let onOutput { onOutput(side, output) } else { outputs[side.rawValue].append(output) }
        }
    }
}
