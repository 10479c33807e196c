// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A place among a stream's layers: a picture size and a frame rate, both from 0.
package struct Layers: BitwiseCopyable, Hashable, Sendable {
    package var spatial: UInt8
    package var temporal: UInt8

    package init(spatial: UInt8, temporal: UInt8) { (self.spatial, self.temporal) = (spatial, temporal) }

    /// More than any descriptor can name: everything passes.
    package static let highest = Layers(spatial: 7, temporal: 7)
}

extension Layers: Comparable {
    /// By picture size, then by frame rate.
    package static func < (a: Layers, b: Layers) -> Bool {
        a.spatial == b.spatial ? a.temporal < b.temporal : a.spatial < b.spatial
    }
}
