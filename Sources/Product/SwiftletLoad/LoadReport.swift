// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// What a load test saw.
///
/// Times are in milliseconds where a name says so and in seconds else, shares from 0 to 1, rates in bits per second.
/// `Docs/LOAD.md` says what each number means.
package struct LoadReport: Codable, Hashable, Sendable {
    /// Of this form; grows when a field changes its meaning.
    package var version = 1
    /// When it began.
    package var started = Date(timeIntervalSince1970: 0)
    /// The server's URL.
    package var server = ""
    /// The plan in words, in order.
    package var plan: [Setting] = []
    /// How long all of it took, from the first join to the last sample.
    package var seconds = 0.0
    /// How much of that everybody was in: what rates, delay and processor time are taken over.
    package var steadySeconds = 0.0
    /// Whether it was ended before its time.
    package var isCutShort = false
    /// How many clients there were.
    package var clients = Clients()
    /// Why clients failed, the most frequent reason first.
    package var failures: [Failure] = []
    /// How long joining took, in milliseconds.
    package var joining = Joining()
    /// What clients sent.
    package var sent = Sent()
    /// What they received.
    package var received = Received()
    /// From a packet's making to its arrival, in milliseconds.
    package var delay = Percentiles()
    /// How late this machine was with what was due, in milliseconds: part of every delay.
    package var lag = Percentiles()
    /// Processor time of the tester, in cores.
    package var testerCPU = 0.0
    /// Data messages, where there were any.
    package var messages: Messages?
    /// What the server said of itself.
    package var use: ServerUse?
    /// What is to be known when the numbers are read.
    package var notes: [String] = []
    /// The limits that were broken; empty when all held or none were given.
    package var broken: [String] = []
    /// Second by second.
    package var series: [Second] = []

    /// Nothing yet.
    package init() {}

    /// One setting of the plan.
    package struct Setting: Codable, Hashable, Sendable {
        /// What is set.
        package var name: String
        /// How.
        package var value: String

        /// A setting by its name.
        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// How many clients there were.
    package struct Clients: Codable, Hashable, Sendable {
        /// That should have been there.
        package var planned = 0
        /// That came as far as trying.
        package var tried = 0
        /// That joined their room.
        package var joined = 0
        /// Of these, whose media was connected as well.
        package var connected = 0
        /// That joined and were lost before the end.
        package var lost = 0

        /// Nobody.
        package init() {}
    }

    /// A reason for which clients failed.
    package struct Failure: Codable, Hashable, Sendable {
        /// What they were doing: `join`, `publish`, `stay` and so on.
        package var step: String
        /// The kind of error.
        package var code: String
        /// The first of them in words.
        package var example: String
        /// How many.
        package var count: Int

        /// A reason.
        package init(step: String, code: String, example: String, count: Int) {
            (self.step, self.code, self.example, self.count) = (step, code, example, count)
        }
    }

    /// How long joining took, in milliseconds.
    package struct Joining: Codable, Hashable, Sendable {
        /// From the first packet to the server until a client can send and receive all it wants to.
        package var ready = Percentiles()
        /// Of that: TCP, TLS, WebSocket, and all requests until the room was joined.
        package var signalling = Percentiles()
        /// For each transport: until ICE had found a way.
        package var ice = Percentiles()
        /// For each transport: from then until DTLS was through.
        package var dtls = Percentiles()
        /// For each subscription: until its first packet.
        package var firstPacket = Percentiles()
        /// For each subscription: until its first picture that can be decoded, or its first sound.
        package var firstFrame = Percentiles()

        /// Nothing yet.
        package init() {}
    }

    /// What clients sent.
    package struct Sent: Codable, Hashable, Sendable {
        /// Media packets, retransmissions aside.
        package var packets: UInt64 = 0
        /// Bytes of payload.
        package var bytes: UInt64 = 0
        /// Frames of all layers.
        package var frames: UInt64 = 0
        /// Frames left out because the tester could not keep up.
        package var framesSkipped: UInt64 = 0
        /// Packets lost on their way to the server, as it says.
        package var lost: Int64 = 0
        /// Packets that the tester's own network profile swallowed on their way up.
        package var swallowed: UInt64 = 0
        /// Packets sent again on request.
        package var retransmissions: UInt64 = 0
        /// Requests for packets that were too old.
        package var retransmissionsMissed: UInt64 = 0
        /// Key frames that the server asked for.
        package var keyFrameRequests: UInt64 = 0
        /// Streams at the end.
        package var publications = 0
        /// Bits per second while everybody was in.
        package var bitrate = 0.0

        /// Nothing yet.
        package init() {}
    }

    /// What clients received.
    package struct Received: Codable, Hashable, Sendable {
        /// Media packets, retransmissions aside.
        package var packets: UInt64 = 0
        /// Bytes of those, headers included.
        package var bytes: UInt64 = 0
        /// Packets that were missing, repaired later or not.
        package var lost: Int64 = 0
        /// Lost packets that a retransmission replaced.
        package var repaired: UInt64 = 0
        /// Packets that the tester's own network profile swallowed on their way down.
        package var swallowed: UInt64 = 0
        /// Packets that came twice.
        package var duplicates: UInt64 = 0
        /// Packet numbers asked for by NACK, repetitions included.
        package var requested: UInt64 = 0
        /// Key frames asked for.
        package var keyFrameRequests: UInt64 = 0
        /// Frames that could be decoded.
        package var frames: UInt64 = 0
        /// Frames that could not, since what they refer to was lost.
        package var undecodableFrames: UInt64 = 0
        /// Times without a picture of over 500 ms.
        package var freezes: UInt64 = 0
        /// The longest time between two pictures, in milliseconds.
        package var longestGapMs = 0.0
        /// What no network can cause: a fault of the server, or of the tester.
        package var faults: UInt64 = 0
        /// The first of these in words.
        package var faultDetails: [String] = []
        /// Streams at the end.
        package var subscriptions = 0
        /// Bits per second while everybody was in.
        package var bitrate = 0.0
        /// Packets per second while everybody was in.
        package var packetRate = 0.0

        /// Share of packets that the network lost, before anything was repaired.
        package var lossBeforeRepair = 0.0
        /// Share of packets that were lost for good.
        package var lossAfterRepair = 0.0

        /// Nothing yet.
        package init() {}

        /// Derives the shares from the counts.
        package mutating func updateShares() {
            let missing = Double(max(0, lost))
            let sent = Double(packets) + missing
            lossBeforeRepair = sent > 0 ? missing / sent : 0
            lossAfterRepair = sent > 0 ? max(0, missing - Double(repaired)) / sent : 0
        }
    }

    /// Messages over data channels.
    package struct Messages: Codable, Hashable, Sendable {
        /// Sent by all.
        package var sent: UInt64 = 0
        /// Received by all; each is received by many.
        package var received: UInt64 = 0
        /// Missing in their order, or there twice.
        package var missing: UInt64 = 0
        /// From sending to arrival, in milliseconds.
        package var delay = Percentiles()

        /// Nothing yet.
        package init() {}
    }

    /// What the server said of itself while everybody was in.
    package struct ServerUse: Codable, Hashable, Sendable {
        /// Processor time of server and workers, in cores.
        package var cpu = 0.0
        /// Most of it in one second.
        package var cpuPeak = 0.0
        /// The busiest worker, in cores; a worker cannot use more than one.
        package var busiestWorker = 0.0
        /// Workers.
        package var workers = 0
        /// Most resident bytes of server and workers.
        package var residentPeak = 0.0
        /// Processor time in µs per packet that clients received: what a forwarded packet costs, signalling included.
        package var cpuPerPacketUs: Double?

        /// Nothing yet.
        package init() {}
    }

    /// One second, or as long as the tester took for it.
    package struct Second: Codable, Hashable, Sendable {
        /// Its end, in seconds since the beginning.
        package var at = 0.0
        /// Clients in their rooms.
        package var clients = 0
        /// Streams received.
        package var subscriptions = 0
        /// Bits per second sent.
        package var sent = 0.0
        /// Bits per second received.
        package var received = 0.0
        /// Packets per second received.
        package var packets = 0.0
        /// Share lost before repair.
        package var loss = 0.0
        /// Freezes.
        package var freezes: UInt64 = 0
        /// Median delay in milliseconds.
        package var delayP50Ms: Double?
        /// 99th percentile of delay in milliseconds.
        package var delayP99Ms: Double?
        /// 99th percentile of the tester's own lag in milliseconds.
        package var lagP99Ms: Double?
        /// Processor time of the tester, in cores.
        package var testerCPU = 0.0
        /// Messages per second received.
        package var messages = 0.0
        /// Processor time of server and workers, in cores.
        package var serverCPU: Double?
        /// The busiest worker, in cores.
        package var busiestWorker: Double?
        /// Resident bytes of server and workers.
        package var serverBytes: Double?

        /// Nothing yet.
        package init() {}
    }

    /// Whether anybody got in.
    package var anybodyJoined: Bool { clients.joined > 0 }

    /// As JSON for programs: sorted keys, dates per ISO 8601.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// Reads what ``json()`` wrote.
    package init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(LoadReport.self, from: json)
    }
}
