// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Metrics in the text form that Prometheus reads, version 0.0.4.
package struct MetricsText {
    /// What a metric is.
    package enum Kind: String {
        case counter, gauge
    }

    /// What to say in the `Content-Type`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What was added so far.
    package private(set) var text = ""

    /// Nothing yet.
    package init() {}

    /// Adds a metric that has one value.
    package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        add(name, kind, help, [([], value)])
    }

    /// Adds a metric with a value for each set of labels; without values nothing is said of it.
    package mutating func add(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ values: [(labels: [(String, String)], value: Double)]
    ) {
        guard !values.isEmpty else { return }
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
        for (labels, value) in values {
            let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1, quotes: true))\"" }
            text += name + (pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") + " \(Self.number(value))\n"
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? escaped.replacing("\"", with: "\\\"") : escaped
    }
}

/// What a process of this machine uses, as Linux tells in `/proc`.
package struct ProcessUse: Hashable, Sendable {
    /// Seconds of processor time, user and kernel.
    package var cpuSeconds: Double
    /// Bytes of memory that are there now.
    package var residentBytes: Double

    /// Reads about a process; `nil` when it is gone.
    package init?(pid: Int32) {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
        self.init(stat: stat, ticks: Double(sysconf(Int32(_SC_CLK_TCK))), page: Double(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// Reads a line of `/proc/PID/stat`, per proc(5): the name in parentheses may hold anything.
    package init?(stat: String, ticks: Double, page: Double) {
        guard ticks > 0, let end = stat.lastIndex(of: ")") else { return nil }
        // The first field here is number 3, the state; 14 and 15 are the times, 24 the pages.
        let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let pages = Double(fields[21])
        else { return nil }
        (cpuSeconds, residentBytes) = ((user + system) / ticks, pages * page)
    }
}
