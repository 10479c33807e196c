// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What waits to be offered to a peer, first come, first served; thousands may wait in a large room.
struct OfferQueue {
    private var entries: [(offer: Peer.Offer, owner: String)] = []
    private var head = 0

    /// How much waits.
    var count: Int { entries.count - head }

    mutating func append(_ offer: Peer.Offer, of owner: String) { entries.append((offer, owner)) }

    /// Takes out what has waited longest.
    mutating func removeFirst() -> (offer: Peer.Offer, owner: String)? {
        guard head < entries.count else { return nil }
        let first = entries[head]
        head += 1
        if head == entries.count || head >= 64 && head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
        return first
    }

    mutating func removeAll() { (entries, head) = ([], 0) }

    /// Takes out what closed meanwhile.
    ///
    /// - Returns: The ids of that.
    mutating func removeClosed() -> [String] {
        let closed = entries[head...].filter(\.offer.isClosed).map(\.offer.id)
        entries = entries[head...].filter { !$0.offer.isClosed }
        head = 0
        return closed
    }
}
