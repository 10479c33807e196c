// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

import SwiftletLoad

@Suite("The report as table and page") struct PageTests {
    /// Tags that are opened and closed, in order; what is wrong with them, or `nil`.
    private static func fault(in html: String) -> String? {
        let empty: Set<Substring> = ["meta", "!doctype"]
        var open: [Substring] = []
        var rest = html[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return "a tag without end" }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard let last = open.popLast(), last == tag.dropFirst() else { return "</\(tag)> closes \(open)" }
            } else if !tag.hasSuffix("/") {
                let name = tag.prefix { !$0.isWhitespace }
                if !empty.contains(name) { open.append(name) }
            }
            if tag.count(where: { $0 == "\"" }) % 2 != 0 { return "quotes in <\(tag)>" }
        }
        return open.isEmpty ? nil : "\(open) stay open"
    }

    @Test("The page is well-formed, and what others say is escaped everywhere") func page() {
        let html = sampleReport().html()
        #expect(Self.fault(in: html) == nil)
        #expect(!html.contains("<script") && !html.contains("<b>the server") && !html.contains("<fault>"))
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"))
        #expect(html.contains("503: &lt;b&gt;the server is &quot;full&quot;&lt;/b&gt;"))
        #expect(html.contains("&lt;name&gt;") && html.contains("&amp;value") && html.contains("One &amp; two."))
        #expect(!html.contains("\u{1B}"))
        #expect(html.contains("prefers-color-scheme: dark") && html.contains("width=device-width"))
    }

    @Test("The page loads nothing from anywhere") func alone() {
        let html = sampleReport().html().replacing("wss://media.example", with: "")
        for word in ["http://", "https://", "src=", "href=", "url(", "@import", "<script", "<link", "<img"] {
            #expect(!html.contains(word), "\(word)")
        }
        #expect(html.contains("default-src 'none'"))
    }

    @Test("A line has a point for each second, and a hole where nothing was measured") func points() throws {
        let charts = sampleReport().charts
        let clients = try #require(charts.first { $0.title == "Clients" })
        let html = clients.html()
        #expect(html.components(separatedBy: "<polyline").count == 2)
        #expect(html.components(separatedBy: "<circle").count == 21)
        #expect(html.contains("clients at 20.0 s: 6.00 in their rooms"))
        // 20 points in one line, the last at the right edge and as high as the scale's 6 of 6.
        let line = try #require(html.firstMatch(of: /<polyline class="line line0" points="([^"]*)"/)).1
        let places = line.split(separator: " ")
        #expect(places.count == 20 && places.last == "628.0,10.0", "\(places)")
        #expect(places.first == "80.8,155.0")

        let delay = try #require(charts.first { $0.title == "Delay" }).html()
        // Two lines in two parts each; of the tester's lag there is nothing.
        #expect(delay.components(separatedBy: "<polyline").count == 5)
        #expect(delay.components(separatedBy: "<circle").count == 1 + 2 * 17)
        #expect(delay.contains("class=\"mark\""))
        #expect(
            Set(charts.map(\.title)).isSuperset(of: ["Traffic", "Processors", "Server memory", "Loss before repair"])
        )
    }

    @Test("A long test has as many points as can be told apart, and keeps its peaks") func long() {
        var points: [(x: Double, y: Double?)] = (0..<3_600).map { (Double($0), 1) }
        points[1_777].y = 99
        let highest = Chart.joined(points, .highest)
        #expect(highest.count <= Chart.maximumPoints && highest.contains { $0.y == 99 })
        let mean = Chart.joined(points, .mean)
        #expect(mean.count == highest.count && mean.allSatisfy { ($0.y ?? 0) < 6 })
        #expect(Chart.joined(Array(points.prefix(150)), .mean).count == 150)
    }

    @Test("Scales end at round numbers that are not below the highest value")
    func ticks() {
        for value in [0.0003, 0.5, 1, 3, 7.2, 10, 99, 100, 101, 54_321] {
            let ticks = Chart.ticks(upTo: value)
            #expect(ticks.first == 0 && (ticks.last ?? 0) >= value * 0.9999, "\(value): \(ticks)")
            #expect((ticks.last ?? 0) <= value * 2.01 && (2...6).contains(ticks.count), "\(value): \(ticks)")
        }
        #expect(Chart.ticks(upTo: 0) == [0, 1] && Chart.ticks(upTo: .nan) == [0, 1])
    }

    @Test("A page of nothing is still a page") func empty() {
        let html = LoadReport().html()
        #expect(Self.fault(in: html) == nil && html.contains("Nobody could join."))
    }

    @Test("The table says what matters, and passes nothing on that a terminal would obey") func table() {
        let table = sampleReport().table()
        #expect(table.contains("6 of 8") && table.contains("join: refused, 503"))
        #expect(table.contains("lost before repair") && table.contains("100, 0.80 %"))
        #expect(table.contains("lost after repair") && table.contains("10, 0.08 %"))
        #expect(table.contains("Limits broken\n  --max-loss"))
        #expect(!table.contains("\u{1B}"))
        let row = table.split(separator: "\n").first { $0.contains("join until media can flow") }
        #expect(row?.split(separator: " ").suffix(6) == ["20.0", "20.0", "30.0", "30.0", "30.0", "3"])
    }

    @Test("Numbers are written for people") func figures() {
        #expect(
            Figures.count(1_234_567) == "1,234,567" && Figures.count(-1_000) == "-1,000" && Figures.count(999) == "999"
        )
        #expect(Figures.bits(999) == "999 bit/s" && Figures.bits(1_000_000) == "1.00 Mbit/s")
        #expect(Figures.bits(999_999) == "1.00 Mbit/s" && Figures.bytes(2.5e10) == "25.0 GB")
        #expect(Figures.percent(0.0123) == "1.23 %" && Figures.ms(nil) == "–" && Figures.number(0) == "0")
        #expect(Figures.seconds(61) == "61.0 s" && Figures.seconds(3_725) == "62 min 5 s")
    }
}
