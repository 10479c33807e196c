// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

extension LoadReport {
    /// The report as a page of its own: it loads nothing, and follows the reader's choice of light or dark.
    package func html() -> String {
        let title = "Load on \(server)".escapedForHTML
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(title)</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <header>
            <h1>\(title)</h1>
            <p>\(started.formatted(.iso8601).escapedForHTML) · \(Figures.seconds(seconds)) · everybody in for \
            \(Figures.seconds(steadySeconds))</p>
            </header>
            \(verdict)
            <section class="cards">
            \(cards)
            </section>
            <section class="charts">
            \(charts.map { $0.html() }.joined(separator: "\n"))
            \(joiningChart)
            </section>
            <section class="tables">
            \(tables)
            </section>
            <footer>Made by <code>swiftlet load</code>. Rates, delay and processor time are those of the time in which \
            everybody was in, behind the dashed line; counts are of the whole run.</footer>
            </body>
            </html>

            """
    }

    private var verdict: String {
        var parts: [String] = []
        if !anybodyJoined { parts.append("<p class=\"bad\">Nobody could join.</p>") }
        for one in broken { parts.append("<p class=\"bad\">Limit broken: \(one.escapedForHTML)</p>") }
        for note in notes { parts.append("<p class=\"note\">\(note.escapedForHTML)</p>") }
        return parts.joined(separator: "\n")
    }

    private var cards: String {
        var cards = [
            ("clients joined", "\(Figures.count(clients.joined)) of \(Figures.count(clients.planned))"),
            ("received", Figures.bits(received.bitrate)),
            ("packets received", "\(Figures.count(Int(received.packetRate)))/s"),
            ("lost after repair", Figures.percent(received.lossAfterRepair)),
            ("delay, p99", Figures.ms(delay.p99) + " ms"), ("join, p99", Figures.ms(joining.ready.p99) + " ms"),
            ("freezes", Figures.count(received.freezes)),
        ]
        if let use {
            cards.append(("server", "\(Figures.number(use.cpu)) cores"))
            cards.append(("server memory", Figures.bytes(use.residentPeak)))
        }
        return cards.map { "<div><b>\($0.1.escapedForHTML)</b><span>\($0.0.escapedForHTML)</span></div>" }
            .joined(separator: "\n")
    }

    // MARK: Charts

    /// What is drawn over time.
    package var charts: [Chart] {
        let mark = steadySeconds > 0 ? seconds - steadySeconds : nil
        func line(_ name: String, _ value: (Second) -> Double?) -> Chart.Line {
            Chart.Line(name: name, points: series.map { ($0.at, value($0)) })
        }
        var charts = [
            Chart(title: "Clients", unit: "in their rooms", lines: [line("clients") { Double($0.clients) }]),
            Chart(
                title: "Traffic",
                unit: "Mbit/s",
                lines: [line("received") { $0.received / 1e6 }, line("sent") { $0.sent / 1e6 }]
            ),
            Chart(
                title: "Delay",
                unit: "ms",
                lines: [
                    line("p99", \.delayP99Ms), line("p50", \.delayP50Ms), line("the tester's own lag, p99", \.lagP99Ms),
                ],
                joining: .highest
            ),
            Chart(
                title: "Loss before repair",
                unit: "%",
                lines: [line("lost") { $0.loss * 100 }],
                joining: .highest
            ),
        ]
        let hasServer = series.contains { $0.serverCPU != nil }
        var processors = [line("tester", \.testerCPU)]
        if hasServer {
            processors = [line("server", \.serverCPU), line("busiest worker", \.busiestWorker)] + processors
        }
        charts.append(Chart(title: "Processors", unit: "cores", lines: processors))
        if series.contains(where: { $0.serverBytes != nil }) {
            let memory = line("server and workers") { $0.serverBytes.map { $0 / 1e6 } }
            charts.append(Chart(title: "Server memory", unit: "MB", lines: [memory], joining: .highest))
        }
        if messages != nil {
            charts.append(Chart(title: "Messages", unit: "per second", lines: [line("received", \.messages)]))
        }
        for index in charts.indices { charts[index].mark = mark }
        return charts
    }

    /// Bars for the steps of joining.
    private var joiningChart: String {
        let rows = percentileRows.filter { $0.name.contains("delay") == false && !$0.name.contains("lag") }
            .filter { $0.value.count > 0 }
        guard let longest = rows.compactMap(\.value.p99).max(), longest > 0 else { return "" }
        let (rowHeight, left, width) = (30.0, 222.0, 640.0)
        func text(_ value: Double) -> String { String(format: "%.1f", value) }
        func size(_ value: Double?) -> Double { max(1, (value ?? 0) / longest * (width - left - 92)) }
        var parts: [String] = []
        for (index, row) in rows.enumerated() {
            let top = Double(index) * rowHeight + 6
            let name = row.name.trimmingCharacters(in: .whitespaces).escapedForHTML
            parts.append(
                "<text class=\"name\" x=\"\(text(left - 8))\" y=\"\(text(top + 14))\" text-anchor=\"end\">\(name)</text>"
            )
            for (step, value) in [("p99", row.value.p99), ("p90", row.value.p90), ("p50", row.value.p50)] {
                parts.append(
                    "<rect class=\"bar \(step)\" x=\"\(text(left))\" y=\"\(text(top))\" width=\"\(text(size(value)))\" "
                        + "height=\"18\" rx=\"2\"><title>\(name), \(step): \(Figures.ms(value)) ms</title></rect>"
                )
            }
            parts.append(
                "<text class=\"tick\" x=\"\(text(left + size(row.value.p99) + 6))\" y=\"\(text(top + 14))\">"
                    + "\(Figures.ms(row.value.p99)) ms</text>"
            )
        }
        let height = Int(Double(rows.count) * rowHeight + 8)
        return """
            <figure><figcaption><b>Joining</b> <small>ms</small>
            <span class="keys"><span class="key p50">p50</span><span class="key p90">p90</span><span \
            class="key p99">p99</span></span></figcaption>
            <svg viewBox="0 0 \(Int(width)) \(height)" role="img" aria-label="How long the steps of joining took">
            \(parts.joined(separator: "\n"))
            </svg></figure>
            """
    }

    // MARK: Tables

    private var tables: String {
        var parts = groups.map { group in
            Self.table(group.title, group.rows.map { [$0.name, $0.value] })
        }
        let percentiles = percentileRows.map { row in
            [row.name.trimmingCharacters(in: .whitespaces)]
                + [row.value.mean, row.value.p50, row.value.p90, row.value.p99, row.value.max].map(Figures.ms)
                + [Figures.count(row.value.count)]
        }
        parts.append(
            Self.table("Milliseconds", percentiles, head: ["", "mean", "p50", "p90", "p99", "max", "count"])
        )
        if !failures.isEmpty {
            parts.append(
                Self.table(
                    "Failures",
                    failures.map { [Figures.count($0.count), $0.step, $0.code, $0.example] },
                    head: ["count", "at", "code", "the first"]
                )
            )
        }
        if !received.faultDetails.isEmpty { parts.append(Self.table("Faults", received.faultDetails.map { [$0] })) }
        parts.append(Self.table("Plan", plan.map { [$0.name, $0.value] }))
        return parts.joined(separator: "\n")
    }

    private static func table(_ title: String, _ rows: [[String]], head: [String] = []) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\($0.escapedForHTML)</\(tag)>" }.joined() + "</tr>"
        }
        let heading = head.isEmpty ? "" : "<thead>\(row(head, "th"))</thead>"
        return """
            <div class="table\(head.isEmpty ? "" : " wide")"><h2>\(title.escapedForHTML)</h2><table>\(heading)<tbody>
            \(rows.map { row($0, "td") }.joined(separator: "\n"))
            </tbody></table></div>
            """
    }

    private static let style = """
        :root { --ground: #f6f7f9; --card: #fff; --text: #1b1f24; --soft: #5b6470; --rule: #dfe3e8; --bad: #b3261e;
          --c0: #1f6feb; --c1: #c2570c; --c2: #6b7280; }
        @media (prefers-color-scheme: dark) { :root { --ground: #14171b; --card: #1d2127; --text: #e8eaed;
          --soft: #9aa4b0; --rule: #323840; --bad: #ff8a80; --c0: #6ea8fe; --c1: #ffa657; --c2: #9aa4b0; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.25rem; max-width: 84rem; background: var(--ground); color: var(--text);
          font: 15px/1.45 system-ui, sans-serif; }
        h1 { margin: 0; font-size: 1.4rem; overflow-wrap: anywhere; }
        h2 { margin: 0 0 .4rem; font-size: 1rem; }
        header p, footer, small, .cards span { color: var(--soft); }
        header p { margin: .2rem 0 1rem; }
        footer { margin-top: 1.2rem; font-size: .85rem; }
        .note, .bad { margin: .4rem 0; padding: .5rem .8rem; background: var(--card);
          border-left: 4px solid var(--c1); border-radius: 4px; }
        .bad { border-color: var(--bad); color: var(--bad); font-weight: 600; }
        .cards { display: flex; flex-wrap: wrap; gap: .7rem; margin: 1rem 0; }
        .cards div, figure, .table { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
        .cards div { flex: 1 1 max(9rem, 17%); padding: .7rem .9rem; }
        .cards b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
        .cards span { font-size: .85rem; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: .7rem; }
        figure { margin: 0; padding: .7rem .7rem .3rem; }
        figcaption { display: flex; flex-wrap: wrap; gap: .2rem .5rem; align-items: baseline; }
        .keys { margin-left: auto; display: flex; flex-wrap: wrap; gap: 0 .9rem; font-size: .85rem; }
        .key::before { content: ""; display: inline-block; width: .9em; height: .22em; margin-right: .35em;
          vertical-align: middle; background: currentColor; }
        .key.p50::before, .key.p90::before, .key.p99::before { height: .8em; background: var(--c0); }
        .key.p90::before { opacity: .55; } .key.p99::before { opacity: .25; }
        .key.line0 { color: var(--c0); } .key.line1 { color: var(--c1); } .key.line2 { color: var(--c2); }
        svg { display: block; width: 100%; height: auto; overflow: visible; }
        .grid { stroke: var(--rule); } .mark { stroke: var(--soft); stroke-dasharray: 4 4; }
        .tick, .name { fill: var(--soft); font-size: 12px; } .name { fill: var(--text); }
        @media (max-width: 36rem) { .tick { font-size: 20px; } .name { font-size: 17px; } }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .line0 { stroke: var(--c0); } .line1 { stroke: var(--c1); } .line2 { stroke: var(--c2); }
        polyline.line2 { stroke-dasharray: 5 3; }
        .dot { fill: transparent; stroke: none; } .dot:hover { fill: var(--text); }
        .bar { fill: var(--c0); } .bar.p99 { opacity: .25; } .bar.p90 { opacity: .4; }
        .tables { columns: 26rem; column-gap: .7rem; margin-top: .7rem; }
        .table { padding: .8rem .9rem; margin-bottom: .7rem; break-inside: avoid; overflow-x: auto; }
        table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
        td, th { padding: .2rem .6rem .2rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--rule); }
        tbody tr:first-child td { border-top: 0; }
        thead + tbody tr:first-child td { border-top: 1px solid var(--rule); }
        th { border: 0; color: var(--soft); font-weight: 500; }
        td:first-child { color: var(--soft); }
        """
}
