// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The two ends of a worker's channel.
package enum SocketPair {
    /// Two joined stream sockets that no other child inherits, so that the end of either side shows at the other.
    ///
    /// - Returns: Our end and the worker's.
    /// - Throws: ``SwiftletError/Code/workerStart`` when the system refuses.
    package static func make() throws(SwiftletError) -> (ours: CInt, theirs: CInt) {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw SwiftletError(.workerStart, "no socketpair for the worker: \(Errno(rawValue: errno))")
        }
        return (ends[0], ends[1])
    }
}
