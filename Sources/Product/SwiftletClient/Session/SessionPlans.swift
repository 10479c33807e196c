// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletDTLS
package import SwiftletICE
package import SwiftletORTC
package import SwiftletRTP
package import SwiftletSyntheticMedia

/// One of the two transports of a client.
package enum TransportSide: Int, CaseIterable, Sendable {
    /// What the client publishes goes this way.
    case sending
    case receiving
}

/// What is needed to reach a transport of the server.
package struct TransportPlan: Sendable {
    package var remote: ICECredentials
    package var candidates: [ICEControllingAgent.RemoteCandidate]
    package var fingerprint: RemoteFingerprint
    /// Bytes of the longest message that it takes by data channels; `nil` where it takes none.
    package var maximumMessageSize: Int?

    package init(
        remote: ICECredentials,
        candidates: [ICEControllingAgent.RemoteCandidate],
        fingerprint: RemoteFingerprint,
        maximumMessageSize: Int? = nil
    ) {
        self.maximumMessageSize = maximumMessageSize
        (self.remote, self.candidates, self.fingerprint) = (remote, candidates, fingerprint)
    }
}

/// One RTP stream to be sent.
package struct OutgoingPlan: Sendable {
    package var ssrc: UInt32
    /// Where retransmissions go; `nil` for none.
    package var rtx: (ssrc: UInt32, payloadType: UInt8)?
    package var payloadType: UInt8
    package var clockRate: UInt32
    /// Tells it apart from the others of its publication where SSRCs are not signalled.
    package var rid: StreamIdentifier?
    package var source: any PacketSource

    package init(
        ssrc: UInt32,
        rtx: (ssrc: UInt32, payloadType: UInt8)?,
        payloadType: UInt8,
        clockRate: UInt32,
        rid: StreamIdentifier? = nil,
        source: any PacketSource
    ) {
        (self.ssrc, self.rtx, self.payloadType) = (ssrc, rtx, payloadType)
        (self.clockRate, self.rid, self.source) = (clockRate, rid, source)
    }
}

/// Something to be published: its streams, the smallest first.
package struct PublicationPlan: Sendable {
    package var mid: StreamIdentifier
    package var kind: MediaKind
    package var extensions: RTPExtensionIDs
    package var streams: [OutgoingPlan]

    package init(mid: StreamIdentifier, kind: MediaKind, extensions: RTPExtensionIDs, streams: [OutgoingPlan]) {
        (self.mid, self.kind, self.extensions, self.streams) = (mid, kind, extensions, streams)
    }
}

/// Something to be received.
package struct SubscriptionPlan: Sendable {
    /// What can be checked of it.
    package enum Check: Sendable {
        /// Sequence and markers alone.
        case none
        /// A ``SyntheticAudioSource``.
        case syntheticAudio
        /// A ``SyntheticVideoSource``.
        case syntheticVideo(StreamChecker.Rules)
        /// The same, of which only the time in it is read.
        case timedVideo(SyntheticCodec)
    }

    package var kind: MediaKind
    package var codec: SwiftletRTP.VideoCodec?
    package var ssrc: UInt32
    package var rtxSSRC: UInt32?
    package var payloadType: UInt8
    package var clockRate: UInt32
    package var usesNack: Bool
    package var usesKeyFrameRequests: Bool
    package var transportSequence: UInt8
    package var check: Check

    package init(
        kind: MediaKind,
        codec: SwiftletRTP.VideoCodec?,
        ssrc: UInt32,
        rtxSSRC: UInt32?,
        payloadType: UInt8,
        clockRate: UInt32,
        usesNack: Bool,
        usesKeyFrameRequests: Bool,
        transportSequence: UInt8,
        check: Check
    ) {
        (self.kind, self.codec, self.ssrc, self.rtxSSRC) = (kind, codec, ssrc, rtxSSRC)
        (self.payloadType, self.clockRate, self.usesNack) = (payloadType, clockRate, usesNack)
        (self.usesKeyFrameRequests, self.transportSequence) = (usesKeyFrameRequests, transportSequence)
        self.check = check
    }
}
