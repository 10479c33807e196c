// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient
import Synchronization

/// How a load test stands, once a second.
package struct LoadProgress: Sendable {
    /// What it is doing.
    package enum Phase: String, Sendable {
        case joining, running
    }

    /// What it is doing.
    package var phase: Phase
    /// Seconds since it began.
    package var seconds: Double
    /// Seconds of the time in which everybody is in that are left; `nil` before.
    package var left: Double?
    /// Clients that should be there in the end.
    package var planned: Int
    /// Clients that failed or were lost.
    package var failed: Int
    /// What was seen in the last second.
    package var last: LoadReport.Second
}

/// A load test: it runs once.
///
/// ```swift
/// var plan = LoadPlan(server: "wss://media.example")
/// (plan.rooms, plan.layers) = (10, .simulcast())
/// let report = try await LoadRun(plan).run()
/// print(report.table())
/// ```
package final class LoadRun: Sendable {
    /// What it does.
    package let plan: LoadPlan
    private let isStopped = Atomic<Bool>(false)

    /// A run of a plan, ready to begin.
    ///
    /// - Parameter plan: What it shall do.
    /// - Throws: ``LoadPlanError`` for a plan that cannot be run, here or at all.
    package init(_ plan: LoadPlan) throws(LoadPlanError) {
        try plan.validate()
        let (needed, allowed) = (plan.clients * Self.socketsPerClient + 64, MediaThreads.raiseSocketLimit())
        guard needed <= allowed else {
            throw LoadPlanError(
                "--rooms",
                "\(plan.clients) clients need some \(needed) sockets and this process may have \(allowed): raise the "
                    + "limit (ulimit -Hn), or use several testers"
            )
        }
        self.plan = plan
    }

    /// One for signalling, and one for each transport.
    private static let socketsPerClient = 3

    /// Ends the run before its time; the report is made all the same.
    package func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Whether it was told to stop.
    var mustStop: Bool { isStopped.load(ordering: .relaxed) }

    /// Runs the test.
    ///
    /// - Parameter onProgress: Called once a second.
    /// - Returns: What was seen.
    package func run(onProgress: @escaping @Sendable (LoadProgress) -> Void = { _ in }) async -> LoadReport {
        let threads = MediaThreads(count: plan.threads)
        let members = plan.places.map { LoadMember($0, plan, threads) }
        let recorder = LoadRecorder(plan: plan, members: members, threads: threads)
        await withTaskGroup { group in
            group.addTask { [self] in
                await joinAll(members, began: recorder.began)
                await recorder.everybodyTried()
            }
            while await !recorder.isOver, !mustStop {
                await pause(until: await recorder.nextSecond)
                let progress = await recorder.sample()
                onProgress(progress)
            }
        }
        let isCutShort = await !recorder.isOver
        await settle(members)
        let report = await recorder.report(isCutShort: isCutShort)
        await withTaskGroup { group in
            for member in members { group.addTask { await member.leave() } }
        }
        threads.stop()
        return report
    }

    private func joinAll(_ members: [LoadMember], began: ContinuousClock.Instant) async {
        await withDiscardingTaskGroup { group in
            for (index, member) in members.enumerated() {
                await pause(until: began + .seconds(Double(index) / plan.joinRate))
                guard !mustStop else { return }
                group.addTask { await member.join() }
            }
        }
    }

    /// Waits, but not when the run is over.
    private func pause(until instant: ContinuousClock.Instant) async {
        while !mustStop {
            let rest = instant - .now
            guard rest > .zero else { return }
            try? await Task.sleep(for: min(rest, .milliseconds(100)))
        }
    }

    /// Lets what was lost last be noticed: by packets behind it that get through.
    private func settle(_ members: [LoadMember]) async {
        guard plan.network.up.loss > 0 || plan.network.down.loss > 0 else { return }
        await withTaskGroup { group in
            for member in members { group.addTask { await member.stopLosing() } }
        }
        let (up, down) = (plan.network.up, plan.network.down)
        try? await Task.sleep(for: .milliseconds(500) + up.delay + up.jitter + down.delay + down.jitter)
    }
}
