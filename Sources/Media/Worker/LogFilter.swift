// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl

/// Which log lines leave a worker: by level, and below errors by tag.
struct LogFilter {
    private var level = WorkerLogLevel.error
    private var tags: Set<WorkerLogTag> = []

    init() {}

    init(_ settings: ControlRequest.Start) {
        level = settings.logLevel
        tags = Set(settings.logTags)
    }

    mutating func apply(_ settings: ControlRequest.UpdateSettings) {
        if let level = settings.logLevel { self.level = level }
        if let tags = settings.logTags { self.tags = Set(tags) }
    }

    /// Errors and untagged lines pass by level alone; a tagged line below an error needs its tag chosen too.
    func passes(_ level: WorkerLogLevel, _ tag: WorkerLogTag?) -> Bool {
        guard level != .none, level <= self.level else { return false }
        guard let tag, level != .error else { return true }
        return tags.contains(tag)
    }
}
