// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import SwiftletClient
import SwiftletLoad
import UnixSignals

/// `swiftlet load`: clients without browsers join a server, send, receive, and check what arrives.
struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load a server with clients and report what they saw.",
        discussion: """
            Clients join through the real signalling, send synthetic audio and video, and check every packet they \
            receive. Examples:

              swiftlet load ws://127.0.0.1:8080
              swiftlet load wss://media.example --rooms 20 --publishers 4 --subscribers 0 --layers simulcast
              swiftlet load wss://media.example --publishers 1 --subscribers 200 --join-rate 50 --html report.html
              swiftlet load wss://media.example --loss-down 2 --delay-down 40 --jitter-down 10
              swiftlet load wss://media.example --max-loss 0.1 --max-delay-p99 150 --json - > result.json

            It exits with 1 when nobody could join and with 2 when a limit (--max-...) was broken. Ctrl-C ends the run \
            early, with its report; a second one ends it at once.
            """
    )

    @Argument(help: "The server: wss://host, ws://host:port, https or http.") var server: String
    @OptionGroup(title: "Who joins") var people: People
    @OptionGroup(title: "What is sent") var media: Media
    @OptionGroup(title: "The network of each client") var network: Network
    @OptionGroup(title: "The report") var output: Output

    func run() async throws {
        let run: LoadRun
        do throws(LoadPlanError) {
            run = try LoadRun(try plan())
        } catch {
            throw ValidationError(error.description)
        }
        let progress = ProgressLine(isTerminal: isatty(STDERR_FILENO) == 1)
        let report = await withTaskGroup { group in
            group.addTask {
                var hasAsked = false
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                    // POSIX: 128 and the number of SIGINT.
                    if hasAsked { Foundation.exit(130) }
                    hasAsked = true
                    run.stop()
                }
            }
            let report = await run.run { progress.show($0) }
            group.cancelAll()
            return report
        }
        progress.end()
        try output.write(report)
        guard report.anybodyJoined else { throw ExitCode(1) }
        guard report.broken.isEmpty else { throw ExitCode(2) }
    }

    /// What the options say.
    func plan() throws(LoadPlanError) -> LoadPlan {
        var plan = LoadPlan(server: server)
        try people.apply(to: &plan)
        try media.apply(to: &plan)
        try network.apply(to: &plan)
        try output.apply(to: &plan)
        return plan
    }
}

extension Load {
    /// Rooms and clients.
    struct People: ParsableArguments {
        @Option(help: "Rooms.") var rooms = 1
        @Option(help: "Those who send, in each room.") var publishers = 2
        @Option(help: "Those who only receive, in each room.") var subscribers = 2
        @Flag(help: "Let publishers only send.") var publishersOnlySend = false
        @Option(help: "Publishers that each client receives at most. (default: all of its room)") var watch: Int?
        @Option(help: "The highest spatial layer that clients ask for, 0 to 2. (default: the best)")
        var watchLayer: Int?
        @Flag(help: "Do not check video frame by frame: less memory for each stream, no faults found.")
        var noChecks = false
        @Option(help: "Clients that begin to join each second.") var joinRate = 20.0
        @Option(help: "Seconds that everybody stays once the last has come in.") var duration = 30.0
        @Option(help: "Rooms are named this and a number.") var roomPrefix = "load"
        @Option(help: "Access token, sent as token in the URL.") var token: String?
        @Flag(help: "Accept any certificate of the server.") var anyCertificate = false
        @Option(help: "Seed of ids and losses. (default: a new one)") var seed: UInt64?
        @Option(help: "Threads for media. (default: one for every two cores)") var threads: Int?

        func apply(to plan: inout LoadPlan) throws(LoadPlanError) {
            (plan.rooms, plan.publishers, plan.subscribers) = (rooms, publishers, subscribers)
            (plan.publishersReceive, plan.watch, plan.watchedLayer) = (!publishersOnlySend, watch, watchLayer)
            plan.checksMedia = !noChecks
            (plan.joinRate, plan.roomPrefix, plan.token) = (joinRate, roomPrefix, token)
            plan.duration = try Load.time(duration, unit: .seconds(1), "--duration")
            plan.verifiesCertificate = !anyCertificate
            if let seed { plan.seed = seed }
            if let threads { plan.threads = threads }
        }
    }

