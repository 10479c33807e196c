// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A chart over time, drawn as SVG.
package struct Chart {
    /// A line; it has holes where nothing was measured.
    package struct Line {
        package var name: String
        package var points: [(x: Double, y: Double?)]
    }

    /// How points that share a place are joined into one.
    package enum Joining {
        case mean, highest
    }

    package var title: String
    /// What values are counted in.
    package var unit: String
    package var lines: [Line]
    package var joining = Joining.mean
    /// From when on everybody was in.
    package var mark: Double?

    /// Points of a line at most; more are joined.
    package static let maximumPoints = 150
    private static let (width, height) = (640.0, 210.0)
    private static let (left, right, top, bottom) = (52.0, 12.0, 10.0, 26.0)

    /// The drawing with its title and legend.
    package func html() -> String {
        let legend = lines.enumerated()
            .map { "<span class=\"key line\($0.offset)\">\($0.element.name.escapedForHTML)</span>" }
        return """
            <figure><figcaption><b>\(title.escapedForHTML)</b> <small>\(unit.escapedForHTML)</small>
            <span class="keys">\(legend.joined())</span></figcaption>
            \(svg())</figure>
            """
    }

    private func svg() -> String {
        let all = lines.flatMap(\.points)
        let last = max(1, all.map(\.x).max() ?? 1)
        let ticks = Self.ticks(upTo: all.compactMap(\.y).max() ?? 0)
        let highest = ticks.last ?? 1
        func x(_ value: Double) -> Double { Self.left + value / last * (Self.width - Self.left - Self.right) }
        func y(_ value: Double) -> Double {
            Self.height - Self.bottom - min(value, highest) / highest * (Self.height - Self.top - Self.bottom)
        }
        let label = "\(title) over time: \(lines.map(\.name).joined(separator: ", "))".escapedForHTML
        var parts = [
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(label)\">"
        ]
        for tick in ticks {
            let at = Self.text(y(tick))
            parts.append(
                "<line class=\"grid\" x1=\"\(Self.text(Self.left))\" x2=\"\(Self.text(Self.width - Self.right))\" "
                    + "y1=\"\(at)\" y2=\"\(at)\"/><text class=\"tick\" x=\"\(Self.text(Self.left - 6))\" "
                    + "y=\"\(Self.text(y(tick) + 4))\" text-anchor=\"end\">\(Self.label(tick))</text>"
            )
        }
        for tick in Self.ticks(upTo: last, count: 6) where tick <= last {
            parts.append(
                "<text class=\"tick\" x=\"\(Self.text(x(tick)))\" y=\"\(Self.text(Self.height - 8))\" "
                    + "text-anchor=\"middle\">\(Self.label(tick)) s</text>"
            )
        }
        if let mark, mark > 0, mark < last {
            let at = Self.text(x(mark))
            parts.append(
                "<line class=\"mark\" x1=\"\(at)\" x2=\"\(at)\" y1=\"\(Self.text(Self.top))\" "
                    + "y2=\"\(Self.text(Self.height - Self.bottom))\"><title>everybody is in</title></line>"
            )
        }
        for (index, line) in lines.enumerated() {
            let points = Self.joined(line.points, joining)
            for run in points.split(whereSeparator: { $0.y == nil }) {
                let places = run.map { "\(Self.text(x($0.x))),\(Self.text(y($0.y ?? 0)))" }
                parts.append("<polyline class=\"line line\(index)\" points=\"\(places.joined(separator: " "))\"/>")
            }
            for point in points {
                guard let value = point.y else { continue }
                let says = "\(line.name) at \(Figures.number(point.x)) s: \(Figures.number(value)) \(unit)"
                parts.append(
                    "<circle class=\"dot line\(index)\" cx=\"\(Self.text(x(point.x)))\" cy=\"\(Self.text(y(value)))\" "
                        + "r=\"5\"><title>\(says.escapedForHTML)</title></circle>"
                )
            }
        }
        return parts.joined(separator: "\n") + "\n</svg>"
    }

    /// No more points than can be told apart.
    package static func joined(_ points: [(x: Double, y: Double?)], _ joining: Joining) -> [(x: Double, y: Double?)] {
        guard points.count > maximumPoints else { return points }
        let size = (points.count + maximumPoints - 1) / maximumPoints
        return stride(from: 0, to: points.count, by: size).map { start in
            let part = points[start..<min(start + size, points.count)]
            let values = part.compactMap(\.y)
            let middle = part.map(\.x).reduce(0, +) / Double(part.count)
            guard !values.isEmpty else { return (middle, nil) }
            switch joining {
            case .mean: return (middle, values.reduce(0, +) / Double(values.count))
            case .highest: return (middle, values.max())
            }
        }
    }

    /// Round numbers from 0 to at least `highest`: some `count` of them.
    package static func ticks(upTo highest: Double, count: Int = 4) -> [Double] {
        guard highest > 0, highest.isFinite else { return [0, 1] }
        let rough = highest / Double(count)
        let power = pow(10, floor(log10(rough)))
        let step = ([1.0, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10) * power
        let steps = Int((highest / step - 1e-9).rounded(.up))
        return (0...max(1, steps)).map { Double($0) * step }
    }

    private static func label(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(format: "%.3g", value)
    }

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}

extension String {
    /// With what means something in HTML and SVG made harmless, in text and in quoted attributes.
    var escapedForHTML: String {
        var escaped = ""
        for character in unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character.value < 0x20 && character != "\n" ? " " : character)
            }
        }
        return escaped
    }
}
