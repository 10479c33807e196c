// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletWire

/// One accepted TCP connection, whose bytes are cut into packets here.
final class Connection {
    let tuple: Tuple
    /// The listener that accepted it.
    let listener: SocketID
    let opened: Instant
    var deframer = StreamDeframer()
    /// The transport whose check it passed, or `nil` before that.
    var slot: Int32?
    private(set) var isClosed = false

    init(tuple: Tuple, listener: SocketID, opened: Instant) {
        (self.tuple, self.listener, self.opened) = (tuple, listener, opened)
    }

    /// Marks the end, and lets the buffer go at once: the object may stay listed until its time to pass a check is over.
    func close() {
        isClosed = true
        deframer = StreamDeframer()
    }
}
