// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams

/// Memory that load has taken and left behind.
extension Engine {
    /// Transports that there are.
    package var transportCount: Int { board.transportsByID.count }

    /// Gives back to the system what blocks hold beyond their use; the heap is its owner's to trim.
    ///
    /// Takes milliseconds after a heavy load, so it is for a quiet moment.
    package func giveBackMemory() {
        board.control.giveBackMemory()
        board.pool.giveBackMemory()
    }
}
