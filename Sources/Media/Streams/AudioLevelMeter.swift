// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The mean loudness of one producer over one interval of an observer.
package struct AudioLevelMeter: BitwiseCopyable, Equatable, Sendable {
    /// With fewer samples, 200 ms of sound, a mean says nothing.
    package static let minimumSamples: UInt32 = 10

    private var sum: UInt32 = 0
    private var count: UInt32 = 0

    package init() {}

    /// Takes in the level of one packet.
    ///
    /// - Parameter level: −dBov, 0 the loudest and 127 silence, RFC 6464 §3; a higher bit is left out.
    @inline(__always)
    package mutating func add(level: UInt8) {
        // 2²⁴ samples are a day and a half of packets: no interval holds them.
        guard count < 1 << 24 else { return }
        sum &+= UInt32(level & 0x7F)
        count &+= 1
    }

    /// The mean in dBov, −127 to 0, rounded to the nearest; `nil` with too few samples.
    ///
    /// The next interval begins.
    package mutating func take() -> Int? {
        defer { self = AudioLevelMeter() }
        guard count >= Self.minimumSamples else { return nil }
        return -Int((sum + count / 2) / count)
    }
}

/// Who is loud, interval by interval: what an AudioLevelObserver tells.
///
/// Each producer has a place, from ``join()`` to ``leave(_:)``.
package struct AudioLevels: Sendable {
    /// Most producers of one observer.
    package static let producerLimit = 1024

    /// What one interval came to.
    package enum Outcome: Equatable, Sendable {
        /// Nothing to tell.
        case none
        /// Those at or above the threshold, the loudest first; equal ones in the order of their places.
        case volumes([Volume])
        /// Nobody is loud any more; told once.
        case silence
    }

    /// The mean of one producer.
    package struct Volume: Equatable, Sendable {
        package var place: Int
        /// −127 to 0 dBov.
        package var volume: Int

        package init(place: Int, volume: Int) { (self.place, self.volume) = (place, volume) }
    }

    private let maxEntries: Int
    private let threshold: Int
    private var meters: [AudioLevelMeter?] = []
    private var isSilent = true

    /// - Parameters:
    ///   - maxEntries: Most producers of one outcome, at least 1.
    ///   - threshold: What is quieter is left out, −127 to 0 dBov.
    package init(maxEntries: Int = 1, threshold: Int = -80) {
        (self.maxEntries, self.threshold) = (max(1, maxEntries), threshold)
    }

    /// A place for one more producer, or `nil` when there are ``producerLimit``.
    package mutating func join() -> Int? {
        if let free = meters.firstIndex(where: { $0 == nil }) {
            meters[free] = AudioLevelMeter()
            return free
        }
        guard meters.count < Self.producerLimit else { return nil }
        meters.append(AudioLevelMeter())
        return meters.count - 1
    }

    /// Gives a place back.
    package mutating func leave(_ place: Int) {
        guard meters.indices.contains(place) else { return }
        meters[place] = nil
    }

    /// Forgets what a producer brought in the interval under way, as when it pauses.
    package mutating func clear(_ place: Int) {
        guard meters.indices.contains(place), meters[place] != nil else { return }
        meters[place] = AudioLevelMeter()
    }

    /// Takes in the level of one packet, see ``AudioLevelMeter/add(level:)``.
    package mutating func add(level: UInt8, of place: Int) {
        guard meters.indices.contains(place) else { return }
        meters[place]?.add(level: level)
    }

    /// Ends an interval and begins the next.
    package mutating func evaluate() -> Outcome {
        var loud: [Volume] = []
        for place in meters.indices {
            guard let volume = meters[place]?.take(), volume >= threshold else { continue }
            loud.append(Volume(place: place, volume: volume))
        }
        guard !loud.isEmpty else { return fallSilent() }
        isSilent = false
        loud.sort { ($1.volume, $0.place) < ($0.volume, $1.place) }
        return .volumes(Array(loud.prefix(maxEntries)))
    }

    /// Forgets the interval under way, as when pausing: nobody is loud any more.
    ///
    /// - Returns: ``Outcome/silence`` if that is news.
    package mutating func reset() -> Outcome {
        for place in meters.indices where meters[place] != nil { meters[place] = AudioLevelMeter() }
        return fallSilent()
    }

    private mutating func fallSilent() -> Outcome {
        guard !isSilent else { return .none }
        isSilent = true
        return .silence
    }
}
