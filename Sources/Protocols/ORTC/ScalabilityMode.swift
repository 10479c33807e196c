// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The layers that a mode such as "L3T3_KEY" announces.
public struct ScalabilityMode: Codable, Hashable, Sendable {
    /// Resolutions, at least 1; the streams of an S mode count too.
    public var spatialLayers: Int
    /// Frame rates, at least 1.
    public var temporalLayers: Int
    /// Whether spatial layers depend on each other at key frames only.
    public var ksvc: Bool

    /// Makes a mode.
    public init(spatialLayers: Int = 1, temporalLayers: Int = 1, ksvc: Bool = false) {
        (self.spatialLayers, self.temporalLayers, self.ksvc) = (spatialLayers, temporalLayers, ksvc)
    }

    /// Reads L or S, one or two digits, T, one or two digits and perhaps `_KEY`; what follows is ignored.
    ///
    /// Whatever does not begin so, or is absent, is one layer of each.
    public init(parsing text: String?) {
        self.init()
        var rest = (text ?? "").utf8[...]
        guard let letter = rest.popFirst(), letter == UInt8(ascii: "L") || letter == UInt8(ascii: "S"),
            let spatial = Self.count(&rest), rest.popFirst() == UInt8(ascii: "T"), let temporal = Self.count(&rest)
        else { return }
        self.init(spatialLayers: spatial, temporalLayers: temporal, ksvc: rest.starts(with: "_KEY".utf8))
    }

    /// Takes one or two digits, the first not zero.
    private static func count(_ rest: inout Substring.UTF8View) -> Int? {
        guard let first = rest.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first) else { return nil }
        rest.removeFirst()
        var value = Int(first &- UInt8(ascii: "0"))
        if let second = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(second) {
            rest.removeFirst()
            value = value * 10 + Int(second &- UInt8(ascii: "0"))
        }
        return value
    }
}
