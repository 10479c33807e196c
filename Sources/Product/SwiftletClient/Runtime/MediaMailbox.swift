// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Work for a ``MediaLoop``, from any thread.
final class MediaMailbox: Sendable {
    typealias Work = @Sendable (MediaLoop) -> Void

    private struct State {
        var work: [Work] = []
        var isAwake = false
        var isClosed = false
    }

    private let state = Mutex(State())
    let readEnd: Int32
    private let writeEnd: Int32

    init() throws(SwiftletClientError) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw SwiftletClientError(.resources, "no pipe: error \(errno)") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Has `work` done on the loop's thread, in order.
    func post(_ work: @escaping Work) {
        let mustWake = state.withLock { state in
            state.work.append(work)
            defer { state.isAwake = true }
            return !state.isAwake
        }
        if mustWake { wake() }
    }

    /// Ends the loop once what was posted before is done.
    func end() {
        state.withLock { $0.isClosed = true }
        wake()
    }

    private func wake() {
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
    }

    /// On the loop's thread: does all work.
    ///
    /// - Returns: `false` at the end.
    func takeAll(on loop: MediaLoop) -> Bool {
        let (work, isClosed) = state.withLock { state in
            defer { (state.work, state.isAwake) = ([], false) }
            return (state.work, state.isClosed)
        }
        for one in work { one(loop) }
        return !isClosed
    }

    /// On the loop's thread: empties the pipe.
    func clear() {
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while unsafe read(readEnd, &bytes, bytes.count) == bytes.count {}
    }
}
