// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

/// A packet of a picture with both numbers.
private func frame(
    _ picture: Int64,
    tl0: UInt8 = 0,
    temporal: UInt8 = 0,
    form: FrameDescription.Form = .vp8
) -> FrameDescription {
    var frame = FrameDescription()
    (frame.form, frame.picture, frame.tl0, frame.temporal) = (form, picture, tl0, temporal)
    frame.flags = [.hasPicture, .hasTL0, .hasLayers]
    return frame
}

/// What the rewriter is to do, by a plain count.
private struct Oracle {
    var base: Int64 = 0
    var start: Int64 = 0
    var newest: Int64 = -1
    var newestOutput: Int64 = -1
    var dropped: Set<Int64> = []
    var hasStarted = false

    mutating func synchronize(to input: Int64) {
        base = hasStarted ? newestOutput + 1 : input
        (start, newest, dropped, hasStarted) = (input, input - 1, [], true)
        newestOutput = base - 1
    }

    mutating func drop(_ input: Int64) {
        guard input > newest else { return }
        (newest, newestOutput) = (input, output(input) - 1)
        dropped.insert(input)
    }

    private func output(_ input: Int64) -> Int64 {
        base + input - start - Int64(dropped.count { $0 < input })
    }

    mutating func map(_ input: Int64) -> Int64? {
        guard input >= start, newest - input < 64 else { return nil }
        if input == newest { dropped.remove(input) }
        guard !dropped.contains(input) else { return nil }
        if input >= newest { (newest, newestOutput) = (input, output(input)) }
        return output(input)
    }

    /// Forgets drops that no answer needs one by one.
    mutating func prune() {
        let old = dropped.filter { $0 < newest - 70 }
        guard !old.isEmpty else { return }
        dropped.subtract(old)
        base -= Int64(old.count)
    }
}

@Suite("Picture rewriting, RFC 7741, RFC 9628")
struct PictureRewriterTests {
    private func synchronized(to picture: FrameDescription) -> PictureRewriter {
        var rewriter = PictureRewriter()
        rewriter.synchronize(to: picture)
        return rewriter
    }

    @Test("The first source keeps its numbers")
    func identity() {
        var rewriter = PictureRewriter()
        #expect(rewriter.map(frame(7)) == .stale, "nothing maps before there is a source")
        rewriter.synchronize(to: frame(32_766, tl0: 254))
        #expect(rewriter.map(frame(32_766, tl0: 254)) == .rewritten(picture: 32_766, tl0: 254))
        #expect(rewriter.map(frame(32_769, tl0: 1)) == .rewritten(picture: 1, tl0: 1), "both wrap, at 15 and 8 bits")
    }

    @Test("Dropped VP8 pictures leave no hole, all their packets count once, mediasoup 984")
    func holes() {
        var rewriter = synchronized(to: frame(10, tl0: 5))
        #expect(rewriter.map(frame(10, tl0: 5)) == .rewritten(picture: 10, tl0: 5))
        for _ in 0..<3 { rewriter.drop(frame(11, tl0: 5, temporal: 2)) }
        #expect(rewriter.map(frame(12, tl0: 5, temporal: 1)) == .rewritten(picture: 11, tl0: 5))
        #expect(rewriter.map(frame(11, tl0: 5, temporal: 2)) == .stale)
        #expect(rewriter.map(frame(10, tl0: 5)) == .rewritten(picture: 10, tl0: 5), "late, and as before")
        #expect(rewriter.map(frame(15, tl0: 6)) == .rewritten(picture: 14, tl0: 6), "what is lost keeps its place")
        #expect(rewriter.map(frame(13, tl0: 5)) == .rewritten(picture: 12, tl0: 5))
    }

    @Test("TL0PICIDX moves for dropped base pictures only, mediasoup 817")
    func bases() {
        var rewriter = synchronized(to: frame(10, tl0: 5))
        #expect(rewriter.map(frame(10, tl0: 5)) == .rewritten(picture: 10, tl0: 5))
        rewriter.drop(frame(11, tl0: 5, temporal: 1))
        #expect(rewriter.map(frame(12, tl0: 6)) == .rewritten(picture: 11, tl0: 6))
        rewriter.drop(frame(13, tl0: 7))
        #expect(rewriter.map(frame(14, tl0: 8)) == .rewritten(picture: 12, tl0: 7))
        #expect(rewriter.map(frame(15, tl0: 8, temporal: 1)) == .rewritten(picture: 13, tl0: 7))
    }

    @Test("A new source goes on where the old one ended, mediasoup 140")
    func sources() {
        var rewriter = synchronized(to: frame(10, tl0: 5))
        _ = rewriter.map(frame(10, tl0: 5))
        _ = rewriter.map(frame(11, tl0: 6))
        rewriter.synchronize(to: frame(20_000, tl0: 200))
        #expect(rewriter.map(frame(20_000, tl0: 200)) == .rewritten(picture: 12, tl0: 7))
        #expect(rewriter.map(frame(20_001, tl0: 200, temporal: 1)) == .rewritten(picture: 13, tl0: 7))
        #expect(rewriter.map(frame(19_999, tl0: 199)) == .stale, "what lies before the switch would collide")
        rewriter.synchronize(to: frame(3, tl0: 0))
        rewriter.synchronize(to: frame(4, tl0: 0))
        #expect(rewriter.map(frame(4, tl0: 0)) == .rewritten(picture: 14, tl0: 8), "nothing is reserved twice")
    }

