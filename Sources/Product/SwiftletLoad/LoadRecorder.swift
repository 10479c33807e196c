// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import SwiftletClient

/// Counts once a second, and makes the report of it.
actor LoadRecorder {
    /// Everything at one time.
    private struct Moment {
        var at: ContinuousClock.Instant
        var tally = Tally()
        var lag = DelayHistogram()
        /// Seconds of processor time of this process.
        var cpu = 0.0
    }

    nonisolated let began = ContinuousClock.now
    private let plan: LoadPlan
    private let members: [LoadMember]
    private let threads: MediaThreads
    private let metrics: MetricsReader?
    private let started = Date.now
    private var first: Moment
    private var last: Moment
    /// From when on everybody is in, or has failed to get in.
    private var steady: Moment?
    private var allTried = false
    private var series: [LoadReport.Second] = []
    private var servers: [ServerSample] = []
    private var firstSteadyServer: Int?
    private var metricsFailure: String?
    private var failed = 0

    init(plan: LoadPlan, members: [LoadMember], threads: MediaThreads) {
        (self.plan, self.members, self.threads) = (plan, members, threads)
        metrics = plan.metrics.flatMap { MetricsReader($0) }
        first = Moment(at: began, cpu: Self.processorTime())
        last = first
    }

    /// Says that nobody else will come; the time in which everybody is in begins with the next second.
    func everybodyTried() { allTried = true }

    /// Whether everybody has been in for as long as planned, or nobody is there to go on with.
    var isOver: Bool {
        guard let steady else { return false }
        return last.at - steady.at >= plan.duration || last.tally.joined == 0
    }

    /// When to count next.
    var nextSecond: ContinuousClock.Instant {
        let next = last.at + .seconds(1)
        guard let steady else { return next }
        let end = steady.at + plan.duration
        // The last second is not cut in two.
        return end - next < .milliseconds(200) ? end : next
    }

    // MARK: Counting

    /// Counts.
    func sample() async -> LoadProgress {
        async let server = readServer()
        let moment = await moment()
        let sample = await server
        let second = second(from: last, to: moment, sample)
        series.append(second)
        last = moment
        if steady == nil, allTried {
            steady = moment
            firstSteadyServer = servers.isEmpty ? nil : servers.count - 1
        }
        let left = steady.map { max(0, (plan.duration - (moment.at - $0.at)).seconds) }
        return LoadProgress(
            phase: steady == nil ? .joining : .running,
            seconds: second.at,
            left: left,
            planned: plan.clients,
            failed: failed,
            last: second
        )
    }

    private func moment() async -> Moment {
        var moment = Moment(at: .now, tally: await tally(), lag: await threads.lag(), cpu: Self.processorTime())
        // Counting takes time where there are many: half of it lies before what was counted.
        moment.at += (ContinuousClock.now - moment.at) / 2
        return moment
    }

    /// What all members counted, several at a time.
    private func tally() async -> Tally {
        let width = 16
        let slices = (0..<width).map { start in stride(from: start, to: members.count, by: width).map { members[$0] } }
        return await withTaskGroup { group in
            for slice in slices where !slice.isEmpty {
                group.addTask {
                    var tally = Tally()
                    var failed = 0
                    for member in slice {
                        tally.merge(await member.tally())
                        if await !member.failures.isEmpty { failed += 1 }
                    }
                    return (tally, failed)
                }
            }
            var whole = Tally()
            failed = 0
            for await (tally, failures) in group {
                whole.merge(tally)
                failed += failures
            }
            return whole
        }
    }

    private func readServer() async -> ServerSample? {
        guard let metrics else { return nil }
        do throws(MetricsReader.Failure) {
            let sample = try await metrics.read()
            servers.append(sample)
            return sample
        } catch {
            if metricsFailure == nil { metricsFailure = error.reason }
            return nil
        }
    }

    private func second(from before: Moment, to now: Moment, _ server: ServerSample?) -> LoadReport.Second {
        let elapsed = max(0.001, (now.at - before.at).seconds)
        let (old, new) = (before.tally, now.tally)
        func rate(_ after: UInt64, _ before: UInt64) -> Double {
            Double(after >= before ? after - before : 0) / elapsed
        }
        var second = LoadReport.Second()
        second.at = (now.at - began).seconds
        (second.clients, second.subscriptions) = (new.joined, new.subscriptions)
        second.sent = 8 * rate(new.sent.bytes, old.sent.bytes)
        second.received = 8 * rate(new.received.bytes, old.received.bytes)
        second.packets = rate(new.received.packets, old.received.packets)
        let lost = Double(max(0, new.received.lost - old.received.lost)) / elapsed
        second.loss = lost > 0 ? lost / (lost + second.packets) : 0
        second.freezes = new.received.freezes - min(new.received.freezes, old.received.freezes)
        second.messages = rate(new.messages.received, old.messages.received)
        let delay = new.delay.since(old.delay)
        second.delayP50Ms = delay.percentile(0.5)?.milliseconds
        second.delayP99Ms = delay.percentile(0.99)?.milliseconds
        second.lagP99Ms = now.lag.since(before.lag).percentile(0.99)?.milliseconds
        second.testerCPU = (now.cpu - before.cpu) / elapsed
        if let server {
            second.serverBytes = server.bytes
            if servers.count > 1, let used = server.cores(since: servers[servers.count - 2]) {
                (second.serverCPU, second.busiestWorker) = (used.all, used.busiest)
            }
        }
        return second
    }

    /// Seconds of processor time that this process has used.
    private static func processorTime() -> Double {
        var usage = rusage()
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    // MARK: Reporting

    /// Counts for the last time, and says what there was.
    func report(isCutShort: Bool) async -> LoadReport {
        let end = await moment()
        let base = steady ?? first
        let elapsed = max(0.001, (end.at - base.at).seconds)
        var report = LoadReport()
        (report.started, report.server, report.plan) = (started, plan.server, plan.settings)
        report.seconds = (end.at - began).seconds
        report.steadySeconds = steady == nil ? 0 : elapsed
        report.isCutShort = isCutShort
        (report.sent, report.received) = (end.tally.sent, end.tally.received)
        report.received.updateShares()
        (report.sent.publications, report.received.subscriptions) = (end.tally.publications, end.tally.subscriptions)
        func rate(_ after: UInt64, _ before: UInt64) -> Double {
            Double(after >= before ? after - before : 0) / elapsed
        }
        report.sent.bitrate = 8 * rate(end.tally.sent.bytes, base.tally.sent.bytes)
        report.received.bitrate = 8 * rate(end.tally.received.bytes, base.tally.received.bytes)
        report.received.packetRate = rate(end.tally.received.packets, base.tally.received.packets)
        report.delay = Percentiles(end.tally.delay.since(base.tally.delay))
        report.lag = Percentiles(end.lag.since(base.lag))
        report.testerCPU = (end.cpu - base.cpu) / elapsed
        if plan.messageRate > 0 {
            report.messages = end.tally.messages
            report.messages?.delay = Percentiles(end.tally.messageDelay.since(base.tally.messageDelay))
        }
        report.series = series
        report.use = use(packetRate: report.received.packetRate)
        await addMembers(to: &report)
        report.notes = notes(report)
        report.broken = plan.limits.broken(by: report)
        return report
    }

    private func addMembers(to report: inout LoadReport) async {
        report.clients.planned = members.count
        var (ready, signalling, ice, dtls) = ([Double](), [Double](), [Double](), [Double]())
        var (packets, frames) = ([Double](), [Double]())
        var reasons: [String: LoadReport.Failure] = [:]
        for member in members {
            let standing = await member.standing()
            report.clients.tried += standing.hasTried ? 1 : 0
            report.clients.joined += standing.hasJoined ? 1 : 0
            report.clients.lost += standing.isLost ? 1 : 0
            for failure in await member.failures {
                let code = failure.error.code.rawValue
                let empty = LoadReport.Failure(
                    step: failure.step,
                    code: code,
                    example: failure.error.message,
                    count: 0
                )
                reasons["\(failure.step) \(code)", default: empty].count += 1
            }
            let times = await member.times()
            if let time = times.ready {
                report.clients.connected += 1
                ready.append(time)
            }
            if let time = times.signalling { signalling.append(time) }
            ice += times.ice
            dtls += times.dtls
            packets += times.firstPackets
            frames += times.firstFrames
        }
        report.failures = reasons.values.sorted { ($1.count, $0.step, $0.code) < ($0.count, $1.step, $1.code) }
        (report.joining.ready, report.joining.signalling) = (Percentiles(ready), Percentiles(signalling))
        (report.joining.ice, report.joining.dtls) = (Percentiles(ice), Percentiles(dtls))
        (report.joining.firstPacket, report.joining.firstFrame) = (Percentiles(packets), Percentiles(frames))
    }

    private func use(packetRate: Double) -> LoadReport.ServerUse? {
        let start = firstSteadyServer ?? 0
        guard start < servers.count - 1, let used = servers[servers.count - 1].cores(since: servers[start]) else {
            return nil
        }
        var use = LoadReport.ServerUse()
        (use.cpu, use.busiestWorker) = (used.all, used.busiest)
        use.workers = servers[servers.count - 1].workerCPU.count
        use.residentPeak = servers.map(\.bytes).max() ?? 0
        use.cpuPeak = series.compactMap(\.serverCPU).max() ?? used.all
        if packetRate > 0 { use.cpuPerPacketUs = used.all / packetRate * 1e6 }
        return use
    }

    private func notes(_ report: LoadReport) -> [String] {
        var notes: [String] = []
        if report.isCutShort { notes.append("The run was ended before its time.") }
        if steady == nil { notes.append("It ended while clients were joining: rates and delay are of the whole run.") }
        if let lag = report.lag.p99, lag > Self.noticeableLag || report.sent.framesSkipped > 0 {
            notes.append(
                "The tester was late itself (p99 \(Figures.ms(lag)) ms, \(report.sent.framesSkipped) frames left out): "
                    + "delays are partly its own. Use fewer clients, --threads, or more machines."
            )
        }
        if report.received.faults > 0 {
            notes.append("\(report.received.faults) faults that no network can cause: a bug in the server or here.")
        }
        if let metricsFailure { notes.append("The server's side is missing or has holes: \(metricsFailure)") }
        return notes
    }

    /// Milliseconds of lag from which on a reader should know.
    private static let noticeableLag = 10.0
}

extension LoadPlan.Limits {
    /// Which of them a report breaks, in words.
    package func broken(by report: LoadReport) -> [String] {
        var broken: [String] = []
        func judge(_ option: String, _ value: Double?, _ limit: Double?, _ show: (Double) -> String) {
            guard let limit else { return }
            guard let value else { return broken.append("\(option): nothing was measured") }
            if value > limit { broken.append("\(option): \(show(value)) is over \(show(limit))") }
        }
        let loss = report.received.packets > 0 ? report.received.lossAfterRepair : nil
        judge("--max-loss", loss, self.loss) { Figures.percent($0) }
        judge("--max-delay-p99", report.delay.p99, delayP99?.milliseconds) { Figures.ms($0) + " ms" }
        judge("--max-join-p99", report.joining.ready.p99, joinP99?.milliseconds) { Figures.ms($0) + " ms" }
        return broken
    }
}
