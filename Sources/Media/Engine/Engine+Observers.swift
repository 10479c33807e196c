// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletStreams
import SwiftletWire

/// Requests about RTP observers.
extension Engine {
    func createObserver(_ request: ControlRequest.CreateAudioLevelObserver) throws(ControlError) {
        try checkFree(request.id)
        let router = try router(request.routerId)
        guard request.maxEntries > 0 else { throw ControlError(.invalidArgument, "maxEntries is at least 1") }
        guard (-127...0).contains(request.threshold) else {
            throw ControlError(.invalidArgument, "threshold is from -127 to 0 dBov, not \(request.threshold)")
        }
        try add(AudioLevelObserver(request, router: router, board: board), to: router)
    }

    func createObserver(_ request: ControlRequest.CreateActiveSpeakerObserver) throws(ControlError) {
        try checkFree(request.id)
        let router = try router(request.routerId)
        try add(ActiveSpeakerObserver(request, router: router, board: board), to: router)
    }

    private func add(_ observer: RtpObserver, to router: Router) throws(ControlError) {
        try checkRoom(router.observers.count, limits.observersPerRouter, "observers in a router")
        try checkRoom(board.observers.count, limits.observers, "observers")
        router.observers.append(observer)
        board.add(observer: observer)
    }

    func observer(_ id: String) throws(ControlError) -> RtpObserver {
        guard let observer = board.observers[id] else {
            throw ControlError(.notFound, "no RtpObserver with id \"\(id)\"")
        }
        return observer
    }

    func observe(_ producerId: String, by observerId: String, now: Instant) throws(ControlError) {
        let observer = try observer(observerId)
        let producer = try producer(producerId)
        guard producer.kind == .audio else {
            throw ControlError(.invalidArgument, "producerId \"\(producerId)\" is of video; observers listen to audio")
        }
        guard producer.transport.router === observer.router else {
            throw ControlError(.invalidArgument, "producerId \"\(producerId)\" is in another router than the observer")
        }
        guard observer.add(producer, now: now) else {
            throw ControlError(.limitReached, "at most \(AudioLevels.producerLimit) producers in an observer")
        }
    }

    func stopObserving(_ producerId: String, by observerId: String) throws(ControlError) {
        try observer(observerId).remove(try producer(producerId))
    }
}

extension Producer {
    /// Tells the observers how loud a packet is.
    @inline(__always)
    func hear(_ level: UInt8, timestamp: UInt32, clockRate: UInt32, now: Instant) {
        guard !isPaused else { return }
        for tap in taps {
            tap.observer.hear(level, timestamp: timestamp, clockRate: clockRate, of: tap.place, now: now)
        }
    }
}
