// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a worker's process has used, as getrusage tells it; in JSON under the names of C.
public struct WorkerResourceUsage: Codable, Hashable, Sendable {
    /// CPU time in user code, in milliseconds.
    public var userTime: UInt64
    /// CPU time in the kernel, in milliseconds.
    public var systemTime: UInt64
    /// Largest resident set, in kilobytes.
    public var maximumResidentSize: UInt64
    /// Page faults without reading.
    public var minorFaults: UInt64
    /// Page faults with reading.
    public var majorFaults: UInt64
    /// Reads from a file system.
    public var blocksRead: UInt64
    /// Writes to a file system.
    public var blocksWritten: UInt64
    /// Times it gave up the processor by itself.
    public var voluntarySwitches: UInt64
    /// Times the processor was taken away.
    public var involuntarySwitches: UInt64

    /// A usage of which everything not given is 0.
    public init(
        userTime: UInt64 = 0,
        systemTime: UInt64 = 0,
        maximumResidentSize: UInt64 = 0,
        minorFaults: UInt64 = 0,
        majorFaults: UInt64 = 0,
        blocksRead: UInt64 = 0,
        blocksWritten: UInt64 = 0,
        voluntarySwitches: UInt64 = 0,
        involuntarySwitches: UInt64 = 0
    ) {
        self.userTime = userTime
        self.systemTime = systemTime
        self.maximumResidentSize = maximumResidentSize
        self.minorFaults = minorFaults
        self.majorFaults = majorFaults
        self.blocksRead = blocksRead
        self.blocksWritten = blocksWritten
        self.voluntarySwitches = voluntarySwitches
        self.involuntarySwitches = involuntarySwitches
    }

    private enum CodingKeys: String, CodingKey {
        case userTime = "ru_utime"
        case systemTime = "ru_stime"
        case maximumResidentSize = "ru_maxrss"
        case minorFaults = "ru_minflt"
        case majorFaults = "ru_majflt"
        case blocksRead = "ru_inblock"
        case blocksWritten = "ru_oublock"
        case voluntarySwitches = "ru_nvcsw"
        case involuntarySwitches = "ru_nivcsw"
    }
}
