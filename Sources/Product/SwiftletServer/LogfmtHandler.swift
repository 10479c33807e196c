// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
public import Logging

/// Writes logs as one line each, `key=value` with quotes where they are needed, to the standard error output.
public struct LogfmtHandler: LogHandler {
    /// What is written: this level and above.
    public var logLevel = Logger.Level.info
    /// What every line says.
    public var metadata: Logger.Metadata = [:]
    private let label: String

    /// A handler for `LoggingSystem.bootstrap`.
    public init(label: String, level: Logger.Level) { (self.label, logLevel) = (label, level) }

    /// One thing that every line says.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = Self.line(Date(), event.level, "\(event.message)", label, all)
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// The line, with its end.
    package static func line(
        _ date: Date,
        _ level: Logger.Level,
        _ message: String,
        _ label: String,
        _ metadata: Logger.Metadata
    ) -> String {
        var line = "time=\(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))"
        line += " level=\(level.rawValue) source=\(quoted(label)) msg=\(quoted(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(quoted("\(value)"))" }
        return line + "\n"
    }

    /// A value that stays on its line and in its field, whatever a peer put into it.
    private static func quoted(_ text: String) -> String {
        let plain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0 != "\"" && $0 != "=" && $0 != "\\" && $0.value != 0x7F
            }
        if plain { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case _ where scalar.properties.generalCategory == .control:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
