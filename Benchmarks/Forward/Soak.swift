// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A steady load for a long time: memory must not grow, nothing may be lost.
struct Soak {
    private static let consumers = 50
    private static let packetsPerSecond = 600
    /// What memory may grow by after the first minute, in kilobytes: the noise of an allocator.
    private static let growthLimit = 2048
    /// What may be lost on a machine that does other things as well, per million.
    private static let lossLimit = 100.0

    let minutes: Int

    /// Runs it; returns whether it held.
    func run() throws -> Bool {
        let script = try Script()
        let load = try Load(script: script, forwarderCPU: -1)
        var scenario = Scenario()
        scenario.members = Self.consumers
        try script.reset(scenario)
        var streams = [MediaStream(peer: 0, ssrc: Scenario.ssrc(of: 0, 0))]
        let child = try Child(.worker, scenario, load: load)
        say(
            "soak: \(Self.packetsPerSecond) packets of 1200 bytes a second to \(Self.consumers) consumers, \(minutes) min"
        )
        say("minute |  packets sent |    lost | CPU % | rss MB")
        var (sent, arrived, settled) = (0, 0, 0)
        for minute in 1...max(1, minutes) {
            let before = child.cpuSeconds
            for second in 0..<60 {
                script.rewind()
                let interval = Int64(1_000_000_000 / Self.packetsPerSecond)
                let plans = (0..<Self.packetsPerSecond).map { index in
                    let isKey = (second * Self.packetsPerSecond + index) % 300 == 0
                    return Script.Plan(at: Int64(index) * interval, stream: 0, payload: 1180, isKey: isKey)
                }
                try script.write(plans, of: &streams)
                let range = 0..<script.count
                let outcome = try load.run(range, to: child.target, settle: .milliseconds(10))
                sent += Self.packetsPerSecond * Self.consumers
                arrived += outcome.arrived
            }
            let resident = child.residentKilobytes
            if minute == 1 { settled = resident }
            let share = (child.cpuSeconds - before) / 60 * 100
            say(
                "\(minute)".padded(6) + " | " + "\(sent)".padded(13) + " | " + "\(sent - arrived)".padded(7) + " | "
                    + share.fixed(1).padded(5) + " | " + (Double(resident) / 1024).fixed(1).padded(6)
            )
        }
        let growth = child.residentKilobytes - settled
        let loss = Double(sent - arrived) / Double(sent) * 1e6
        let held = growth <= Self.growthLimit && loss <= Self.lossLimit
        say(
            #"{"bench":"soak","minutes":\#(minutes),"n":\#(Self.consumers),"sent":\#(sent),"lost":\#(sent - arrived),"#
                + #""rss_growth_kb":\#(growth),"held":\#(held)}"#
        )
        return held
    }
}
