// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A steady load for a long time: memory must not grow, nothing may be lost.
struct Soak {
    private static let consumers = 50
    /// The part of a core that the worker is to be busy for.
    private static let share = 0.7
    /// Packets per second to begin with, and at most.
    private static let rates = 600...3200
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
        /// Sends for a second; returns how many arrived.
        func send(_ rate: Int, second: Int) throws -> Int {
            script.rewind()
            let interval = Int64(1_000_000_000 / rate)
            let plans = (0..<rate).map { index in
                let isKey = (second * rate + index) % 300 == 0
                return Script.Plan(at: Int64(index) * interval, stream: 0, payload: 1180, isKey: isKey)
            }
            try script.write(plans, of: &streams)
            return try load.run(0..<script.count, to: child.target, settle: .milliseconds(10)).arrived
        }
        // A packet costs less the more there are, so the rate is approached.
        var rate = Self.rates.lowerBound
        for attempt in 0..<3 {
            let before = child.cpuSeconds
            for second in 0..<3 { _ = try send(rate, second: attempt * 3 + second) }
            let share = (child.cpuSeconds - before) / 3
            let wanted = Double(rate) * Self.share / max(share, 0.01)
            rate = min(max(Int(wanted), Self.rates.lowerBound), Self.rates.upperBound)
        }
        say("soak: \(rate) packets of 1200 bytes a second to \(Self.consumers) consumers, \(minutes) min")
        say("minute |  packets sent |    lost | CPU % | rss MB")
        var (sent, arrived, settled) = (0, 0, 0)
        for minute in 1...max(1, minutes) {
            let before = child.cpuSeconds
            for second in 0..<60 {
                arrived += try send(rate, second: second)
                sent += rate * Self.consumers
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
