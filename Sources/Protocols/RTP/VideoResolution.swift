// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The size of a picture in pixels, 1 to 65,536 each way.
package struct VideoResolution: BitwiseCopyable, Hashable, Sendable {
    package var width: UInt32
    package var height: UInt32

    package init(width: UInt32, height: UInt32) { (self.width, self.height) = (width, height) }
}
