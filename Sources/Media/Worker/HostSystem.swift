// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletControl

/// What a worker asks of the system about its own process.
package enum HostSystem {
    static var processID: Int32 { getpid() }

    /// The wall time in seconds since 1970.
    static var unixSeconds: Int64 { Int64(time(nil)) }

    static func message(of errno: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard unsafe strerror_r(errno, &buffer, buffer.count) == 0 else { return "error \(errno)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func resourceUsage() -> WorkerResourceUsage {
        var usage = rusage()
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return WorkerResourceUsage() }
        let milliseconds = { (time: timeval) in UInt64(time.tv_sec) * 1000 + UInt64(time.tv_usec) / 1000 }
        return WorkerResourceUsage(
            userTime: milliseconds(usage.ru_utime),
            systemTime: milliseconds(usage.ru_stime),
            maximumResidentSize: UInt64(usage.ru_maxrss),
            minorFaults: UInt64(usage.ru_minflt),
            majorFaults: UInt64(usage.ru_majflt),
            blocksRead: UInt64(usage.ru_inblock),
            blocksWritten: UInt64(usage.ru_oublock),
            voluntarySwitches: UInt64(usage.ru_nvcsw),
            involuntarySwitches: UInt64(usage.ru_nivcsw)
        )
    }

    /// Prepares a process of its own.
    ///
    /// An interrupt typed at the terminal, and the request to end that a service manager sends to a whole group, are the
    /// host's to answer: a worker ends when its channel does. A broken pipe is an error and no death, and every
    /// transport may have sockets of its own.
    package static func prepareProcess() {
        signal(SIGINT, SIG_IGN)
        signal(SIGTERM, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        if unsafe getrlimit(resource, &limit) == 0 {
            limit.rlim_cur = min(limit.rlim_max, 65_536 + 1024)
            _ = unsafe setrlimit(resource, &limit)
        }
    }

    /// The bytes of a small file.
    static func contents(of path: String, limit: Int) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let offset = count
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + offset }, limit - offset)
            }
            guard got >= 0 else { return nil }
            if got == 0 { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }
}
