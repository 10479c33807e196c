// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What each choice of layers of one stream costs in bits per second, in place: no choice costs nothing.
///
/// A cell holds the bitrate of all that is sent when its layers are chosen: a temporal layer includes those below it,
/// and in full SVC a spatial layer does too.
package struct LayerCosts: BitwiseCopyable, Sendable {
    /// Most spatial layers.
    package static let spatialLimit = 4
    /// Most temporal layers of each.
    package static let temporalLimit = 8

    /// 0 for what is inactive.
    private var cells = InlineArray<32, UInt32>(repeating: 0)
    /// The spatial layers with at least one active temporal layer, a bit each.
    package private(set) var active: UInt8 = 0

    package init() {}

    /// The cost of a choice, at least 1; `nil` while its temporal layer is inactive, as are all that are out of range.
    package subscript(spatial: Int, temporal: Int) -> UInt64? {
        get {
            guard let index = Self.index(spatial, temporal), cells[index] > 0 else { return nil }
            return UInt64(cells[index])
        }
        set {
            guard let index = Self.index(spatial, temporal) else { return }
            cells[index] = newValue.map { max(1, UInt32(clamping: $0)) } ?? 0
            let row = spatial * Self.temporalLimit
            let isActive = (row..<row + Self.temporalLimit).contains { cells[$0] > 0 }
            active = isActive ? active | 1 << UInt8(spatial) : active & ~(1 << UInt8(spatial))
        }
    }

    private static func index(_ spatial: Int, _ temporal: Int) -> Int? {
        guard (0..<spatialLimit).contains(spatial), (0..<temporalLimit).contains(temporal) else { return nil }
        return spatial * temporalLimit + temporal
    }
}
