// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// What a load test saw.
///
/// Times are in milliseconds where a name says so and in seconds else, shares from 0 to 1, rates in bits per second.
/// `Docs/LOAD.md` says what each number means.
public struct LoadReport: Codable, Hashable, Sendable {
    /// Of this form; grows when a field changes its meaning.
    public var version = 1
    /// When it began.
    public var started = Date(timeIntervalSince1970: 0)
    /// The server's URL.
    public var server = ""
    /// The plan in words, in order.
    public var plan: [Setting] = []
    /// How long all of it took, from the first join to the last sample.
    public var seconds = 0.0
    /// How much of that everybody was in: what rates, delay and processor time are taken over.
    public var steadySeconds = 0.0
    /// Whether it was ended before its time.
    public var isCutShort = false
    /// How many clients there were.
    public var clients = Clients()
    /// Why clients failed, the most frequent reason first.
    public var failures: [Failure] = []
    /// How long joining took, in milliseconds.
    public var joining = Joining()
    /// What clients sent.
    public var sent = Sent()
    /// What they received.
    public var received = Received()
    /// From a packet's making to its arrival, in milliseconds.
    public var delay = Percentiles()
    /// How late this machine was with what was due, in milliseconds: part of every delay.
    public var lag = Percentiles()
    /// Processor time of the tester, in cores.
    public var testerCPU = 0.0
    /// Data messages, where there were any.
    public var messages: Messages?
    /// What the server said of itself.
    public var use: ServerUse?
    /// What is to be known when the numbers are read.
    public var notes: [String] = []
    /// The limits that were broken; empty when all held or none were given.
    public var broken: [String] = []
    /// Second by second.
    public var series: [Second] = []

    /// Nothing yet.
    public init() {}

    /// One setting of the plan.
    public struct Setting: Codable, Hashable, Sendable {
        /// What is set.
        public var name: String
        /// How.
        public var value: String

        /// A setting by its name.
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// How many clients there were.
    public struct Clients: Codable, Hashable, Sendable {
        /// That should have been there.
        public var planned = 0
        /// That came as far as trying.
        public var tried = 0
        /// That joined their room.
        public var joined = 0
        /// Of these, whose media was connected as well.
        public var connected = 0
        /// That joined and were lost before the end.
        public var lost = 0

        /// Nobody.
        public init() {}
    }

    /// A reason for which clients failed.
    public struct Failure: Codable, Hashable, Sendable {
        /// What they were doing: `join`, `publish`, `stay` and so on.
        public var step: String
        /// The kind of error.
        public var code: String
        /// The first of them in words.
        public var example: String
        /// How many.
        public var count: Int

        /// A reason.
        public init(step: String, code: String, example: String, count: Int) {
            (self.step, self.code, self.example, self.count) = (step, code, example, count)
        }
    }

    /// How long joining took, in milliseconds.
    public struct Joining: Codable, Hashable, Sendable {
        /// From the first packet to the server until a client can send and receive all it wants to.
        public var ready = Percentiles()
        /// Of that: TCP, TLS, WebSocket, and all requests until the room was joined.
        public var signalling = Percentiles()
        /// For each transport: until ICE had found a way.
        public var ice = Percentiles()
        /// For each transport: from then until DTLS was through.
        public var dtls = Percentiles()
        /// For each subscription: until its first packet.
        public var firstPacket = Percentiles()
        /// For each subscription: until its first picture that can be decoded, or its first sound.
        public var firstFrame = Percentiles()

        /// Nothing yet.
        public init() {}
    }

    /// What clients sent.
    public struct Sent: Codable, Hashable, Sendable {
        /// Media packets, retransmissions aside.
        public var packets: UInt64 = 0
        /// Bytes of payload.
        public var bytes: UInt64 = 0
        /// Frames of all layers.
        public var frames: UInt64 = 0
        /// Frames left out because the tester could not keep up.
        public var framesSkipped: UInt64 = 0
        /// Packets lost on their way to the server, as it says.
        public var lost: Int64 = 0
        /// Packets that the tester's own network profile swallowed on their way up.
        public var swallowed: UInt64 = 0
        /// Packets sent again on request.
        public var retransmissions: UInt64 = 0
        /// Requests for packets that were too old.
        public var retransmissionsMissed: UInt64 = 0
        /// Key frames that the server asked for.
        public var keyFrameRequests: UInt64 = 0
        /// Streams at the end.
        public var publications = 0
        /// Bits per second while everybody was in.
        public var bitrate = 0.0

        /// Nothing yet.
        public init() {}
    }

