// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC
import Synchronization

/// What an observer listens for.
public enum RtpObserverType: String, Codable, Hashable, Sendable, CaseIterable {
    /// Who is loud: an ``AudioLevelObserver``.
    case audioLevel = "audiolevel"
    /// Who speaks: an ``ActiveSpeakerObserver``.
    case activeSpeaker = "activespeaker"
}

/// Listens to some of a router's audio producers, by the level that their packets carry (RFC 6464), decoding nothing.
///
/// A producer that closes is let go of. The observer lives until ``close()``, or until its router or worker closes; after
/// that every other method throws ``SwiftletError/Code/closed``.
public protocol RtpObserver: AnyObject, Sendable {
    /// Names the observer.
    var id: String { get }
    /// What it listens for.
    var type: RtpObserverType { get }
    /// The application's own data.
    var appData: JSONValue { get set }
    /// Whether the observer, or anything it lives in, is closed.
    var closed: Bool { get }
    /// Whether it is paused.
    var paused: Bool { get }

    /// Stops listening.
    func pause() async throws(SwiftletError)
    /// Listens again, as if from the start.
    func resume() async throws(SwiftletError)
    /// Listens to one more producer; a second time does nothing.
    ///
    /// - Parameter producerId: An audio producer of the same router.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/notFound`` for a producer that the router does not have, with
    ///   ``SwiftletError/Code/invalidArgument`` for a video producer, with ``SwiftletError/Code/limitReached`` beyond the
    ///   worker's limit, or with ``SwiftletError/Code/closed``.
    func addProducer(producerId: String) async throws(SwiftletError)
    /// Listens to a producer no more; one that it does not listen to is let be.
    ///
    /// - Parameter producerId: A producer of the same router.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/notFound`` for a producer that the router does not have, or
    ///   with ``SwiftletError/Code/closed``.
    func removeProducer(producerId: String) async throws(SwiftletError)
    /// The inside of the observer, for people who debug.
    func dump() async throws(SwiftletError) -> RtpObserverDump
    /// Ends the observer; closing again does nothing.
    func close() async
}

/// An object that closes with its router.
protocol RouterMember: AnyObject, Sendable {
    func routerClosed()
}

/// What observers have in common: their way to the worker and to their producers.
final class RtpObserverBody: Sendable {
    let id = Identifier.make()
    private let link: WorkerLink
    private weak let router: Router?
    private let isPaused = Mutex(false)

    init(router: Router) { (link, self.router) = (router.link, router) }

    var paused: Bool { isPaused.withLock { $0 } }

    /// The producer of this id, unless it has closed.
    func producer(_ id: String) -> Producer? { router?.producer(id) }

    /// Pauses or resumes; calls `told` when that changed anything.
    func setPaused(_ paused: Bool, told: @escaping @Sendable () -> Void) async throws(SwiftletError) {
        let request = paused ? ControlRequest.pauseRtpObserver(id: id) : .resumeRtpObserver(id: id)
        try await link.request(request) { [self] reply -> Void? in
            guard case .done = reply else { return nil }
            let changed = isPaused.withLock { isPaused in
                defer { isPaused = paused }
                return isPaused != paused
            }
            if changed { told() }
            return ()
        }
    }

    /// Adds a producer, and returns it.
    func add(_ producerId: String) async throws(SwiftletError) -> Producer {
        let producer = try knownProducer(producerId)
        guard producer.kind == .audio else {
            throw SwiftletError(.invalidArgument, "producerId: Producer \"\(producerId)\" is of video, not of audio")
        }
        try await link.request(.addProducerToRtpObserver(observerId: id, producerId: producerId))
        return producer
    }

    /// Removes a producer, and returns it.
    func remove(_ producerId: String) async throws(SwiftletError) -> Producer {
        let producer = try knownProducer(producerId)
        try await link.request(.removeProducerFromRtpObserver(observerId: id, producerId: producerId))
        return producer
    }

    func dump() async throws(SwiftletError) -> RtpObserverDump {
        try await link.request(.dumpRtpObserver(id: id)) {
            if case .rtpObserverDump(let dump) = $0 { dump } else { nil }
        }
    }

    /// Lets go of the worker and the router, once the observer is closed.
    func leave() {
        link.remove(id)
        router?.removeObserver(id)
    }

    /// Tells the worker of the end.
    func close() async { try? await link.request(.closeRtpObserver(id: id)) }

    var closedError: SwiftletError { SwiftletError(.closed, "observer \(id) is closed") }

    private func knownProducer(_ producerId: String) throws(SwiftletError) -> Producer {
        guard let producer = producer(producerId) else {
            throw SwiftletError(.notFound, "Producer with id \"\(producerId)\" not found")
        }
        return producer
    }
}
