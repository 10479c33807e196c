// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
package import SwiftletClient

/// What a load test does: who joins which rooms, what they send and watch, over what kind of network, for how long.
///
/// A plan is made with defaults, changed, and checked by ``validate()`` when a ``LoadRun`` is made of it.
package struct LoadPlan: Hashable, Sendable {
    /// What publishers send.
    package enum Media: String, CaseIterable, Hashable, Sendable {
        case both, audio, video
        /// Neither, for data messages alone or for connections without media.
        case none
    }

    /// What the bitrate of a video is taken from; synthetic frames have no pictures in them.
    package enum Resolution: String, CaseIterable, Hashable, Sendable {
        case p180 = "180p"
        case p360 = "360p"
        case p540 = "540p"
        case p720 = "720p"
        case p1080 = "1080p"

        /// Bits per second of one stream of this size, about as browsers send it.
        package var bitrate: Int {
            switch self {
            case .p180: 150_000
            case .p360: 500_000
            case .p540: 900_000
            case .p720: 1_500_000
            case .p1080: 3_000_000
            }
        }
    }

    /// What a run must not exceed, for programs that judge by it.
    package struct Limits: Hashable, Sendable {
        /// Share of packets that the network lost and nothing repaired, 0 to 1.
        package var loss: Double?
        /// The delay that 99 % of packets stay under.
        package var delayP99: Duration?
        /// The time that 99 % of clients need until their media is connected.
        package var joinP99: Duration?

        /// No limits.
        package init() {}
    }

    /// The server's URL: `wss`, `ws`, `https` or `http`.
    package var server: String
    /// How many rooms.
    package var rooms = 1
    /// How the rooms are named: this and a number.
    package var roomPrefix = "load"
    /// Who sends, in each room.
    package var publishers = 2
    /// Who only receives, in each room.
    package var subscribers = 2
    /// What publishers send.
    package var media = Media.both
    /// The codec of video.
    package var codec = VideoCodec.vp8
    /// The layers of video.
    package var layers = VideoLayers.single
    /// The size of the largest picture, which says the bitrate.
    package var resolution = Resolution.p720
    /// Bits per second of all layers of a video together; `nil` for what ``resolution`` and ``layers`` say.
    package var videoBitrate: Int?
    /// Pictures per second.
    package var frameRate = 30.0
    /// Bits per second of a sound.
    package var audioBitrate = 32_000
    /// Whether publishers receive too, as people in a meeting do.
    package var publishersReceive = true
    /// Publishers that each client receives at most; `nil` for all of its room.
    package var watch: Int?
    /// The highest spatial layer that clients ask for; `nil` for the best there is.
    package var watchedLayer: Int?
    /// Whether video is checked frame by frame; without it there is room for more clients.
    package var checksMedia = true
    /// Clients that begin to join each second.
    package var joinRate = 20.0
    /// How long everybody stays, from when the last one has joined.
    package var duration = Duration.seconds(30)
    /// What stands between each client and the server.
    package var network = NetworkProfile.clear
    /// Messages that each publisher sends each second over a data channel; 0 for none.
    package var messageRate = 0.0
    /// Bytes of each.
    package var messageBytes = 200
    /// An access token, sent as `token` in the URL's query.
    package var token: String?
    /// Whether a certificate must be one that this machine trusts.
    package var verifiesCertificate = true
    /// Where peer ids and the network's losses come from.
    package var seed = UInt64.random(in: 0...UInt64.max)
    /// Threads for media.
    package var threads = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
    /// Where the server tells of itself, as in `http://127.0.0.1:9464/metrics`; `nil` to leave its side out.
    package var metrics: String?
    /// What must not be exceeded.
    package var limits = Limits()

    /// A plan for a server with every default.
    package init(server: String) { self.server = server }

    /// Clients in all rooms.
    package var clients: Int { rooms * (publishers + subscribers) }

    /// Bits per second of a video, all layers together.
    package var videoBits: Int {
        if let videoBitrate { return videoBitrate }
        let sizes = max(layers.encodings, layers.spatial)
        // Each size has a third of the bits of the next larger one.
        return [1, 4, 13][sizes - 1] * resolution.bitrate / [1, 3, 9][sizes - 1]
    }

    /// Refuses what cannot be run.
    ///
    /// - Throws: ``LoadPlanError`` with the option to change.
    package func validate() throws(LoadPlanError) {
        try Self.check(url: server, option: "server", schemes: ["ws", "wss", "http", "https"])
        if let metrics { try Self.check(url: metrics, option: "--metrics", schemes: ["http"]) }
        try validatePeople()
        try validateMedia()
        try validateLimits()
    }

    private func validatePeople() throws(LoadPlanError) {
        try Self.check(rooms, in: 1...10_000, "--rooms")
        try Self.check(publishers, in: 0...1_000, "--publishers")
        try Self.check(subscribers, in: 0...10_000, "--subscribers")
        guard clients > 0 else { throw LoadPlanError("--publishers", "nobody would join: name some clients") }
        guard clients <= Self.maximumClients else {
            throw LoadPlanError("--rooms", "\(clients) clients are more than \(Self.maximumClients)")
        }
        guard (1...100).contains(roomPrefix.utf8.count), roomPrefix.unicodeScalars.allSatisfy({ $0.value >= 0x20 })
        else { throw LoadPlanError("--room-prefix", "it has 1 to 100 bytes and no control characters") }
        if let watch { try Self.check(watch, in: 1...1_000, "--watch") }
        if let watchedLayer { try Self.check(watchedLayer, in: 0...2, "--watch-layer") }
        try Self.check(joinRate, in: 0.1...10_000, "--join-rate")
        try Self.check(duration, in: .seconds(1)...(.seconds(86_400)), "--duration")
        try Self.check(threads, in: 1...256, "--threads")
        if let token, token.isEmpty { throw LoadPlanError("--token", "it is empty") }
    }

    private func validateMedia() throws(LoadPlanError) {
        let isScalable = codec == .vp9 || codec == .av1
        guard layers.spatial == 1 || isScalable else {
            throw LoadPlanError("--layers", "\(codec.rawValue) has no spatial layers in one stream; use vp9 or av1")
        }
        guard layers.spatial == 1 || layers.encodings == 1 else {
            throw LoadPlanError("--layers", "simulcast streams of several spatial layers each are not sent")
        }
        if let videoBitrate { try Self.check(videoBitrate, in: 10_000...100_000_000, "--video-bitrate") }
        try Self.check(frameRate, in: 1...240, "--frame-rate")
        try Self.check(audioBitrate, in: 16_000...400_000, "--audio-bitrate")
        try Self.check(messageRate, in: 0...1_000, "--messages")
        try Self.check(messageBytes, in: LoadMessage.headerBytes...262_144, "--message-size")
    }

    private func validateLimits() throws(LoadPlanError) {
        for (path, side) in [(network.up, "up"), (network.down, "down")] {
            try Self.check(path.loss, in: 0...1, "--loss-\(side)")
            try Self.check(path.delay, in: .zero...(.seconds(10)), "--delay-\(side)")
            try Self.check(path.jitter, in: .zero...(.seconds(10)), "--jitter-\(side)")
        }
        if let loss = limits.loss { try Self.check(loss, in: 0...1, "--max-loss") }
        if let delay = limits.delayP99 { try Self.check(delay, in: .zero...(.seconds(600)), "--max-delay-p99") }
        if let join = limits.joinP99 { try Self.check(join, in: .zero...(.seconds(600)), "--max-join-p99") }
    }

    /// Clients of one tester at most.
    package static let maximumClients = 50_000

    private static func check<Value: Comparable>(
        _ value: Value,
        in range: ClosedRange<Value>,
        _ option: String
    ) throws(LoadPlanError) {
        guard range.contains(value) else {
            throw LoadPlanError(option, "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    private static func check(url text: String, option: String, schemes: [String]) throws(LoadPlanError) {
        guard let url = URLComponents(string: text), let host = url.host, !host.isEmpty,
            let scheme = url.scheme?.lowercased(), schemes.contains(scheme)
        else {
            throw LoadPlanError(option, "\"\(text)\" is no URL with \(schemes.joined(separator: ", "))")
        }
    }
}

/// What is wrong with a plan.
package struct LoadPlanError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The option of `swiftlet load` to change.
    package let option: String
    /// What is wrong with it, for people.
    package let message: String

    package init(_ option: String, _ message: String) { (self.option, self.message) = (option, message) }

    /// Both.
    package var description: String { "\(option): \(message)" }
}

extension VideoLayers {
    /// Reads `single`, `simulcast`, `simulcast2`, or a scalability mode such as `L3T3_KEY`, `L1T3` or `S2T1`.
    ///
    /// - Parameter text: The name.
    /// - Throws: ``LoadPlanError`` for anything else.
    package init(parsing text: String) throws(LoadPlanError) {
        switch text.lowercased() {
        case "single": self = .single
        case "simulcast", "simulcast3": self = .simulcast(3)
        case "simulcast2": self = .simulcast(2)
        default:
            let upper = Array(text.uppercased())
            let isKey = upper.count == 8 && String(upper[4...]) == "_KEY"
            guard upper.count == 4 || isKey, ["L", "S"].contains(upper[0]), upper[2] == "T",
                let spatial = upper[1].wholeNumberValue, let temporal = upper[3].wholeNumberValue,
                (1...3).contains(spatial), (1...3).contains(temporal), !(isKey && (spatial == 1 || upper[0] == "S")),
                !(upper[0] == "S" && spatial == 1)
            else {
                throw LoadPlanError(
                    "--layers",
                    "\"\(text)\" is none of single, simulcast, simulcast2 and modes such as L3T3_KEY"
                )
            }
            let prediction: Prediction = upper[0] == "S" ? .none : isKey ? .keyPictures : .full
            self = VideoLayers(spatial: spatial, temporal: temporal, prediction: prediction)
        }
    }

    /// As ``init(parsing:)`` reads it.
    package var name: String {
        if encodings > 1 { return encodings == 3 ? "simulcast" : "simulcast\(encodings)" }
        if spatial == 1, temporal == 1 { return "single" }
        let suffix = spatial > 1 && prediction == .keyPictures ? "_KEY" : ""
        return "\(spatial > 1 && prediction == .none ? "S" : "L")\(spatial)T\(temporal)\(suffix)"
    }
}
