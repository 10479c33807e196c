// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Decides which packets of one stream go to one consumer, so that what goes can be decoded and is not above the target.
///
/// A frame passes whole or not at all. Packets are to be handed in as they arrive, all of them, from the first key frame
/// on; late ones follow what was in force at their picture. What only descriptors of layers can tell is not guessed:
/// frames of form `none` always pass, without waiting for a key frame.
package struct LayerSelector: Sendable {
    package enum Decision: Equatable, Sendable {
        /// Passes; `marker` is what its marker bit is to be.
        case forward(marker: Bool)
        case drop
    }

    /// Whether spatial layers depend on each other at key pictures only, as in `L3T3_KEY`.
    let isKSVC: Bool
    /// The highest layers that are forwarded at present; `nil` before the first key frame after a restart.
    ///
    /// It may name more than the stream has.
    package internal(set) var current: Layers?
    /// The highest layers to forward.
    package internal(set) var target = Layers.highest

    /// - Parameter isKSVC: What the stream's scalability mode says; a dependency descriptor needs no such hint.
    package init(isKSVC: Bool = false) { self.isKSVC = isKSVC }

    /// Changes what is wanted, in force as soon as what then passes can be decoded.
    package mutating func setTarget(_ target: Layers) { self.target = target }

    /// Starts over, for a new source or one whose numbering jumped: nothing passes until a key frame.
    package mutating func restart() { current = nil }

    /// Whether the target can only be reached by a key frame that has not come yet.
    package var needsKeyFrame: Bool { current == nil }

    /// Decides over one packet.
    ///
    /// - Parameters:
    ///   - frame: What the packet says of its frame.
    ///   - targets: What the stream's ``FrameReader/targets(of:)`` gave for `frame`, at its arrival.
    ///   - isKeyFrame: Whether a decoder can start with this packet.
    ///   - marker: The marker bit as it arrived.
    package mutating func select(
        _ frame: FrameDescription,
        targets: DecodeTargets,
        isKeyFrame: Bool,
        marker: Bool
    ) -> Decision {
        .forward(marker: marker)
    }
}
