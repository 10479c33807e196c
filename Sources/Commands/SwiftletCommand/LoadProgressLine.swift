// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletLoad
import Synchronization

/// Shows how a load test stands, on standard error: one line that is written anew, or a line every 5 s where nobody
/// watches a terminal.
final class ProgressLine: Sendable {
    private let isTerminal: Bool
    private let lastLine = Mutex(-ProgressLine.interval)
    private static let interval = 5.0

    /// A line that has not been written yet.
    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    /// Shows where the test is now.
    func show(_ progress: LoadProgress) {
        let text = Self.text(progress)
        if isTerminal {
            // Back to the beginning, then everything behind the text is erased (ECMA-48 EL).
            write("\r\(text)\u{1B}[K")
        } else {
            let isDue = lastLine.withLock { last in
                guard progress.seconds - last >= Self.interval - 0.5 else { return false }
                last = progress.seconds
                return true
            }
            if isDue { write(text + "\n") }
        }
    }

    /// Leaves the line as it is.
    func end() { if isTerminal { write("\n") } }

    /// The line.
    static func text(_ progress: LoadProgress) -> String {
        let last = progress.last
        func megabits(_ bits: Double) -> String { String(format: "%.1f", bits / 1e6) }
        var parts = [
            progress.left.map { String(format: "%.0f s left", $0) } ?? "joining",
            "\(last.clients)/\(progress.planned) clients" + (progress.failed > 0 ? ", \(progress.failed) failed" : ""),
            "\(last.subscriptions) streams", "\(megabits(last.received)) Mbit/s in, \(megabits(last.sent)) out",
            String(format: "loss %.2f %%", last.loss * 100),
        ]
        if let delay = last.delayP99Ms { parts.append(String(format: "delay p99 %.1f ms", delay)) }
        if let cpu = last.serverCPU { parts.append(String(format: "server %.2f cores", cpu)) }
        return parts.joined(separator: " · ")
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
