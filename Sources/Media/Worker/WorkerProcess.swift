// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A worker as a process of its own, its channel on standard input.
package enum WorkerProcess {
    /// Works until the host is gone, then ends the process: 0 when the host closed the channel, 1 otherwise.
    package static func main() -> Never {
        HostSystem.prepareProcess()
        guard isSocket(STDIN_FILENO) else {
            let usage =
                "swiftlet-worker is started by a Swiftlet host, with one end of a socket pair as its standard input.\n"
            _ = unsafe write(STDERR_FILENO, usage, usage.utf8.count)
            exit(64)
        }
        do {
            let runtime = try WorkerRuntime(channel: STDIN_FILENO)
            runtime.ownsProcess = true
            exit(runtime.run() == .hostGone ? 0 : 1)
        } catch {
            exit(70)
        }
    }

    private static func isSocket(_ descriptor: Int32) -> Bool {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}
