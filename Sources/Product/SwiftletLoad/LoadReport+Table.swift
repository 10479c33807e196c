// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension LoadReport {
    /// What the report says in groups of names and values, as terminal and page show it.
    struct Group {
        var title: String
        var rows: [(name: String, value: String)]

        init(_ title: String, _ rows: [(name: String, value: String)]) { (self.title, self.rows) = (title, rows) }
    }

    /// The numbers in groups; percentiles stand apart, in ``percentileRows``.
    var groups: [Group] {
        var groups = [clientGroup, receivedGroup, sentGroup]
        if let messages {
            groups.append(
                Group(
                    "Messages",
                    [
                        ("sent", Figures.count(messages.sent)), ("received", Figures.count(messages.received)),
                        ("missing", Figures.count(messages.missing)),
                    ]
                )
            )
        }
        groups.append(machineGroup)
        return groups
    }

    private var clientGroup: Group {
        var rows = [
            ("joined", "\(Figures.count(clients.joined)) of \(Figures.count(clients.planned))"),
            ("media connected", Figures.count(clients.connected)),
        ]
        if clients.tried < clients.planned { rows.append(("never tried", "\(clients.planned - clients.tried)")) }
        if clients.lost > 0 { rows.append(("lost later", Figures.count(clients.lost))) }
        rows.append(("whole run", Figures.seconds(seconds)))
        rows.append(("everybody in", Figures.seconds(steadySeconds)))
        return Group("Clients", rows)
    }

    private var receivedGroup: Group {
        Group(
            "Received",
            [
                ("rate", "\(Figures.bits(received.bitrate)), \(Figures.count(Int(received.packetRate))) packets/s"),
                ("streams", Figures.count(received.subscriptions)),
                ("packets", "\(Figures.count(received.packets)), \(Figures.bytes(Double(received.bytes)))"),
                (
                    "lost before repair",
                    "\(Figures.count(received.lost)), \(Figures.percent(received.lossBeforeRepair))"
                ),
                (
                    "lost after repair",
                    "\(Figures.count(max(0, received.lost - Int64(received.repaired)))), "
                        + Figures.percent(received.lossAfterRepair)
                ),
                ("swallowed by the tester", Figures.count(received.swallowed)),
                ("asked for again (NACK)", "\(Figures.count(received.requested)) packets"),
                ("repaired (RTX)", Figures.count(received.repaired)),
                ("key frames asked for (PLI)", Figures.count(received.keyFrameRequests)),
                (
                    "frames",
                    "\(Figures.count(received.frames)), \(Figures.count(received.undecodableFrames)) undecodable"
                ),
                (
                    "freezes over 500 ms",
                    "\(Figures.count(received.freezes)), longest gap \(Figures.ms(received.longestGapMs)) ms"
                ),
                ("faults", Figures.count(received.faults)),
            ]
        )
    }

    private var sentGroup: Group {
        var rows = [
            ("rate", Figures.bits(sent.bitrate)), ("streams", Figures.count(sent.publications)),
            ("packets", "\(Figures.count(sent.packets)), \(Figures.bytes(Double(sent.bytes)))"),
            ("lost on the way up", Figures.count(max(0, sent.lost))),
            ("swallowed by the tester", Figures.count(sent.swallowed)),
            ("sent again (RTX)", Figures.count(sent.retransmissions)),
            ("key frames asked of us (PLI)", Figures.count(sent.keyFrameRequests)),
        ]
        if sent.framesSkipped > 0 { rows.append(("frames left out", Figures.count(sent.framesSkipped))) }
        return Group("Sent", rows)
    }

    private var machineGroup: Group {
        var rows = [("tester", "\(Figures.number(testerCPU)) cores")]
        if let use {
            rows.append(
                (
                    "server and workers (\(use.workers))",
                    "\(Figures.number(use.cpu)) cores, peak \(Figures.number(use.cpuPeak))"
                )
            )
            rows.append(("busiest worker", Figures.percent(use.busiestWorker) + " of a core"))
            rows.append(("memory of all", Figures.bytes(use.residentPeak)))
            if let cost = use.cpuPerPacketUs { rows.append(("per packet received", "\(Figures.number(cost)) µs")) }
        }
        return Group("Processors", rows)
    }

    /// What has percentiles, in milliseconds.
    var percentileRows: [(name: String, value: Percentiles)] {
        var rows = [("packet delay", delay), ("of it the tester's lag", lag)]
        if let messages { rows.append(("message delay", messages.delay)) }
        return rows + [
            ("join until media can flow", joining.ready), ("  signalling", joining.signalling),
            ("  ICE, a transport", joining.ice), ("  DTLS, a transport", joining.dtls),
            ("first packet of a stream", joining.firstPacket), ("first frame of a stream", joining.firstFrame),
        ]
    }

    /// The report for a terminal.
    package func table() -> String {
        var lines: [String] = []
        func heading(_ text: String) { lines += ["", text] }
        lines.append("Load on \(Self.plain(server))")
        let width = groups.flatMap { $0.rows.map(\.name.count) }.max() ?? 0
        for group in groups {
            heading(group.title)
            for row in group.rows { lines.append("  \(Self.padded(row.name, width))  \(row.value)") }
        }
        heading("Milliseconds")
        let names = percentileRows.map(\.name.count).max() ?? 0
        let head = ["mean", "p50", "p90", "p99", "max", "count"]
        lines.append("  \(Self.padded("", names))" + head.map { Self.padded($0, 9, left: true) }.joined())
        for (name, value) in percentileRows {
            let cells = [value.mean, value.p50, value.p90, value.p99, value.max].map(Figures.ms)
            let row = (cells + [Figures.count(value.count)]).map { Self.padded($0, 9, left: true) }.joined()
            lines.append("  \(Self.padded(name, names))" + row)
        }
        if !failures.isEmpty {
            heading("Failures")
            for failure in failures {
                let text = "\(failure.step): \(failure.code), \(failure.example)"
                lines.append("  \(Self.padded(Figures.count(failure.count), 7, left: true))  \(Self.plain(text))")
            }
        }
        if !notes.isEmpty { heading("Notes") }
        for note in notes { lines.append("  " + Self.plain(note)) }
        if !broken.isEmpty { heading("Limits broken") }
        for one in broken { lines.append("  " + one) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
    }

    /// Without what a terminal would obey: a server may say anything.
    private static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
            )
        )
    }
}
