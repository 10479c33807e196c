// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Samples in the text form of Prometheus, version 0.0.4.
package struct PrometheusText {
    /// One line: a name, its labels, and a value.
    package struct Sample: Hashable {
        package var name: String
        package var labels: [String: String]
        package var value: Double
    }

    /// Samples read at most.
    static let maximumSamples = 100_000

    /// In the order in which they were written.
    package private(set) var samples: [Sample] = []

    /// Reads every line that it understands; comments and broken lines are passed over.
    package init(_ text: some StringProtocol) {
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard samples.count < Self.maximumSamples else { return }
            if let sample = Self.sample(line) { samples.append(sample) }
        }
    }

    /// The sum of all samples of a name, or `nil` when there is none.
    package func sum(_ name: String) -> Double? {
        let values = samples.filter { $0.name == name }.map(\.value)
        return values.isEmpty ? nil : values.reduce(0, +)
    }

    /// Samples of a name by one of their labels.
    package func values(_ name: String, by label: String) -> [String: Double] {
        var values: [String: Double] = [:]
        for sample in samples where sample.name == name {
            values[sample.labels[label] ?? "", default: 0] += sample.value
        }
        return values
    }

    private static func sample(_ line: some StringProtocol) -> Sample? {
        var rest = Substring(line)
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        guard !name.isEmpty else { return nil }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            guard let read = Self.labels(&rest) else { return nil }
            labels = read
        }
        let fields = rest.split { $0 == " " || $0 == "\t" }
        // A time in milliseconds may follow.
        guard fields.count == 1 || fields.count == 2, let value = Double(fields[0]) else { return nil }
        return Sample(name: String(name), labels: labels, value: value)
    }

    /// Reads up to and with the closing brace.
    private static func labels(_ rest: inout Substring) -> [String: String]? {
        var labels: [String: String] = [:]
        while true {
            rest = rest.drop { $0 == " " || $0 == "," }
            if rest.first == "}" {
                rest = rest.dropFirst()
                return labels
            }
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let name = String(rest[..<equals])
            rest = rest[rest.index(after: equals)...]
            guard rest.first == "\"" else { return nil }
            rest = rest.dropFirst()
            var value = ""
            var isEscaped = false
            while let character = rest.popFirst() {
                if isEscaped {
                    value.append(character == "n" ? "\n" : character)
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    break
                } else {
                    value.append(character)
                }
            }
            labels[name] = value
        }
    }
}
