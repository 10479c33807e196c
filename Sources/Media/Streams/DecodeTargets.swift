// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletRTP

/// What a ``LayerSelector`` needs of a dependency structure: the highest layers of each decode target.
///
/// A plain value, looked up once for each packet with ``FrameReader/targets(of:)``.
///
/// - Note: AV1 RTP specification, appendix A.8.3.
package struct DecodeTargets: BitwiseCopyable, Sendable {
    /// The most decode targets that a structure can have.
    package static let limit = DependencyStructure.maximumTargets

    /// No structure.
    package static let none = DecodeTargets()

    /// Which structure it is, as ``FrameDescription/structure`` names it; 0 for none.
    package private(set) var structure: UInt32 = 0
    /// How many decode targets there are.
    package var count: Int { Int(number) }
    private var number: UInt8 = 0
    private var reach = [32 of UInt8](repeating: 0)

    private init() {}

    /// Lists decode targets by hand.
    ///
    /// - Parameters:
    ///   - structure: A name, not 0.
    ///   - layers: What each decode target reaches up to, target 0 first; those past ``limit`` are left out.
    package init(structure: UInt32, layers: some Collection<Layers>) {
        self.structure = structure
        for one in layers.prefix(Self.limit) {
            reach[count] = one.spatial << 4 | one.temporal & 0x0F
            number += 1
        }
    }

    /// Takes the decode targets from a structure.
    ///
    /// - Parameters:
    ///   - structure: A name, not 0.
    ///   - content: What a key frame brought.
    package init(structure: UInt32, of content: DependencyStructure) {
        self.structure = structure
        number = UInt8(min(content.targetCount, Self.limit))
        for index in 0..<count {
            let (spatial, temporal) = content.targetLayers(index)
            reach[index] = spatial << 4 | temporal & 0x0F
        }
    }

    /// A bit for each decode target.
    var all: UInt32 { count == 0 ? 0 : UInt32.max >> UInt32(32 &- count) }

    /// What decode target `index` reaches up to; zeros past the last.
    package func layers(of index: Int) -> Layers {
        guard index >= 0, index < count else { return Layers(spatial: 0, temporal: 0) }
        return Layers(spatial: reach[index] >> 4, temporal: reach[index] & 0x0F)
    }
}
