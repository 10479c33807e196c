// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension LayerSelector {
    /// What choosing by layer ids keeps of a stream: VP8, VP9, and AV1 without dependency descriptor.
    struct PictureState: BitwiseCopyable, Sendable {
        /// The spatial layers of the newest picture of which packets were dropped, a bit each.
        var droppedLayers: UInt8 = 0
        /// Those of which packets passed.
        var passedLayers: UInt8 = 0
        /// How many spatial layers the stream announces; 0 for unknown.
        var announced: UInt8 = 0
        /// The highest spatial layer seen since the last key picture began.
        var highestSeen: UInt8 = 0
        /// Whether the newest picture is a key picture.
        var isKey = false

        /// The highest spatial layer that the stream has.
        var highest: UInt8 { max(highestSeen, announced == 0 ? 0 : announced &- 1) }

        func needsKeyFrame(current: Layers, target: Layers, isKSVC: Bool) -> Bool {
            let goal = min(target.spatial, highest)
            let reached = min(current.spatial, highest)
            return isKSVC ? goal != reached : goal > reached
        }
    }

    /// Decides by layer ids and the switching bits of the descriptors, once for each picture.
    ///
    /// - Note: RFC 7741 §4.2 (Y), RFC 9628 §4.2 (P, U).
    mutating func selectPicture(_ frame: FrameDescription, isKeyFrame: Bool, marker: Bool) -> Decision {
        let picture = frame.picture
        let isKey = isKeyFrame || frame.flags.contains(.intra) && frame.spatial == 0
        if picture > newest {
            newest = picture
            (pictures.droppedLayers, pictures.passedLayers) = (0, 0)
            if isKey { startKeyPicture(frame) } else { startPicture(frame) }
        } else if picture == newest, isKey, !pictures.isKey {
            // The lowest layer of a key picture was overtaken by a higher one.
            startKeyPicture(frame)
        }
        guard let layers = picture == newest ? current : history.entry(at: picture)?.layers else { return .drop }
        if picture == newest { pictures.highestSeen = max(pictures.highestSeen, frame.spatial) }
        let isAlone = isKSVC && !frame.flags.contains(.intra)
        guard frame.temporal <= layers.temporal,
            isAlone ? frame.spatial == layers.spatial : frame.spatial <= layers.spatial
        else {
            if picture == newest { pictures.droppedLayers |= 1 << (frame.spatial & 7) }
            return .drop
        }
        if picture == newest { pictures.passedLayers |= 1 << (frame.spatial & 7) }
        return .forward(marker: marker || isLast(frame, of: layers))
    }

    /// Whether the packet is the last that is forwarded of its picture.
    private func isLast(_ frame: FrameDescription, of layers: Layers) -> Bool {
        guard frame.flags.contains(.end), frame.flags.contains(.hasLayers), frame.spatial == layers.spatial else {
            return false
        }
        // Without a descriptor, the end of a unit may not be the end of a frame: trust it only where nothing better comes.
        return frame.form != .obu || frame.spatial < pictures.highest
    }

    /// A picture from which on everything up to the target can be decoded.
    private mutating func startKeyPicture(_ frame: FrameDescription) {
        pictures.isKey = true
        pictures.announced = frame.spatialCount
        // The payload of AV1 does not tell the end of a picture, so remember that there are higher layers.
        if frame.form != .obu { pictures.highestSeen = frame.spatial }
        var spatial = target.spatial
        if frame.form == .vp8 { spatial = 0 }
        if frame.spatialCount > 0 { spatial = min(spatial, frame.spatialCount &- 1) }
        // What has begun to pass goes on; what has lost a packet already stays out, and what depends on it.
        spatial = max(spatial, UInt8(max(0, 7 - pictures.passedLayers.leadingZeroBitCount)))
        if pictures.droppedLayers != 0 {
            let lowest = UInt8(pictures.droppedLayers.trailingZeroBitCount)
            spatial = min(spatial, lowest == 0 ? 0 : lowest &- 1)
        }
        use(Layers(spatial: spatial, temporal: target.temporal))
    }

    private mutating func startPicture(_ frame: FrameDescription) {
        guard var layers = current else { return }
        if pictures.isKey {
            pictures.isKey = false
            layers.spatial = min(layers.spatial, pictures.highest)
        }
        if !isKSVC { layers.spatial = min(layers.spatial, target.spatial) }
        if target.temporal < layers.temporal {
            layers.temporal = target.temporal
        } else if target.temporal > layers.temporal {
            layers.temporal = joinedTemporal(at: frame, from: layers.temporal)
        }
        if layers != current { use(layers) }
    }

    /// The temporal layer that can be forwarded from `frame` on.
    private func joinedTemporal(at frame: FrameDescription, from temporal: UInt8) -> UInt8 {
        if frame.form == .obu { return frame.temporal == 0 ? target.temporal : temporal }
        guard frame.flags.contains(.switchesUp) else { return temporal }
        // Joining a layer says nothing of those between it and ours, so go up one by one. Only at the base layer does U
        // speak of all higher ones; Y is trivially true there.
        if frame.form == .vp9, frame.temporal == 0 { return target.temporal }
        return frame.temporal == temporal &+ 1 ? frame.temporal : temporal
    }

    private mutating func use(_ layers: Layers) {
        current = layers
        history.append(LayerHistory.Entry(since: newest, layers: layers))
    }
}
