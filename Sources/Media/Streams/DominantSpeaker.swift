// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Who speaks, of all producers of an ActiveSpeakerObserver: the algorithm of Volfin and Cohen ("Dominant speaker
/// identification for multipoint videoconferencing", 2012).
///
/// It compares speech over three lengths of time, so that neither a cough nor a short answer takes the floor, but a
/// sentence does. A score says how much likelier than not the loud subunits of a length of time are speech; who bids for
/// the floor must beat the present speaker in all three. Each producer has a place, from ``join(now:)`` to ``leave(_:)``.
package struct DominantSpeaker: Sendable {
    /// Most producers of one observer.
    package static let producerLimit = 1024

    /// By what the logarithm of a bidder's score must exceed that of the present speaker, for each length of time: C1, C2
    /// and C3.
    package static let margins: (immediate: Double, medium: Double, long: Double) = (3, 2, 0)

    /// The place of who speaks; `nil` before anybody did.
    package private(set) var dominant: Int?
    private var speakers: [Speaker?] = []

    package init() {}

    /// A place for one more producer, or `nil` when there are ``producerLimit``.
    package mutating func join(now: Instant) -> Int? {
        if let free = speakers.firstIndex(where: { $0 == nil }) {
            speakers[free] = Speaker(now: now)
            return free
        }
        guard speakers.count < Self.producerLimit else { return nil }
        speakers.append(Speaker(now: now))
        return speakers.count - 1
    }

    /// Gives a place back; where it was that of who speaks, ``evaluate(now:)`` finds another.
    package mutating func leave(_ place: Int) {
        guard speakers.indices.contains(place) else { return }
        speakers[place] = nil
        if dominant == place { dominant = nil }
    }

    /// Takes a producer out of the running, or lets it in again; what comes meanwhile counts nothing.
    package mutating func setPaused(_ isPaused: Bool, _ place: Int) {
        guard speakers.indices.contains(place) else { return }
        speakers[place]?.isPaused = isPaused
    }

    /// Takes in the level of one packet.
    ///
    /// - Parameters:
    ///   - level: −dBov, 0 the loudest and 127 silence, RFC 6464 §3; a higher bit is left out.
    ///   - timestamp: The packet's media time, which alone tells how long it is since the one before and which is late.
    ///   - clockRate: Units of `timestamp` in a second.
    ///   - place: Whose it is.
    ///   - now: When it arrived.
    package mutating func add(level: UInt8, timestamp: UInt32, clockRate: UInt32, of place: Int, now: Instant) {
        guard speakers.indices.contains(place) else { return }
        speakers[place]?.add(127 - (level & 0x7F), timestamp: timestamp, clockRate: clockRate, now: now)
    }

    /// Decides who speaks.
    ///
    /// - Returns: The place of a new speaker, or `nil` when it is who it was.
    package mutating func evaluate(now: Instant) -> Int? {
        for place in speakers.indices { speakers[place]?.timeOut(now: now) }
        // Without a speaker, the first takes the floor at once, unless one of the others takes it from him.
        guard let first = dominant ?? speakers.firstIndex(where: { $0?.isPaused == false }),
            let floor = speakers[first]?.scores()
        else { return nil }
        var winner = first
        var best = Self.margins.medium
        for place in speakers.indices where place != first {
            guard let speaker = speakers[place], !speaker.isPaused else { continue }
            let bid = speaker.scores()
            let medium = bid.medium - floor.medium
            guard bid.immediate - floor.immediate > Self.margins.immediate, medium > best,
                bid.long - floor.long > Self.margins.long
            else { continue }
            (winner, best) = (place, medium)
        }
        guard winner != dominant else { return nil }
        dominant = winner
        return winner
    }
}

/// What one producer's last second sounded like.
struct Speaker: Sendable {
    /// The length of a sample, what one packet carries as a rule.
    static let sample: Int64 = 20_000_000
    /// How many samples are kept, a second: 5 to a medium unit, 10 of those to the long one.
    static let sampleCount = 50
    /// With no packet for longer there is silence.
    static let idleTime: Int64 = 40_000_000
    /// Levels in one subunit, (127 + 13 − 1) / 13: what is less above a producer's noise is silence.
    static let subunit = 10
    /// Of how many subunits a sample consists at least to count as speech in its medium unit, less one.
    static let mediumThreshold = 7
    /// Of how many such samples a medium unit consists at least to count in the long one, less one.
    static let longThreshold = 4
    /// How many samples a noise floor holds before it may rise: 15 s.
    static let floorWindow = 750
    /// How much further media time may have moved than time has, in samples: a jitter of 200 ms.
    static let leeway: Int64 = 10

