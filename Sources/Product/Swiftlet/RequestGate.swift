// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Bounds what is being made in a worker at once; more waits its turn here.
///
/// A crowd that asks for tens of thousands of consumers in one moment would otherwise fill the channel, at whose end
/// everybody else's requests had to wait, and whose overflow ends the worker. As it is, the worker always has the next
/// few milliseconds of work before it, and what does not make anything passes by.
package final class RequestGate: Sendable {
    /// Objects that are being made at once.
    package static let width = 256

    /// Who goes first; within a lane it is first come, first served.
    ///
    /// What one asks for alone passes those who ask for many: it is little, and somebody waits for just that.
    package enum Lane: Int, CaseIterable, Sendable {
        case transport
        case consumer
        case batch
    }

    /// Those who wait in one lane, from ``head`` on.
    private struct Line {
        var waiting: [(weight: Int, continuation: CheckedContinuation<Void, Never>)?] = []
        var head = 0

        var first: (weight: Int, continuation: CheckedContinuation<Void, Never>)? {
            head < waiting.count ? waiting[head] : nil
        }

        mutating func removeFirst() {
            waiting[head] = nil
            head += 1
            if head == waiting.count || head >= 1024 && head * 2 >= waiting.count {
                waiting.removeFirst(head)
                head = 0
            }
        }
    }

    private struct State {
        var free = RequestGate.width
        var lines = Lane.allCases.map { _ in Line() }

        /// Takes places, unless somebody waits who goes first.
        mutating func take(_ weight: Int, _ lane: Lane) -> Bool {
            guard weight <= free, lines[...lane.rawValue].allSatisfy({ $0.first == nil }) else { return false }
            free -= weight
            return true
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// How many wait.
    package var waitingCount: Int { state.withLock { $0.lines.reduce(0) { $0 + $1.waiting.count - $1.head } } }

    /// Takes `weight` places, once they are free.
    ///
    /// - Parameters:
    ///   - weight: At most ``width``.
    ///   - lane: Where to wait.
    package func enter(_ weight: Int = 1, lane: Lane) async {
        if state.withLock({ $0.take(weight, lane) }) { return }
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                if state.take(weight, lane) { return true }
                state.lines[lane.rawValue].waiting.append((weight, continuation))
                return false
            }
            if isIn { continuation.resume() }
        }
    }

    /// Gives places back, and lets in whom they suffice for.
    package func leave(_ weight: Int = 1) {
        let admitted = state.withLock { state in
            state.free += weight
            var admitted: [CheckedContinuation<Void, Never>] = []
            for lane in state.lines.indices {
                while let next = state.lines[lane].first, next.weight <= state.free {
                    state.free -= next.weight
                    state.lines[lane].removeFirst()
                    admitted.append(next.continuation)
                }
                // Who goes first must not be kept waiting by the smaller wishes of others.
                if state.lines[lane].first != nil { break }
            }
            return admitted
        }
        for continuation in admitted { continuation.resume() }
    }
}