    @Test("A picture that passes after all, while nothing came behind it, is no longer left out")
    func undone() {
        var rewriter = synchronized(to: frame(0))
        _ = rewriter.map(frame(0))
        rewriter.drop(frame(1, temporal: 1))
        #expect(rewriter.map(frame(1, temporal: 1)) == .rewritten(picture: 1, tl0: 0))
        #expect(rewriter.map(frame(2, tl0: 1)) == .rewritten(picture: 2, tl0: 1))
    }

    @Test("VP9 keeps its holes, since references are counted in picture ids")
    func vp9() {
        var rewriter = synchronized(to: frame(10, tl0: 5, form: .vp9))
        #expect(rewriter.map(frame(10, tl0: 5, form: .vp9)) == .rewritten(picture: 10, tl0: 5))
        rewriter.drop(frame(11, tl0: 5, temporal: 1, form: .vp9))
        #expect(rewriter.map(frame(12, tl0: 6, form: .vp9)) == .rewritten(picture: 12, tl0: 6))
        rewriter.synchronize(to: frame(5, tl0: 77, form: .vp9))
        #expect(rewriter.map(frame(5, tl0: 77, form: .vp9)) == .rewritten(picture: 13, tl0: 7))
        #expect(rewriter.map(frame(8, tl0: 78, form: .vp9)) == .rewritten(picture: 16, tl0: 8))
    }

    @Test("What has no numbers is left as it is, JVB 2105, LiveKit 4721")
    func absent() {
        var rewriter = PictureRewriter()
        #expect(rewriter.map(FrameDescription()) == .unchanged)
        var bare = frame(0)
        bare.flags = [.hasLayers]
        #expect(rewriter.map(bare) == .unchanged)
        rewriter.synchronize(to: bare)
        #expect(rewriter.map(bare) == .unchanged)
        var other = frame(0)
        other.form = .dependency
        #expect(rewriter.map(other) == .unchanged)
        bare.flags = [.hasPicture]
        rewriter = synchronized(to: bare)
        #expect(rewriter.map(bare) == .rewritten(picture: 0, tl0: 0))
    }

    @Test("Numbers at the ends of their range do not trap")
    func extremes() {
        var rewriter = synchronized(to: frame(.max))
        for picture in [Int64.min, .max, 0, .min + 1, .max - 1] {
            _ = rewriter.map(frame(picture))
            rewriter.drop(frame(picture))
            rewriter.synchronize(to: frame(picture))
        }
        #expect(rewriter.map(frame(.max - 1)) != .unchanged)
    }

    @Test("A million pictures with drops, repetitions, disorder and changes of source number as a plain count does")
    func million() {
        var random = SeededRandom(seed: 42)
        var rewriter = PictureRewriter()
        var (pictures, bases) = (Oracle(), Oracle())
        var (picture, base): (Int64, Int64) = (32_000, 250)
        var recent: [(picture: Int64, base: Int64, temporal: UInt8)] = []
        var mistakes = 0
        for index in 0..<1_000_000 {
            if index % 5000 == 0 {
                (picture, base) = (.random(in: 0..<32_768, using: &random), .random(in: 0..<256, using: &random))
                let first = frame(picture, tl0: UInt8(base))
                rewriter.synchronize(to: first)
                pictures.synchronize(to: picture)
                bases.synchronize(to: base)
                recent = [(picture, base, 0)]
            } else {
                picture += Int.random(in: 0..<20, using: &random) == 0 ? 2 : 1
                let temporal = UInt8.random(in: 0...2, using: &random)
                if temporal == 0 { base += 1 }
                recent.append((picture, base, temporal))
                if recent.count > 40 { recent.removeFirst() }
            }
            // The newest, or now and then one of those before again.
            let isLate = Int.random(in: 0..<8, using: &random) == 0
            guard let one = isLate ? recent.randomElement(using: &random) : recent.last else { continue }
            let given = frame(one.picture, tl0: UInt8(truncatingIfNeeded: one.base), temporal: one.temporal)
            let isDropped = one.temporal == 2 ? one.picture % 4 != 0 : one.temporal == 1 && one.picture % 3 == 0
            if isDropped {
                rewriter.drop(given)
                pictures.drop(one.picture)
                continue
            }
            let expected = pictures.map(one.picture)
            let mapped = rewriter.map(given)
            guard let expected else {
                if mapped != .stale { mistakes += 1 }
                continue
            }
            let tl0 = bases.map(one.base) ?? bases.newestOutput
            let wanted = PictureRewriter.Mapping.rewritten(
                picture: UInt16(truncatingIfNeeded: expected & 0x7FFF),
                tl0: UInt8(truncatingIfNeeded: tl0)
            )
            if mapped != wanted { mistakes += 1 }
            if index % 16 == 0 { pictures.prune() }
        }
        #expect(mistakes == 0)
    }
}
