// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletStreams
import SwiftletWire

/// Tells who is loud, interval by interval, the loudest first.
final class AudioLevelObserver: RtpObserver {
    /// What an interval may be, in milliseconds.
    static let intervals = 250...5000

    private var levels: AudioLevels

    init(_ request: ControlRequest.CreateAudioLevelObserver, router: Router, board: Switchboard) {
        levels = AudioLevels(maxEntries: Int(request.maxEntries), threshold: Int(request.threshold))
        let interval = min(max(Int(request.interval), Self.intervals.lowerBound), Self.intervals.upperBound)
        super.init(id: request.id, interval: interval, router: router, board: board)
    }

    override var type: String { "audiolevel" }

    override func join(now: Instant) -> Int? { levels.join() }

    override func leave(_ place: Int) { levels.leave(place) }

    override func setPaused(_ isPaused: Bool, _ place: Int) { levels.clear(place) }

    override func hear(_ level: UInt8, timestamp: UInt32, clockRate: UInt32, of place: Int, now: Instant) {
        guard !isPaused else { return }
        levels.add(level: level, of: place)
    }

    override func evaluate(now: Instant) { tell(levels.evaluate()) }

    override func reset() { tell(levels.reset()) }

    private func tell(_ outcome: AudioLevels.Outcome) {
        switch outcome {
        case .none: break
        case .silence: board.notify(.audioSilence(observerId: id))
        case .volumes(let volumes):
            let known = volumes.compactMap { one in
                producer(at: one.place).map { AudioLevel(producerId: $0.id, volume: one.volume) }
            }
            board.notify(.audioLevels(observerId: id, volumes: known))
        }
    }
}
