// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Capability negotiation as pure functions: what a router can route, what a producer's packets become in it, and
/// what each consumer is sent.
///
/// The way through: ``routerRtpCapabilities(mediaCodecs:)`` once; ``producerRtpMapping(_:routerCapabilities:avoiding:using:)``
/// and ``consumableRtpParameters(_:kind:routerCapabilities:mapping:)`` per producer; ``canConsume(_:capabilities:)`` and
/// ``consumerRtpParameters(_:capabilities:mid:pipe:enableRtx:forwardDependencyDescriptor:avoiding:using:)``
/// per consumer.
package enum ORTC {
    /// The most entries in a list of codecs; there are only 128 payload types.
    package static let maximumCodecs = 128
    /// The most entries in a list of header extensions: the ids of two-byte headers (RFC 8285 §4.3).
    package static let maximumHeaderExtensions = 255
    /// The most streams of one producer.
    package static let maximumEncodings = 32
    /// The most parameters, and the most kinds of feedback, of one codec.
    package static let maximumCodecDetails = 64
    /// The most bytes in one parameter's name or value; parameter sets in SDP take a few hundred.
    package static let maximumParameterLength = 2048
    /// The most bytes in a MIME type, extension name, canonical name (RFC 3550 §6.5) or msid.
    package static let maximumNameLength = 255
    /// The most bytes in a MID or RID: what a one-byte header extension carries (RFC 8285 §4.2).
    package static let maximumIdLength = 16

    /// The most places that a transport or server listens at.
    package static let maximumListenInfos = 8

    /// Payload types that a multiplexed RTCP packet can be mistaken for (RFC 5761 §4).
    package static let rtcpPayloadTypes: ClosedRange<UInt8> = 64...95
    /// The payload type that clients know probing packets by.
    package static let probationPayloadType: UInt8 = 127
    /// Payload types to hand out, in this order.
    package static let dynamicPayloadTypes = [UInt8](100...126) + [UInt8](96...99) + [UInt8](35...63)
}
