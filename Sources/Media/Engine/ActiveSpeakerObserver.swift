// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletStreams
import SwiftletWire

/// Tells who speaks, whenever that changes.
final class ActiveSpeakerObserver: RtpObserver {
    /// What an interval may be, in milliseconds.
    static let intervals = 100...5000

    private var speakers = DominantSpeaker()

    init(_ request: ControlRequest.CreateActiveSpeakerObserver, router: Router, board: Switchboard) {
        let interval = min(max(Int(request.interval), Self.intervals.lowerBound), Self.intervals.upperBound)
        super.init(id: request.id, interval: interval, router: router, board: board)
    }

    override var type: String { "activespeaker" }

    override func join(now: Instant) -> Int? { speakers.join(now: now) }

    override func leave(_ place: Int) {
        let hadFloor = speakers.dominant == place
        speakers.leave(place)
        // Somebody else has it now: the view must not stay on who is gone.
        if hadFloor { hurry() }
    }

    override func setPaused(_ isPaused: Bool, _ place: Int) { speakers.setPaused(isPaused, place) }

    override func hear(_ level: UInt8, timestamp: UInt32, clockRate: UInt32, of place: Int, now: Instant) {
        guard !isPaused else { return }
        speakers.add(level: level, timestamp: timestamp, clockRate: clockRate, of: place, now: now)
    }

    override func evaluate(now: Instant) {
        guard let place = speakers.evaluate(now: now), let producer = producer(at: place) else { return }
        board.notify(.dominantSpeaker(observerId: id, producerId: producer.id))
    }
}
