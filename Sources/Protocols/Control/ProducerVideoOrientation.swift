// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// How pictures are to be turned before they are shown, 3GPP TS 26.114 §7.4.5.
public struct ProducerVideoOrientation: Codable, Hashable, Sendable {
    /// Whether the camera is the one on the back of the device.
    public var camera: Bool
    /// Whether the picture is mirrored.
    public var flip: Bool
    /// Clockwise degrees: 0, 90, 180 or 270.
    public var rotation: Int

    /// How pictures are to be turned.
    public init(camera: Bool, flip: Bool, rotation: Int) {
        (self.camera, self.flip, self.rotation) = (camera, flip, rotation)
    }
}
