// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// How often durations of each length were seen: 1 µs to 9 min in steps of an eighth of a doubling.
public struct DelayHistogram: Hashable, Sendable {
    private static let steps = 8
    private static let buckets = 27 * steps

    private var counts: [UInt32] = []
    /// How many durations were seen.
    public private(set) var count = 0
    /// The longest one.
    public private(set) var longest = Duration.zero
    private var sum = 0.0

    /// An empty histogram.
    public init() {}

    /// The mean, or `nil` when nothing was seen.
    public var mean: Duration? { count > 0 ? .seconds(sum / Double(count)) : nil }

    /// Counts a duration; what is negative, since clocks differ, counts as the shortest.
    public mutating func record(_ duration: Duration) { record(nanoseconds: duration.wholeNanoseconds) }

    package mutating func record(nanoseconds: Int64) {
        if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.buckets) }
        counts[Self.bucket(nanoseconds)] &+= 1
        count += 1
        sum += Double(max(nanoseconds, 0)) / 1e9
        if nanoseconds > longest.wholeNanoseconds { longest = .nanoseconds(nanoseconds) }
    }

    /// Adds what another histogram saw.
    public mutating func merge(_ other: DelayHistogram) {
        guard other.count > 0 else { return }
        if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.buckets) }
        for index in counts.indices { counts[index] &+= other.counts[index] }
        count += other.count
        sum += other.sum
        longest = max(longest, other.longest)
    }

    /// What was seen since an earlier state of the same histogram.
    ///
    /// - Parameter earlier: A copy of this one, made before.
    /// - Returns: The difference; its longest duration is known to its step alone.
    public func since(_ earlier: DelayHistogram) -> DelayHistogram {
        guard earlier.count > 0 else { return self }
        var difference = DelayHistogram()
        guard count > earlier.count else { return difference }
        difference.counts = counts
        for index in counts.indices { difference.counts[index] &-= earlier.counts[index] }
        (difference.count, difference.sum) = (count - earlier.count, sum - earlier.sum)
        let last = difference.counts.lastIndex { $0 > 0 } ?? 0
        let isOpen = last == Self.buckets - 1 || longest > earlier.longest
        difference.longest = isOpen ? longest : min(longest, .nanoseconds(Self.upperEnd(last)))
        return difference
    }

    /// The duration that a share of all durations does not exceed, to an eighth of a doubling.
    ///
    /// - Parameter share: 0 to 1; 0.99 for the 99th percentile.
    /// - Returns: The upper end of its step, at most ``longest``; `nil` when nothing was seen.
    public func percentile(_ share: Double) -> Duration? {
        guard count > 0 else { return nil }
        let wanted = max(1, Int((Double(count) * min(max(share, 0), 1)).rounded(.up)))
        var seen = 0
        for index in counts.indices {
            seen += Int(counts[index])
            if seen >= wanted, index < Self.buckets - 1 { return min(longest, .nanoseconds(Self.upperEnd(index))) }
        }
        return longest
    }

    private static func bucket(_ nanoseconds: Int64) -> Int {
        let units = UInt64(max(nanoseconds, 1) / 1024)
        guard units >= 8 else { return Int(units) }
        let exponent = 63 - units.leadingZeroBitCount
        let step = Int(units >> UInt64(exponent - 3)) & 7
        return min((exponent - 2) * steps + step, buckets - 1)
    }

    private static func upperEnd(_ bucket: Int) -> Int64 {
        guard bucket >= 8 else { return Int64(bucket + 1) * 1024 }
        let exponent = bucket / steps + 2
        return Int64(8 + bucket % steps + 1) << Int64(exponent - 3) * 1024
    }
}

/// What a subscription has received so far.
public struct SubscriptionStatistics: Hashable, Sendable {
    /// Media packets, each once; retransmissions that replaced a lost one are not among them.
    public var packets: UInt64 = 0
    /// Bytes of those, headers included.
    public var bytes: UInt64 = 0
    /// Packets missing in the sequence, whether or not they were repaired later.
    public var packetsLost: Int64 = 0
    /// Lost packets that a retransmission replaced.
    public var packetsRepaired: UInt64 = 0
    /// Packets that came a second time.
    public var duplicates: UInt64 = 0
    /// Packets between the first and the newest one that the client's own ``NetworkProfile`` swallowed, retransmissions
    /// aside: where that alone loses packets and none overtakes another, ``packetsLost`` is the same at any time.
    public var packetsSwallowed: UInt64 = 0
    /// Packet numbers asked for by NACK, repetitions included.
    public var packetsRequested: UInt64 = 0
    /// Key frames asked for.
    public var keyFrameRequests: UInt64 = 0
    /// Frames that are whole; of a synthetic source, that could be decoded.
    ///
    /// Spatial layers count one by one there.
    public var frames: UInt64 = 0
    /// Key frames among them.
    public var keyFrames: UInt64 = 0
    /// Frames of a synthetic source that refer to frames which were lost.
    public var undecodableFrames: UInt64 = 0
    /// What no network can cause, of a synthetic source: frames that refer to what was never forwarded, wrong
    /// descriptors, timestamps and numbers.
    public var faults: UInt64 = 0
    /// The first faults in words.
    public var faultDetails: [String] = []
    /// Times without a picture of over 500 ms.
    public var freezes: UInt64 = 0
    /// The longest time between two pictures.
    public var longestGap = Duration.zero
    /// Bits per second of late, retransmissions included.
    public var bitrate: UInt64 = 0
    /// Interarrival jitter, RFC 3550 §6.4.1.
    public var jitter = Duration.zero
    /// From the sender's capture to here, of a synthetic source; both clocks count.
    public var delay = DelayHistogram()
    /// The newest picture's spatial and temporal layer, of a synthetic source: of a simulcast its encoding.
    public var spatialLayer: Int?
    /// See ``spatialLayer``.
    public var temporalLayer: Int?
    /// From the subscription to the first packet.
    public var timeToFirstPacket: Duration?
    /// From the subscription to the first picture that could be decoded, or to the first sound.
    public var timeToFirstFrame: Duration?

