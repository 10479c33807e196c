// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A way into code that is fed by peers: any bytes go in, and rules that must hold whatever they are come back unbroken.
///
/// The fuzzer calls it with inputs that it makes up, the unit tests with seeds and mutations of them.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case rtpPacket = "rtp-packet"
    case rtcp
    case transportFeedback = "transport-feedback"
    case vp8
    case vp9
    case payloads
    case dependencyDescriptor = "dependency-descriptor"
    case red
    case stun
    case deframer
    case srtp
    case sequenceRewriter = "sequence-rewriter"
    case pictureRewriter = "picture-rewriter"
    case streamRouter = "stream-router"
    case frameReader = "frame-reader"
    case layerSelector = "layer-selector"
    case receiveStream = "receive-stream"
    case sendStream = "send-stream"
    case sctpPacket = "sctp-packet"
    case stateCookie = "state-cookie"
    case dataChannelControl = "data-channel-control"
    case sctpReceiver = "sctp-receiver"
    case sctpAssociation = "sctp-association"

    /// The longest input that makes sense: a datagram, or as many steps as a target remembers.
    package static let maximumLength = 2048

    /// Runs the code on `bytes`.
    ///
    /// - Throws: ``BrokenRule`` when the code did what it must never do. A trap is the other way to fail.
    package func run(_ bytes: [UInt8]) throws(BrokenRule) {
        switch self {
        case .rtpPacket: try PacketTargets.rtp(bytes)
        case .rtcp: try PacketTargets.rtcp(bytes)
        case .transportFeedback: try PacketTargets.transportFeedback(bytes)
        case .vp8: try DescriptorTargets.vp8(bytes)
        case .vp9: try DescriptorTargets.vp9(bytes)
        case .payloads: try DescriptorTargets.payloads(bytes)
        case .dependencyDescriptor: try DescriptorTargets.dependencyDescriptor(bytes)
        case .red: try DescriptorTargets.red(bytes)
        case .stun: try TransportTargets.stun(bytes)
        case .deframer: try TransportTargets.deframer(bytes)
        case .srtp: try TransportTargets.srtp(bytes)
        case .sequenceRewriter: try StreamTargets.sequenceRewriter(bytes)
        case .pictureRewriter: try StreamTargets.pictureRewriter(bytes)
        case .streamRouter: try StreamTargets.streamRouter(bytes)
        case .frameReader: try StreamTargets.frameReader(bytes)
        case .layerSelector: try StreamTargets.layerSelector(bytes)
        case .receiveStream: try RepairTargets.receiveStream(bytes)
        case .sendStream: try RepairTargets.sendStream(bytes)
        case .sctpPacket: try DataTargets.packet(bytes)
        case .stateCookie: try DataTargets.stateCookie(bytes)
        case .dataChannelControl: try DataTargets.dataChannelControl(bytes)
        case .sctpReceiver: try DataTargets.receiver(bytes)
        case .sctpAssociation: try AssociationTarget.run(bytes)
        }
    }
}

/// A rule that some input broke, in words.
package struct BrokenRule: Error, CustomStringConvertible {
    package let description: String
}

/// Fails the target unless the rule holds.
func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws(BrokenRule) {
    guard holds else { throw BrokenRule(description: rule()) }
}

/// Takes an input apart: numbers from its front, zeros when it has ended.
struct FuzzInput {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isEmpty: Bool { offset >= bytes.count }

    mutating func byte() -> UInt8 {
        guard offset < bytes.count else { return 0 }
        offset += 1
        return bytes[offset - 1]
    }

    mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

    mutating func long() -> UInt32 { UInt32(word()) << 16 | UInt32(word()) }

    /// Up to `count` bytes from the front.
    mutating func take(_ count: Int) -> [UInt8] {
        let end = min(bytes.count, offset + count)
        defer { offset = end }
        return Array(bytes[offset..<end])
    }

    /// A length in one byte, then that many bytes.
    mutating func chunk() -> [UInt8] { take(Int(byte())) }
}