    /// Audio, video and data.
    struct Media: ParsableArguments {
        @Option(help: "both, audio, video or none.") var media = LoadPlan.Media.both
        @Option(help: "vp8, vp9, h264 or av1.") var codec = VideoCodec.vp8
        @Option(help: "single, simulcast, simulcast2, or a mode such as L1T3 or, with vp9 and av1, L3T3_KEY.")
        var layers = "single"
        @Option(help: "Size of the largest picture, which says the bitrate: 180p, 360p, 540p, 720p or 1080p.")
        var resolution = LoadPlan.Resolution.p720
        @Option(help: "Bits per second of a video, all layers together. (default: by the resolution)")
        var videoBitrate: Int?
        @Option(help: "Pictures per second.") var frameRate = 30.0
        @Option(help: "Bits per second of a sound.") var audioBitrate = 32_000
        @Option(help: "Data messages that each publisher sends each second.") var messages = 0.0
        @Option(help: "Bytes of a data message.") var messageSize = 200

        func apply(to plan: inout LoadPlan) throws(LoadPlanError) {
            (plan.media, plan.codec, plan.layers) = (media, codec, try VideoLayers(parsing: layers))
            (plan.resolution, plan.videoBitrate, plan.frameRate) = (resolution, videoBitrate, frameRate)
            (plan.audioBitrate, plan.messageRate, plan.messageBytes) = (audioBitrate, messages, messageSize)
        }
    }

    /// What stands between each client and the server.
    struct Network: ParsableArguments {
        @Option(help: "Percent of packets lost on the way to the server.") var lossUp = 0.0
        @Option(help: "Percent of packets lost on the way from the server.") var lossDown = 0.0
        @Option(help: "Milliseconds that packets take to the server.") var delayUp = 0.0
        @Option(help: "Milliseconds that packets take from the server.") var delayDown = 0.0
        @Option(help: "Milliseconds by which packets to the server differ at most.") var jitterUp = 0.0
        @Option(help: "Milliseconds by which packets from the server differ at most.") var jitterDown = 0.0

        func apply(to plan: inout LoadPlan) throws(LoadPlanError) {
            plan.network.up.loss = try Load.share(lossUp, "--loss-up")
            plan.network.down.loss = try Load.share(lossDown, "--loss-down")
            plan.network.up.delay = try Load.time(delayUp, "--delay-up")
            plan.network.down.delay = try Load.time(delayDown, "--delay-down")
            plan.network.up.jitter = try Load.time(jitterUp, "--jitter-up")
            plan.network.down.jitter = try Load.time(jitterDown, "--jitter-down")
        }
    }

    /// Where the report goes, and what it is judged by.
    struct Output: ParsableArguments {
        @Option(help: "The server's metrics, such as http://127.0.0.1:9464/metrics; see serve --metrics-port.")
        var metrics: String?
        @Option(help: "Write the report as JSON to a file, or - for standard output instead of the table.")
        var json: String?
        @Option(help: "Write the report as a page with charts to a file.") var html: String?
        @Option(help: "Percent of packets that may be lost after repair.") var maxLoss: Double?
        @Option(name: .customLong("max-delay-p99"), help: "Milliseconds of delay that 99 % of packets must stay under.")
        var maxDelayP99: Double?
        @Option(
            name: .customLong("max-join-p99"),
            help: "Milliseconds within which 99 % of clients must have their media connected."
        )
        var maxJoinP99: Double?

        func apply(to plan: inout LoadPlan) throws(LoadPlanError) {
            plan.metrics = metrics
            if let maxLoss { plan.limits.loss = try Load.share(maxLoss, "--max-loss") }
            if let maxDelayP99 { plan.limits.delayP99 = try Load.time(maxDelayP99, "--max-delay-p99") }
            if let maxJoinP99 { plan.limits.joinP99 = try Load.time(maxJoinP99, "--max-join-p99") }
        }

        /// Writes what was asked for.
        func write(_ report: LoadReport) throws {
            if json == "-" {
                FileHandle.standardOutput.write(try report.json())
            } else {
                FileHandle.standardOutput.write(Data(report.table().utf8))
                if let json { try report.json().write(to: URL(filePath: json)) }
            }
            if let html { try Data(report.html().utf8).write(to: URL(filePath: html)) }
        }
    }

    fileprivate static func share(_ percent: Double, _ option: String) throws(LoadPlanError) -> Double {
        guard (0...100).contains(percent) else {
            throw LoadPlanError(option, "\(percent) is not from 0 to 100 percent")
        }
        return percent / 100
    }

    /// A number as a duration, where it is one; the plan looks at its size.
    fileprivate static func time(
        _ value: Double,
        unit: Duration = .milliseconds(1),
        _ option: String
    ) throws(LoadPlanError) -> Duration {
        guard value.isFinite, abs(value) < 1e9 else { throw LoadPlanError(option, "\(value) is no time") }
        return unit * value
    }
}