    /// Nothing yet.
    public init() {}
}

/// What a publication has sent so far.
public struct PublicationStatistics: Hashable, Sendable {
    /// One stream of it.
    public struct Encoding: Hashable, Sendable {
        /// Its source.
        public var ssrc: UInt32 = 0
        /// Whether anybody wants it, as the server says.
        public var isActive = true
        /// Media packets, retransmissions aside.
        public var packets: UInt64 = 0
        /// Bytes of payload.
        public var bytes: UInt64 = 0
        /// Frames, of all layers together.
        public var frames: UInt64 = 0
        /// Key frames among them.
        public var keyFrames: UInt64 = 0
        /// Packets sent again because they were asked for.
        public var retransmissions: UInt64 = 0
        /// Packets asked for that were too old.
        public var retransmissionsMissed: UInt64 = 0
        /// Key frames asked for by the server.
        public var keyFrameRequests: UInt64 = 0
        /// Lost on the way to the server, as it reports.
        public var packetsLost: Int64 = 0
        /// To the server and back, once it was measured.
        public var roundTrip: Duration?
        /// Packets that the client's own ``NetworkProfile`` swallowed, retransmissions aside.
        public var packetsSwallowed: UInt64 = 0

        /// Nothing yet.
        public init() {}
    }

    /// Its streams, the smallest first.
    public var encodings: [Encoding] = []
    /// The furthest that sending fell behind its time, because this machine was busy.
    public var worstLag = Duration.zero
    /// Frames left out because sending had fallen a second behind.
    public var framesSkipped: UInt64 = 0

    /// Nothing yet.
    public init() {}
}

/// What went over a data channel so far.
public struct DataStatistics: Hashable, Sendable {
    /// Messages handed over to be sent, or received.
    public var messages: UInt64 = 0
    /// Their bytes.
    public var bytes: UInt64 = 0
    /// Messages that could not be sent; of a subscription, those received for which its reader left no room.
    public var dropped: UInt64 = 0

    /// Nothing yet.
    public init() {}

    mutating func add(_ length: Int) {
        messages &+= 1
        bytes &+= UInt64(length)
    }
}

/// What a client as a whole has seen.
public struct ClientStatistics: Hashable, Sendable {
    /// By the publication's id.
    public var publications: [String: PublicationStatistics] = [:]
    /// By the subscription's id.
    public var subscriptions: [String: SubscriptionStatistics] = [:]
    /// Of data channels that are open, by the publication's id.
    public var dataPublications: [String: DataStatistics] = [:]
    /// Of data channels that are open, by the subscription's id.
    public var dataSubscriptions: [String: DataStatistics] = [:]
    /// Of all data channels that there were.
    public var dataSent = DataStatistics()
    /// Of all data channels that there were; messages dropped count by subscription alone.
    public var dataReceived = DataStatistics()
    /// Pieces of messages sent again.
    public var dataRetransmissions: UInt64 = 0
    /// Messages given up as their channel's limits say.
    public var dataMessagesAbandoned: UInt64 = 0
    /// Messages on streams that belong to no subscription.
    public var strayMessages: UInt64 = 0
    /// From ``SwiftletClient/connect(to:room:peer:displayName:options:)`` until the room was joined.
    public var joinTime = Duration.zero
    /// From the making of the sending transport until ICE had a way.
    public var sendingICETime: Duration?
    /// From the making of the receiving transport until ICE had a way.
    public var receivingICETime: Duration?
    /// From the beginning of `connect` until media could be sent.
    public var sendingReadyTime: Duration?
    /// From the beginning of `connect` until media could be received.
    public var receivingReadyTime: Duration?
    /// From the making of the sending transport until DTLS was through.
    public var sendingConnectTime: Duration?
    /// From the making of the receiving transport until DTLS was through.
    public var receivingConnectTime: Duration?
    /// Packets reported as arrived by the server's transport-wide feedback.
    public var packetsAcknowledged: UInt64 = 0
    /// Packets reported as not arrived; late ones are reported again.
    public var packetsUnacknowledged: UInt64 = 0
    /// Datagrams that could not be opened or read.
    public var brokenDatagrams: UInt64 = 0
    /// Datagrams that came a second time.
    public var replayedDatagrams: UInt64 = 0
    /// Packets that belong to no subscription.
    public var strayPackets: UInt64 = 0
    /// Times that ICE was restarted.
    public var iceRestarts: UInt64 = 0

    /// Nothing yet.
    public init() {}
}
