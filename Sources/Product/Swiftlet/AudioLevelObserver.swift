// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC

/// Tells again and again which of its producers are loud; see ``RtpObserver``.
///
/// Made by ``Router/createAudioLevelObserver(maxEntries:threshold:interval:appData:)``.
public final class AudioLevelObserver: RtpObserver {
    /// How loud a producer was in the last interval.
    public struct Volume: Sendable {
        /// Whose audio.
        public let producer: Producer
        /// The mean, from −127 to 0 dBov.
        public let volume: Int
    }

    /// Something that befell an observer.
    @nonexhaustive public enum Event: Sendable {
        /// The router, or its worker, is closed; the last event.
        case routerClose
        /// The loudest producers of the last interval, the loudest first.
        case volumes([Volume])
        /// Nobody was loud in the last interval; told once, until somebody is.
        case silence
    }

    /// What monitoring tools want to know.
    @nonexhaustive public enum ObserverEvent: Sendable {
        /// It was paused.
        case pause
        /// It was resumed.
        case resume
        /// It listens to one more producer.
        case addProducer(Producer)
        /// It listens to a producer no more, because it was told so.
        case removeProducer(Producer)
        /// The loudest producers of the last interval, the loudest first.
        case volumes([Volume])
        /// Nobody was loud in the last interval; told once, until somebody is.
        case silence
        /// It is closed; the last event.
        case close
    }

    /// Names the observer.
    public var id: String { body.id }
    /// What it listens for: who is loud.
    public var type: RtpObserverType { .audioLevel }
    private let body: RtpObserverBody
    private let core: ObjectCore<Event, ObserverEvent>

    /// The application's own data.
    public var appData: JSONValue {
        get { core.appData }
        set { core.appData = newValue }
    }

    /// Whether the observer, or anything it lives in, is closed.
    public var closed: Bool { core.isClosed }
    /// Whether it is paused.
    public var paused: Bool { body.paused }

    /// What happens to the observer, for monitoring tools.
    public var observer: EventSource<ObserverEvent> { core.observers.source }

    /// The observer's events from now on, in a sequence of the caller's own that ends with the observer.
    public func events() -> some AsyncSequence<Event, Never> & Sendable { core.events.subscribe() }

    init(router: Router, appData: JSONValue) {
        body = RtpObserverBody(router: router)
        core = ObjectCore(appData: appData)
    }

    /// Stops listening.
    public func pause() async throws(SwiftletError) {
        try requireOpen()
        try await body.setPaused(true) { [core] in core.observers.emit(.pause) }
    }

    /// Listens again, as if from the start.
    public func resume() async throws(SwiftletError) {
        try requireOpen()
        try await body.setPaused(false) { [core] in core.observers.emit(.resume) }
    }

    /// Listens to one more producer; a second time does nothing.
    ///
    /// - Parameter producerId: An audio producer of the same router.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/notFound`` for a producer that the router does not have, with
    ///   ``SwiftletError/Code/invalidArgument`` for a video producer, with ``SwiftletError/Code/limitReached`` beyond the
    ///   worker's limit, or with ``SwiftletError/Code/closed``.
    public func addProducer(producerId: String) async throws(SwiftletError) {
        try requireOpen()
        core.observers.emit(.addProducer(try await body.add(producerId)))
    }

    /// Listens to a producer no more; one that it does not listen to is let be.
    ///
    /// - Parameter producerId: A producer of the same router.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/notFound`` for a producer that the router does not have, or
    ///   with ``SwiftletError/Code/closed``.
    public func removeProducer(producerId: String) async throws(SwiftletError) {
        try requireOpen()
        core.observers.emit(.removeProducer(try await body.remove(producerId)))
    }

    /// The inside of the observer, for people who debug.
    public func dump() async throws(SwiftletError) -> RtpObserverDump {
        try requireOpen()
        return try await body.dump()
    }

    /// Ends the observer; closing again does nothing.
    public func close() async {
        guard end(with: nil) else { return }
        await body.close()
    }

    private func end(with last: Event?) -> Bool {
        guard core.close() else { return false }
        body.leave()
        core.events.finish(with: last)
        core.observers.finish(with: .close)
        return true
    }

    private func requireOpen() throws(SwiftletError) {
        if closed { throw body.closedError }
    }
}

extension AudioLevelObserver: RouterMember {
    func routerClosed() { _ = end(with: .routerClose) }
}

extension AudioLevelObserver: NotificationTarget {
    func handle(_ notification: ControlNotification) {
        switch notification {
        case .audioLevels(_, let levels):
            let volumes = levels.compactMap { level in
                body.producer(level.producerId).map { Volume(producer: $0, volume: level.volume) }
            }
            // Empty where all of them have closed meanwhile.
            guard !volumes.isEmpty else { return }
            core.events.emit(.volumes(volumes))
            core.observers.emit(.volumes(volumes))
        case .audioSilence:
            core.events.emit(.silence)
            core.observers.emit(.silence)
        default:
            // Of other kinds of objects.
            return
        }
    }
}