    /// What clients received.
    public struct Received: Codable, Hashable, Sendable {
        /// Media packets, retransmissions aside.
        public var packets: UInt64 = 0
        /// Bytes of those, headers included.
        public var bytes: UInt64 = 0
        /// Packets that were missing, repaired later or not.
        public var lost: Int64 = 0
        /// Lost packets that a retransmission replaced.
        public var repaired: UInt64 = 0
        /// Packets that the tester's own network profile swallowed on their way down.
        public var swallowed: UInt64 = 0
        /// Packets that came twice.
        public var duplicates: UInt64 = 0
        /// Packet numbers asked for by NACK, repetitions included.
        public var requested: UInt64 = 0
        /// Key frames asked for.
        public var keyFrameRequests: UInt64 = 0
        /// Frames that could be decoded.
        public var frames: UInt64 = 0
        /// Frames that could not, since what they refer to was lost.
        public var undecodableFrames: UInt64 = 0
        /// Times without a picture of over 500 ms.
        public var freezes: UInt64 = 0
        /// The longest time between two pictures, in milliseconds.
        public var longestGapMs = 0.0
        /// What no network can cause: a fault of the server, or of the tester.
        public var faults: UInt64 = 0
        /// The first of these in words.
        public var faultDetails: [String] = []
        /// Streams at the end.
        public var subscriptions = 0
        /// Bits per second while everybody was in.
        public var bitrate = 0.0
        /// Packets per second while everybody was in.
        public var packetRate = 0.0

        /// Share of packets that the network lost, before anything was repaired.
        public var lossBeforeRepair = 0.0
        /// Share of packets that were lost for good.
        public var lossAfterRepair = 0.0

        /// Nothing yet.
        public init() {}

        /// Derives the shares from the counts.
        package mutating func updateShares() {
            let missing = Double(max(0, lost))
            let sent = Double(packets) + missing
            lossBeforeRepair = sent > 0 ? missing / sent : 0
            lossAfterRepair = sent > 0 ? max(0, missing - Double(repaired)) / sent : 0
        }
    }

    /// Messages over data channels.
    public struct Messages: Codable, Hashable, Sendable {
        /// Sent by all.
        public var sent: UInt64 = 0
        /// Received by all; each is received by many.
        public var received: UInt64 = 0
        /// Missing in their order, or there twice.
        public var missing: UInt64 = 0
        /// From sending to arrival, in milliseconds.
        public var delay = Percentiles()

        /// Nothing yet.
        public init() {}
    }

    /// What the server said of itself while everybody was in.
    public struct ServerUse: Codable, Hashable, Sendable {
        /// Processor time of server and workers, in cores.
        public var cpu = 0.0
        /// Most of it in one second.
        public var cpuPeak = 0.0
        /// The busiest worker, in cores; a worker cannot use more than one.
        public var busiestWorker = 0.0
        /// Workers.
        public var workers = 0
        /// Most resident bytes of server and workers.
        public var residentPeak = 0.0
        /// Processor time in µs per packet that clients received: what a forwarded packet costs, signalling included.
        public var cpuPerPacketUs: Double?

        /// Nothing yet.
        public init() {}
    }

    /// One second, or as long as the tester took for it.
    public struct Second: Codable, Hashable, Sendable {
        /// Its end, in seconds since the beginning.
        public var at = 0.0
        /// Clients in their rooms.
        public var clients = 0
        /// Streams received.
        public var subscriptions = 0
        /// Bits per second sent.
        public var sent = 0.0
        /// Bits per second received.
        public var received = 0.0
        /// Packets per second received.
        public var packets = 0.0
        /// Share lost before repair.
        public var loss = 0.0
        /// Freezes.
        public var freezes: UInt64 = 0
        /// Median delay in milliseconds.
        public var delayP50Ms: Double?
        /// 99th percentile of delay in milliseconds.
        public var delayP99Ms: Double?
        /// 99th percentile of the tester's own lag in milliseconds.
        public var lagP99Ms: Double?
        /// Processor time of the tester, in cores.
        public var testerCPU = 0.0
        /// Messages per second received.
        public var messages = 0.0
        /// Processor time of server and workers, in cores.
        public var serverCPU: Double?
        /// The busiest worker, in cores.
        public var busiestWorker: Double?
        /// Resident bytes of server and workers.
        public var serverBytes: Double?

        /// Nothing yet.
        public init() {}
    }

    /// Whether anybody got in.
    public var anybodyJoined: Bool { clients.joined > 0 }

    /// As JSON for programs: sorted keys, dates per ISO 8601.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// Reads what ``json()`` wrote.
    public init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(LoadReport.self, from: json)
    }
}
