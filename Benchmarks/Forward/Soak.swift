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
        let packets = try SealedPackets(capacity: Self.packetsPerSecond)
        let load = try Load(packets: packets, forwarderCPU: -1)
        let child = try Child(.worker, consumers: Self.consumers, load: load)
        say(
            "soak: \(Self.packetsPerSecond) packets of 1200 bytes a second to \(Self.consumers) consumers, \(minutes) min"
        )
        say("minute |  packets sent |    lost | CPU % | rss MB")
        var (sent, arrived, settled) = (0, 0, 0)
        for minute in 1...max(1, minutes) {
            let before = child.cpuSeconds
            for second in 0..<60 {
                let number = ((minute - 1) * 60 + second) * Self.packetsPerSecond
                guard packets.seal(Self.packetsPerSecond, from: number, at: 0) else {
                    throw Refusal(text: "sealing failed")
                }
                let outcome = try load.run(
                    first: 0,
                    count: Self.packetsPerSecond,
                    burst: 1,
                    packetsPerSecond: Double(Self.packetsPerSecond),
                    to: child.port,
                    settle: .milliseconds(10),
                    sampling: false
                )
                sent += Self.packetsPerSecond * Self.consumers
                arrived += outcome.arrived
                child.discardMessages()
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
