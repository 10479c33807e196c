// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What is kept for each SSRC whose packets have been authenticated.
///
/// Nothing is ever made for a packet that was not. An idle stream stays, and with it its rollover counter, until 512
/// streams are known and another comes: then the one that has been silent longest of those with fewer than 64 packets
/// goes, and only if there is none, the one silent longest of all. So a peer that invents SSRCs drives out its own
/// inventions first, and a stream it still feeds last.
struct StreamTable {
    /// Streams that are kept at most; some 80 kB.
    static let capacity = 512
    /// Packets after which a stream counts as one that is meant.
    static let establishedAfter: UInt64 = 64

    private struct Use {
        var packets: UInt64 = 1
        var latest: UInt64
    }

    private var ssrcs: [UInt32] = []
    private var windows: [ReplayWindow] = []
    private var uses: [Use] = []
    private var recorded: UInt64 = 0
    private var latestSlot = 0

    /// How many streams are known.
    var count: Int { ssrcs.count }

    /// Where the stream is kept, if it is known: the latest one used is found at once.
    @inline(__always)
    func slot(of ssrc: UInt32) -> Int? {
        let ssrcs = ssrcs.span
        if latestSlot < ssrcs.count, ssrcs[latestSlot] == ssrc { return latestSlot }
        for slot in ssrcs.indices where ssrcs[slot] == ssrc { return slot }
        return nil
    }

    /// The largest index of the stream in `slot`.
    @inline(__always)
    func newest(at slot: Int) -> UInt64 { windows.span[slot].newest }

    /// What the stream in `slot` knows about `index`.
    @inline(__always)
    func verdict(at slot: Int, on index: UInt64) -> ReplayWindow.Verdict { windows.span[slot].verdict(on: index) }

    /// Takes note of an authenticated packet, of the stream in `slot` or of a new one.
    mutating func record(_ index: UInt64, of ssrc: UInt32, at slot: Int?) {
        recorded &+= 1
        let latest = recorded
        if let slot {
            do {
                var windows = windows.mutableSpan
                windows[slot].record(index)
            }
            do {
                var uses = uses.mutableSpan
                uses[slot].packets &+= 1
                uses[slot].latest = latest
            }
            latestSlot = slot
        } else if ssrcs.count < Self.capacity {
            latestSlot = ssrcs.count
            ssrcs.append(ssrc)
            windows.append(ReplayWindow(first: index))
            uses.append(Use(latest: latest))
        } else {
            latestSlot = leastMissed()
            ssrcs[latestSlot] = ssrc
            windows[latestSlot] = ReplayWindow(first: index)
            uses[latestSlot] = Use(latest: latest)
        }
    }

    private func leastMissed() -> Int {
        var best = 0
        for slot in uses.indices {
            let (a, b) = (uses[slot], uses[best])
            let (isMeant, bestIsMeant) = (a.packets >= Self.establishedAfter, b.packets >= Self.establishedAfter)
            if isMeant == bestIsMeant ? a.latest < b.latest : bestIsMeant { best = slot }
        }
        return best
    }
}
