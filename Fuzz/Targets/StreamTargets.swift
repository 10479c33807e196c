// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// What keeps state per stream or consumer and is driven by what peers send.
enum StreamTargets {
    /// No two packets leave under one number, and numbers keep the order of the packets of one source.
    static func sequenceRewriter(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        var rewriter = SequenceRewriter(first: 1000)
        var next: Int64 = 0
        var source = 0
        var origins: [Int64: (source: Int, packet: Int64)] = [:]
        while !input.isEmpty {
            let step = input.byte()
            let distance = Int64(Int8(bitPattern: input.byte()))
            switch step % 8 {
            case 0:
                next = Int64(input.word())
                source += 1
                rewriter.synchronize(to: next, gap: Int64(step >> 3 & 1))
            case 1: next &+= distance &* 257
            case 2...3:
                _ = rewriter.drop(next)
                next &+= 1
            default:
                let packet = step % 8 < 6 ? next : next &- distance
                let peeked = packet < next ? rewriter.peek(packet) : nil
                if let output = rewriter.map(packet) {
                    try require(rewriter.isSynchronized, "nothing leaves before there is a source")
                    try require(peeked == nil || peeked == output, "a look ahead tells the truth")
                    let origin = origins.updateValue((source, packet), forKey: output)
                    try require(
                        origin == nil || origin ?? (0, 0) == (source, packet),
                        "a number is given to one packet"
                    )
                    try require(output <= rewriter.newestOutput, "the newest number is the largest")
                }
                if packet >= next { next = packet &+ 1 }
            }
        }
    }

    /// All packets of a picture leave under one number.
    static func pictureRewriter(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        var rewriter = PictureRewriter()
        var picture: Int64 = 100
        while !input.isEmpty {
            let (step, flags) = (input.byte(), input.byte())
            picture &+= Int64(Int8(bitPattern: input.byte())) / (step & 0x80 != 0 ? 1 : 32)
            var frame = FrameDescription()
            frame.form = step & 0x40 != 0 ? .vp9 : .vp8
            frame.picture = picture
            (frame.temporal, frame.tl0) = (flags & 3, input.byte())
            if flags & 0x10 != 0 { frame.flags.insert(.hasPicture) }
            if flags & 0x20 != 0 { frame.flags.insert(.hasTL0) }
            if flags & 0x40 != 0 { frame.flags.insert(.longPicture) }
            switch step & 0x0F {
            case 0: rewriter.synchronize(to: frame)
            case 1...3: rewriter.drop(frame)
            default:
                let mapping = rewriter.map(frame)
                if case .rewritten(let number, _) = mapping {
                    try require(number <= 0x7FFF, "a picture id has fifteen bits")
                }
                try require(rewriter.map(frame) == mapping, "all packets of a picture leave under one number")
            }
        }
    }

    /// What the router learns is bounded, whatever SSRCs and names come.
    static func streamRouter(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        let router = StreamRouter()
        var now = Instant(nanoseconds: 0)
        var registered: [Int: Int] = [:]
        while !input.isEmpty {
            let step = input.byte()
            now = now + .milliseconds(Int(input.byte()) * 4)
            switch step % 8 {
            case 0:
                let handle = Int(step >> 5)
                let mid = step & 8 != 0 ? [input.byte() & 3] : nil
                let encodings = (0..<Int(input.byte() & 3)).map { _ in encoding(&input) }
                guard (try? router.register(producer: handle, mid: mid, encodings: encodings, now: now)) != nil else {
                    break
                }
                registered[handle] = encodings.count
            case 1:
                router.unregister(producer: Int(step >> 5))
                registered[Int(step >> 5)] = nil
            default:
                let outcome = route(&input, by: router, now: now)
                if case .known(let route) = outcome, let count = registered[route.producer] {
                    try require(0..<count ~= route.encoding, "a route leads to an encoding that exists")
                } else if case .learned(let route, _) = outcome {
                    try require(registered[route.producer] != nil, "a route leads to a producer that exists")
                }
            }
            let encodings = registered.values.reduce(0, +)
            try require(router.knownCount <= 2 * encodings, "an encoding has two SSRCs at most")
        }
    }