    /// Logarithms of scores.
    typealias Scores = (immediate: Double, medium: Double, long: Double)

    var isPaused = false
    /// A ring, 127 the loudest.
    private var levels = InlineArray<50, UInt8>(repeating: 0)
    private var next = 0
    /// The least level but silence of late, and of the window under way; 0 for none.
    private(set) var floor: UInt8 = 0
    private var nextFloor: UInt8 = 0
    private var nextFloorSamples = 0
    private var heard: Int64
    private var newest: UInt32?

    init(now: Instant) { heard = now.nanoseconds }

    mutating func add(_ level: UInt8, timestamp: UInt32, clockRate: UInt32, now: Instant) {
        let elapsed = max(0, now.nanoseconds &- heard) / Self.sample
        var count: Int64 = 1
        if let newest {
            let unit = max(1, Int64(clockRate) / 50)
            let moved = Int64(Int32(bitPattern: timestamp &- newest)) / unit
            if moved == 0 {
                // A part of the sample before, from a sender of shorter packets, or behind it.
                guard Int32(bitPattern: timestamp &- newest) >= 0 else { return }
                let last = next == 0 ? Self.sampleCount - 1 : next - 1
                levels[last] = max(levels[last], level)
                heard = max(heard, now.nanoseconds)
                return
            }
            // Late, unless media time began anew somewhere else.
            guard moved > 0 || moved < -Int64(Self.sampleCount) else { return }
            count = min(max(moved, 1), elapsed &+ Self.leeway)
        }
        newest = timestamp
        heard = max(heard, now.nanoseconds)
        push(level, count: Int(min(count, Int64(Self.sampleCount))))
    }

    /// Fills the time since the last packet with silence, if it is long.
    mutating func timeOut(now: Instant) {
        let idle = now.nanoseconds &- heard
        guard idle > Self.idleTime else { return }
        push(0, count: Int(min(idle / Self.sample, Int64(Self.sampleCount))))
        heard = now.nanoseconds
        // The time up to here is accounted for.
        newest = nil
    }

    private mutating func push(_ level: UInt8, count: Int) {
        for _ in 0..<count {
            levels[next] = level
            next = next == Self.sampleCount - 1 ? 0 : next + 1
            updateFloor(level)
        }
    }

    /// The floor falls at once and rises slowly, by the geometric mean with the least level of 15 s.
    private mutating func updateFloor(_ level: UInt8) {
        guard level > 0 else { return }
        guard floor > 0, level >= floor else {
            (floor, nextFloor, nextFloorSamples) = (level, 0, 0)
            return
        }
        nextFloor = nextFloor == 0 ? level : min(nextFloor, level)
        nextFloorSamples += 1
        guard nextFloorSamples >= Self.floorWindow else { return }
        floor = UInt8((Double(floor) * Double(nextFloor)).squareRoot())
        (nextFloor, nextFloorSamples) = (0, 0)
    }

    /// How many subunits above silence the sample `age` samples ago has.
    private func immediate(_ age: Int) -> Int {
        let level = Int(levels[(next + Self.sampleCount - 1 - age) % Self.sampleCount])
        return level < Int(floor) + Self.subunit ? 0 : level / Self.subunit
    }

    func scores() -> Scores {
        var firstMedium = 0
        var long = 0
        for unit in 0..<10 {
            var medium = 0
            for age in unit * 5..<unit * 5 + 5 where immediate(age) > Self.mediumThreshold { medium += 1 }
            if unit == 0 { firstMedium = medium }
            if medium > Self.longThreshold { long += 1 }
        }
        return (Self.immediateScores[immediate(0)], Self.mediumScores[firstMedium], Self.longScores[long])
    }

    // ln of max(1e-10, ln C(n, v) + n ln ½ − ln λ + λ v): the score of v active out of n, with λ of how rare activity is in
    // noise at that length of time.

    /// n = 13, λ = 0.78, v to 12.
    static let immediateScores: InlineArray<13, Double> = [
        -23.0258509, -23.0258509, -23.0258509, -23.0258509, -0.0727529087, 0.831872594, 1.2135169,
        1.42197499, 1.5342007, 1.57481139, 1.54618706, 1.42893634, 1.15136202,
    ]
    /// n = 5, λ = 24.
    static let mediumScores: InlineArray<6, Double> = [
        -23.0258509, 2.94262935, 3.77640476, 4.21447736, 4.51048194, 4.73053516,
    ]
    /// n = 10, λ = 47.
    static let longScores: InlineArray<11, Double> = [
        -23.0258509, 3.65120266, 4.46619593, 4.90531828, 5.20710895, 5.43698223, 5.62244764, 5.7776705,
        5.91086451, 6.02712355, 6.12952587,
    ]
}
