// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Bounds what is being made in a worker at once; more waits its turn here, first come, first served.
///
/// A crowd that asks for tens of thousands of consumers in one moment would otherwise fill the channel, at whose end
/// everybody else's requests had to wait, and whose overflow ends the worker. As it is, the worker always has the next
/// few milliseconds of work before it, and what does not make anything passes by.
final class RequestGate: Sendable {
    /// Objects that are being made at once.
    static let width = 256

    private struct State {
        var free = RequestGate.width
        /// Who waits, from ``head`` on.
        var waiting: [(weight: Int, continuation: CheckedContinuation<Void, Never>)?] = []
        var head = 0
    }

    private let state = Mutex(State())

    /// Takes `weight` places, once they are free.
    ///
    /// - Parameter weight: At most ``width``.
    func enter(_ weight: Int = 1) async {
        if state.withLock({ Self.take(weight, &$0) }) { return }
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                if Self.take(weight, &state) { return true }
                state.waiting.append((weight, continuation))
                return false
            }
            if isIn { continuation.resume() }
        }
    }

    /// Gives places back, and lets in whom they suffice for.
    func leave(_ weight: Int = 1) {
        let admitted = state.withLock { state in
            state.free += weight
            var admitted: [CheckedContinuation<Void, Never>] = []
            while state.head < state.waiting.count, let next = state.waiting[state.head], next.weight <= state.free {
                state.free -= next.weight
                state.waiting[state.head] = nil
                state.head += 1
                admitted.append(next.continuation)
            }
            if state.head == state.waiting.count || state.head >= 1024 && state.head * 2 >= state.waiting.count {
                state.waiting.removeFirst(state.head)
                state.head = 0
            }
            return admitted
        }
        for continuation in admitted { continuation.resume() }
    }

    /// Nobody passes those who wait.
    private static func take(_ weight: Int, _ state: inout State) -> Bool {
        guard state.head == state.waiting.count, weight <= state.free else { return false }
        state.free -= weight
        return true
    }
}
