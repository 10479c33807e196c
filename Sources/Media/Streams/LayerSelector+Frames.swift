// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension LayerSelector {
    /// What choosing by dependency descriptors keeps of a stream.
    ///
    /// A decode target is *intact* when all its frames that others of it depend on were forwarded: it can be forwarded
    /// from any picture on. It becomes so at a frame with its "switch" indication that can be decoded, and ceases to be
    /// when a frame is dropped that it needs. All else (going up and down, K and S modes) follows from this.
    struct FrameState: BitwiseCopyable, Sendable {
        /// No decode target.
        static let none = UInt8.max
        /// So many frames in a row that nobody can read mean that their structure will not come any more.
        static let patience: UInt8 = 30

        /// The structure in force; of structure 0 while it cannot be read.
        var table = DecodeTargets.none
        /// Which of the last 64 frames were forwarded and which dropped: bit k stands for the newest less k.
        var forwarded: UInt64 = 0
        var dropped: UInt64 = 0
        var intact: UInt32 = 0
        /// What the encoder produces.
        var active = UInt32.max
        /// The decode targets within the target, and those whose frame rate is.
        var wanted: UInt32 = 0
        var slowEnough: UInt32 = 0
        /// The wanted ones above the chosen one.
        var above: UInt32 = 0
        /// Those that have the picture size we are after.
        var goal: UInt32 = 0
        /// Of the newest frame.
        var timestamp: UInt32 = 0
        var chosen = FrameState.none
        /// Frames in a row that could not be read.
        var unread: UInt8 = 0

        var needsKeyFrame: Bool {
            guard table.structure != 0 else { return false }
            return unread > Self.patience || goal != 0 && goal & intact == 0
        }

        mutating func adopt(_ targets: DecodeTargets, target: Layers, isKeyFrame: Bool) {
            table = targets
            chosen = Self.none
            intact = isKeyFrame ? targets.all : 0
            retarget(target)
        }

        mutating func retarget(_ target: Layers) {
            (wanted, slowEnough) = (0, 0)
            for index in 0..<table.count {
                let layers = table.layers(of: index)
                guard layers.temporal <= target.temporal else { continue }
                slowEnough |= 1 << UInt32(index)
                if layers.spatial <= target.spatial { wanted |= 1 << UInt32(index) }
            }
            findAbove()
            findGoal()
        }

        private mutating func findAbove() {
            above = wanted
            guard chosen != Self.none else { return }
            let layers = table.layers(of: Int(chosen))
            for index in Bits(wanted) where table.layers(of: index) <= layers { above &= ~(1 << UInt32(index)) }
        }

        mutating func findGoal() {
            let open = wanted & active & table.all
            let sizes = open == 0 ? lowestSize(of: active & table.all) : highest(of: open).spatial
            goal = 0
            for index in Bits(open == 0 ? active & table.all : open) where table.layers(of: index).spatial == sizes {
                goal |= 1 << UInt32(index)
            }
        }

        private func lowestSize(of candidates: UInt32) -> UInt8 {
            var lowest = UInt8.max
            for index in Bits(candidates) { lowest = min(lowest, table.layers(of: index).spatial) }
            return lowest
        }

        private func highest(of candidates: UInt32) -> Layers {
            var highest = Layers(spatial: 0, temporal: 0)
            for index in Bits(candidates) { highest = max(highest, table.layers(of: index)) }
            return highest
        }

        private func index(of layers: Layers, among candidates: UInt32) -> UInt8 {
            for index in Bits(candidates) where table.layers(of: index) == layers { return UInt8(index) }
            return Self.none
        }

        /// The decode target to forward, of those that could be forwarded from here on.
        func best(of usable: UInt32) -> UInt8 {
            let good = usable & wanted
            if good != 0 {
                if chosen != Self.none, good >> UInt32(chosen) & 1 != 0, good & above == 0 { return chosen }
                return index(of: highest(of: good), among: good)
            }
            // Nothing wanted can be had: what is nearest above, at most as fast; or what we have, until a key frame.
            if chosen != Self.none, usable & slowEnough == 0 { return chosen }
            let rest = usable & slowEnough == 0 ? usable : usable & slowEnough
            let size = lowestSize(of: rest)
            var nearest = Self.none
            for index in Bits(rest) where table.layers(of: index).spatial == size {
                if nearest == Self.none || table.layers(of: index) > table.layers(of: Int(nearest)) {
                    nearest = UInt8(index)
                }
            }
            return nearest
        }

        mutating func choose(_ index: UInt8) {
            chosen = index
            findAbove()
        }

        /// Makes room for a newer frame.
        mutating func advance(by distance: Int64) {
            let count = UInt64(clamping: distance)
            (forwarded, dropped) = count < 64 ? (forwarded << count, dropped << count) : (0, 0)
        }

        /// What was decided over the frame `age` before the newest, if it is remembered.
        func decision(age: Int64) -> Bool? {
            guard age >= 0, age < 64 else { return nil }
            let bit: UInt64 = 1 << UInt64(age)
            return forwarded & bit != 0 ? true : dropped & bit != 0 ? false : nil
        }

        mutating func note(_ passes: Bool, age: Int64) {
            guard age >= 0, age < 64 else { return }
            if passes { forwarded |= 1 << UInt64(age) } else { dropped |= 1 << UInt64(age) }
        }
    }

    /// The indications of a frame, a bit for each decode target.
    private struct Kinds {
        let present: UInt32
        let switching: UInt32
        /// Those that are broken without the frame.
        let needed: UInt32

        init(_ indications: UInt64, among all: UInt32) {
            present = (indications | indications >> 1).evenBits & all
            needed = (indications >> 1).evenBits & all
            switching = (indications >> 1 & ~indications).evenBits & all
        }
    }

    /// Decides by the dependency descriptor, once for each frame.
    ///
    /// - Note: AV1 RTP specification, appendix A.
    mutating func selectFrame(
        _ frame: FrameDescription,
        targets: DecodeTargets,
        isKeyFrame: Bool,
        marker: Bool
    ) -> Decision {
        let isNewer = frame.picture > newest
        if isNewer {
            frames.advance(by: frame.picture &- newest)
            newest = frame.picture
        }
        guard frame.targetCount > 0, targets.structure == frame.structure, targets.count > 0 else {
            return selectUnread(frame, isNewer: isNewer, isKeyFrame: isKeyFrame, marker: marker)
        }
        let isLateKey = !isNewer && isKeyFrame && frames.unread > 0
        if frame.structure != frames.table.structure, isNewer || isLateKey {
            frames.adopt(targets, target: target, isKeyFrame: isKeyFrame)
            // What follows the key frame and came before it has passed unread, and what is still to come goes with it.
            if isLateKey { use(target, since: frame) }
        }
        let age = newest &- frame.picture
        if let passes = frames.decision(age: age) { return decided(passes, frame, marker) }
        let passes = isNewer ? decideNewest(frame) : isLateKey || decideLate(frame, age: age)
        frames.note(passes, age: age)
        return decided(passes, frame, marker)
    }

    private func decided(_ passes: Bool, _ frame: FrameDescription, _ marker: Bool) -> Decision {
        guard passes else { return .drop }
        guard !marker, frame.flags.contains(.end),
            let entry = history.entry(atFrame: frame.picture, timestamp: frame.timestamp),
            entry.decodeTarget != LayerHistory.Entry.everything
        else { return .forward(marker: marker) }
        return .forward(marker: frame.spatial == entry.layers.spatial)
    }

    private mutating func decideNewest(_ frame: FrameDescription) -> Bool {
        if frame.activeTargets != frames.active {
            frames.active = frame.activeTargets
            frames.findGoal()
        }
        let kinds = Kinds(frame.indications, among: frames.table.all)
        let missesDropped = frame.references & frames.dropped >> 1 != 0
        let isSound = frame.references & ~(frames.forwarded >> 1) == 0 && !frame.flags.contains(.farReference)
        let joinable = isSound ? kinds.switching : 0
        let broken = missesDropped ? kinds.needed : 0
        // Within a picture the size only grows: the marker bit may be sent already.
        if frame.timestamp != frames.timestamp || frames.chosen == FrameState.none {
            choose((frames.intact | joinable) & frames.active & ~broken, at: frame)
        } else if joinable & frames.above & frames.active != 0 {
            choose(joinable & frames.above & frames.active, at: frame)
        }
        frames.timestamp = frame.timestamp
        frames.unread = 0
        let isPresent = frames.chosen != FrameState.none && kinds.present >> UInt32(frames.chosen) & 1 != 0
        let passes = isPresent && !missesDropped
        if passes { frames.intact |= joinable } else { frames.intact &= ~kinds.needed }
        return passes
    }

    private mutating func choose(_ usable: UInt32, at frame: FrameDescription) {
        let index = frames.best(of: usable)
        guard index != frames.chosen else { return }
        frames.choose(index)
        let layers = frames.table.layers(of: Int(index))
        current = layers
        use(layers, decodeTarget: index, since: frame)
    }

    private mutating func use(
        _ layers: Layers,
        decodeTarget: UInt8 = LayerHistory.Entry.everything,
        since frame: FrameDescription
    ) {
        history.append(
            LayerHistory.Entry(
                since: frame.picture,
                layers: layers,
                decodeTarget: decodeTarget,
                timestamp: frame.timestamp
            )
        )
    }

    private mutating func decideLate(_ frame: FrameDescription, age: Int64) -> Bool {
        guard let entry = history.entry(atFrame: frame.picture, timestamp: frame.timestamp) else { return false }
        guard entry.decodeTarget != LayerHistory.Entry.everything else { return true }
        guard age >= 63 || frame.references & frames.dropped >> UInt64(bitPattern: age &+ 1) == 0 else {
            breakTargets(without: frame)
            return false
        }
        if entry.decodeTarget < 32, frame.indication(Int(entry.decodeTarget)) != 0 { return true }
        // Not for what was in force then, but what is now was joined in the belief that it comes.
        if frame.structure == frames.table.structure, frames.chosen < 32, frame.indication(Int(frames.chosen)) > 1 {
            return true
        }
        breakTargets(without: frame)
        return false
    }

    private mutating func breakTargets(without frame: FrameDescription) {
        guard frame.structure == frames.table.structure else { return }
        frames.intact &= ~Kinds(frame.indications, among: frames.table.all).needed
    }

    /// A frame whose structure is lacking passes: it may belong to a key frame whose first packet is still to come.
    private mutating func selectUnread(
        _ frame: FrameDescription,
        isNewer: Bool,
        isKeyFrame: Bool,
        marker: Bool
    ) -> Decision {
        let age = newest &- frame.picture
        if let passes = frames.decision(age: age) { return decided(passes, frame, marker) }
        guard isNewer || history.entry(atFrame: frame.picture, timestamp: frame.timestamp) != nil else { return .drop }
        if isNewer {
            frames.timestamp = frame.timestamp
            if frames.unread < .max { frames.unread &+= 1 }
            if isKeyFrame {
                // A structure beyond our limits: everything passes.
                frames.adopt(.none, target: target, isKeyFrame: false)
                current = target
                use(target, since: frame)
            }
        }
        frames.note(true, age: age)
        return .forward(marker: marker)
    }
}

/// The set bits of a mask, lowest first.
private struct Bits: Sequence, IteratorProtocol {
    private var rest: UInt32

    init(_ mask: UInt32) { rest = mask }

    mutating func next() -> Int? {
        guard rest != 0 else { return nil }
        defer { rest &= rest &- 1 }
        return rest.trailingZeroBitCount
    }
}

extension UInt64 {
    /// Every other bit, from the lowest on, moved together.
    fileprivate var evenBits: UInt32 {
        var bits = self & 0x5555_5555_5555_5555
        bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
        bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F
        bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF
        bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF
        bits = bits | bits >> 16
        return UInt32(truncatingIfNeeded: bits)
    }
}
