// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Decides which packets of one stream go to one consumer, so that what goes can be decoded and is not above the target.
///
/// A frame passes whole or not at all. Packets are to be handed in as they arrive, all of them; late ones follow what was
/// in force at their picture. What is lost is taken to be still coming. Frames of form `none` always pass, even before a
/// key frame, since nothing tells what they depend on.
package struct LayerSelector: Sendable {
    package enum Decision: Equatable, Sendable {
        /// Passes; `marker` is what its marker bit is to be.
        case forward(marker: Bool)
        case drop
    }

    /// Names a numbering: pictures, frames and timestamps do not compare.
    struct Space: Equatable, BitwiseCopyable, Sendable {
        var form = FrameDescription.Form.none
        var hasPicture = false

        init() {}

        init(of frame: FrameDescription) {
            (form, hasPicture) = (frame.form, frame.flags.contains(.hasPicture))
        }
    }

    /// Whether spatial layers depend on each other at key pictures only, as in `L3T3_KEY`.
    let isKSVC: Bool
    /// The highest layers that are forwarded at present; `nil` before the first key frame after a restart.
    ///
    /// Its temporal layer may be more than the stream has.
    package internal(set) var current: Layers?
    /// The highest layers to forward.
    package internal(set) var target = Layers.highest

    /// Whether the next packet is taken for a key frame.
    private var beginsAnywhere = false
    var space = Space()
    /// The newest picture, or frame number, that was decided on.
    var newest: Int64 = 0
    var history = LayerHistory()
    /// State of ``selectPicture(_:isKeyFrame:marker:)``.
    var pictures = PictureState()
    /// State of ``selectFrame(_:targets:isKeyFrame:marker:)``.
    var frames = FrameState()

    /// - Parameter isKSVC: What the stream's scalability mode says; a dependency descriptor needs no such hint.
    package init(isKSVC: Bool = false) { self.isKSVC = isKSVC }

    /// Changes what is wanted, in force as soon as what then passes can be decoded.
    package mutating func setTarget(_ target: Layers) {
        guard target != self.target else { return }
        self.target = target
        frames.retarget(target)
    }

    /// Starts over, for a new source or one whose numbering jumped: nothing passes until a key frame.
    ///
    /// - Parameter awaitsKeyFrame: `false` where key frames cannot be told, in encrypted streams for instance: then the
    ///   next packet is taken for one.
    package mutating func restart(awaitsKeyFrame: Bool = true) {
        current = nil
        beginsAnywhere = !awaitsKeyFrame
    }

    /// Whether the target can only be reached by a key frame that has not come yet.
    package var needsKeyFrame: Bool {
        guard let current else { return true }
        return switch space.form {
        case .none: false
        case .dependency: frames.needsKeyFrame
        case .vp8, .vp9, .obu: pictures.needsKeyFrame(current: current, target: target, isKSVC: isKSVC)
        }
    }

    /// Decides over one packet.
    ///
    /// - Parameters:
    ///   - frame: What the packet says of its frame.
    ///   - targets: What the stream's ``FrameReader/targets(of:)`` gave for `frame`, at its arrival.
    ///   - isKeyFrame: Whether a decoder can start with this packet.
    ///   - marker: The marker bit as it arrived.
    /// - Returns: Whether it passes.
    package mutating func select(
        _ frame: FrameDescription,
        targets: DecodeTargets,
        isKeyFrame: Bool,
        marker: Bool
    ) -> Decision {
        let isKeyFrame = isKeyFrame || beginsAnywhere && current == nil
        if frame.form == .none {
            if isKeyFrame, current == nil { begin(frame) }
            return .forward(marker: marker)
        }
        if current == nil || space != Space(of: frame) {
            // In the midst of a stream, what cannot be compared with the rest passes.
            guard isKeyFrame else { return current == nil ? .drop : .forward(marker: marker) }
            begin(frame)
        }
        if frame.form == .dependency {
            return selectFrame(frame, targets: targets, isKeyFrame: isKeyFrame, marker: marker)
        }
        return selectPicture(frame, isKeyFrame: isKeyFrame, marker: marker)
    }

    private mutating func begin(_ frame: FrameDescription) {
        (current, space) = (target, Space(of: frame))
        newest = frame.picture &- 1
        history.removeAll()
        pictures = PictureState()
        frames = FrameState()
    }
}