    private static func encoding(_ input: inout FuzzInput) -> StreamRouter.Encoding {
        let flags = input.byte()
        return StreamRouter.Encoding(
            ssrc: flags & 1 != 0 ? UInt32(input.byte() & 15) : nil,
            rtxSSRC: flags & 2 != 0 ? UInt32(input.byte() & 15) : nil,
            rid: flags & 4 != 0 ? [input.byte() & 3] : nil,
            payloadType: flags >> 6,
            rtxPayloadType: flags & 8 != 0 ? 96 : nil
        )
    }

    private static func route(_ input: inout FuzzInput, by router: StreamRouter, now: Instant) -> StreamRouter.Outcome {
        let (ssrc, type, flags) = (UInt32(input.byte() & 31), input.byte(), input.byte())
        let mid = flags & 1 != 0 ? [flags >> 6] : []
        let rid = flags & 2 != 0 ? [flags >> 4 & 3] : []
        let repaired = flags & 4 != 0 ? [flags >> 4 & 3] : []
        return router.route(
            ssrc: ssrc,
            payloadType: type & 1 != 0 ? 96 : type >> 6,
            identifiers: StreamRouter.Identifiers(mid: mid.span, rid: rid.span, repairedRID: repaired.span),
            now: now
        )
    }

    /// Whatever comes in a stream, layers and decode targets are within what selectors and tables hold.
    static func frameReader(_ bytes: [UInt8]) throws(BrokenRule) {
        var stream = FuzzStream(bytes)
        while let packet = stream.next() {
            let frame = packet.frame
            try require(frame.spatial < 8 && frame.temporal < 8, "layers are within the limits")
            try require(frame.spatialCount <= 8 && frame.targetCount <= 32, "counts are within the limits")
            try require(packet.targets.count <= DecodeTargets.limit, "decode targets are within the limits")
            if frame.form == .dependency, frame.targetCount > 0 {
                try require(packet.targets.structure == frame.structure, "a frame's structure is known when it arrives")
            }
        }
    }

    /// Nothing but what tells no layers passes before a key frame, and nothing above the layers in use.
    static func layerSelector(_ bytes: [UInt8]) throws(BrokenRule) {
        var stream = FuzzStream(bytes)
        var selector = LayerSelector(isKSVC: bytes.first.map { $0 & 1 != 0 } ?? false)
        while let packet = stream.next() {
            if packet.control & 0x80 != 0 {
                selector.setTarget(Layers(spatial: packet.control >> 3 & 7, temporal: packet.control & 7))
            } else if packet.control == 0x7F {
                selector.restart()
            }
            let wasStarted = selector.current != nil
            let decision = selector.select(
                packet.frame,
                targets: packet.targets,
                isKeyFrame: packet.isKeyFrame,
                marker: packet.control & 0x40 != 0
            )
            guard case .forward = decision, packet.frame.form != .none else { continue }
            try require(wasStarted || packet.isKeyFrame, "a stream starts with a key frame")
            try require(selector.current != nil, "what passes is of layers that are in use")
        }
    }
}

/// A stream of packets made from an input, read as a receive stream would.
private struct FuzzStream {
    struct Packet {
        var frame: FrameDescription
        var targets: DecodeTargets
        var isKeyFrame: Bool
        /// A byte for the target's own use.
        var control: UInt8
    }

    private var input: FuzzInput
    private let codec: VideoCodec?
    private var reader = FrameReader()
    private var timestamp: UInt32

    init(_ bytes: [UInt8]) {
        input = FuzzInput(bytes)
        let choice = Int(input.byte() >> 1) % (VideoCodec.allCases.count + 1)
        codec = choice < VideoCodec.allCases.count ? VideoCodec.allCases[choice] : nil
        timestamp = input.long()
    }

    mutating func next() -> Packet? {
        guard !input.isEmpty else { return nil }
        let control = input.byte()
        timestamp &+= UInt32(truncatingIfNeeded: Int(Int8(bitPattern: input.byte())) * 3000)
        let payload = input.take(Int(input.byte() & 31))
        let descriptor = input.chunk()
        let frame = reader.read(
            payload: payload.span,
            dependencyDescriptor: descriptor.span,
            codec: codec,
            timestamp: timestamp
        )
        let isKeyFrame =
            codec?.isKeyFrame(payload.span, dependencyDescriptor: descriptor.isEmpty ? nil : descriptor.span) ?? false
        return Packet(frame: frame, targets: reader.targets(of: frame), isKeyFrame: isKeyFrame, control: control)
    }
}
