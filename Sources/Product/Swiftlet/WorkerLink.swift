// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import Synchronization

/// Takes what a worker says about one object.
protocol NotificationTarget: AnyObject, Sendable {
    /// Called in the order in which the worker spoke.
    func handle(_ notification: ControlNotification)
}

/// An object's way to its worker, and the worker's way to its objects.
///
/// An object is entered before the request that creates it is sent, so that nothing the worker says of it is missed.
final class WorkerLink: Sendable {
    let channel: any WorkerChannel
    /// What makes consumers and transports passes here first.
    let gate = RequestGate()
    private let inbox: WorkerInbox

    init(channel: any WorkerChannel, inbox: WorkerInbox) { (self.channel, self.inbox) = (channel, inbox) }

    func enter(_ id: String, _ target: any NotificationTarget) { inbox.enter(id, target) }

    func remove(_ id: String) { inbox.remove(id) }

    /// Asks the worker for nothing but that it be done.
    func request(_ request: ControlRequest) async throws(SwiftletError) {
        try await self.request(request) { reply -> Void? in if case .done = reply { () } else { nil } }
    }

    /// Asks the worker.
    ///
    /// - Parameters:
    ///   - request: What to ask.
    ///   - answer: Takes the answer, or gives `nil` for one that does not belong to the request; called before anything
    ///     that the worker says after it.
    /// - Returns: What `answer` made of it.
    /// - Throws: What the worker refused it with, or ``SwiftletError/Code/workerLost``.
    func request<Answer: Sendable>(
        _ request: ControlRequest,
        _ answer: @escaping @Sendable (ControlReply) -> Answer?
    ) async throws(SwiftletError) -> Answer {
        let result: Result<Answer, SwiftletError> = await withCheckedContinuation { continuation in
            channel.send(request) { result in
                continuation.resume(
                    returning: result.flatMap { reply in
                        answer(reply).map { .success($0) } ?? .failure(Self.unexpected(reply))
                    }
                )
            }
        }
        return try result.get()
    }

    private static func unexpected(_ reply: ControlReply) -> SwiftletError {
        SwiftletError(.internal, "the worker answered something else: \(reply)")
    }
}

/// Where a channel's events arrive, from before there is a ``Worker`` to take them.
final class WorkerInbox: Sendable {
    private struct State {
        var targets: [String: any NotificationTarget] = [:]
        var worker: Worker?
        var early: [WorkerChannelEvent] = []
    }

    private let state = Mutex(State())

    func enter(_ id: String, _ target: any NotificationTarget) {
        state.withLock { $0.targets[id] = target }
    }

    func remove(_ id: String) {
        state.withLock { _ = $0.targets.removeValue(forKey: id) }
    }

    /// Hands the worker what has come already, and everything from now on.
    func attach(_ worker: Worker) {
        let early = state.withLock { state in
            state.worker = worker
            defer { state.early = [] }
            return state.early
        }
        for event in early { handle(event) }
    }

    func handle(_ event: WorkerChannelEvent) {
        switch event {
        case .notification(let notification):
            if let id = notification.objectId {
                state.withLock { $0.targets[id] }?.handle(notification)
            } else {
                worker(orKeep: event)?.handle(notification)
            }
        case .ended(let reason):
            worker(orKeep: event)?.channelEnded(reason: reason)
        case .exited(let status):
            guard let worker = worker(orKeep: event) else { return }
            // Nothing comes any more: lets go of the worker, which holds this inbox.
            state.withLock { $0 = State() }
            worker.exited(status: status)
        }
    }

    private func worker(orKeep event: WorkerChannelEvent) -> Worker? {
        state.withLock { state in
            if state.worker == nil { state.early.append(event) }
            return state.worker
        }
    }
}

extension ControlNotification {
    /// The object that the notification is about, or `nil` when that is the worker.
    fileprivate var objectId: String? {
        switch self {
        case .workerRunning, .log, .notificationsDropped: nil
        case .iceStateChanged(let id, _), .iceSelectedTupleChanged(let id, _), .dtlsStateChanged(let id, _, _): id
        case .listenServerClosed(let id): id
        case .producerScore(let id, _), .consumerScore(let id, _): id
        case .consumerProducerPaused(let id), .consumerProducerResumed(let id), .consumerProducerClosed(let id): id
        case .consumerLayersChanged(let id, _), .consumerTrace(let id, _): id
        case .producerDemand(let id, _), .producerVideoOrientationChanged(let id, _), .producerTrace(let id, _): id
        case .consumerRtp(let id, _), .transportRtcp(let id, _): id
        case .sctpStateChanged(let id, _, _), .dataChannelOpened(let id, _), .dataChannelClosed(let id, _): id
        case .dataConsumerProducerPaused(let id), .dataConsumerProducerResumed(let id): id
        case .dataConsumerProducerClosed(let id), .dataConsumerSendBufferFull(let id): id
        case .dataConsumerBufferedAmountLow(let id, _), .dataConsumerMessage(let id, _, _): id
        case .audioLevels(let id, _), .audioSilence(let id), .dominantSpeaker(let id, _): id
        }
    }
}
