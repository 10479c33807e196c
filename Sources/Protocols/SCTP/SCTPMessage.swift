// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A user message of an association, whole.
package struct SCTPMessage: Hashable, Sendable {
    /// The stream it travels on.
    package var stream: UInt16
    /// What its bytes mean.
    package var payloadProtocol: SCTPPayloadProtocol
    /// The bytes; shared by all associations that a message goes to, cut into fragments only as they leave.
    package var payload: [UInt8]
    /// Whether it may overtake others of its stream.
    package var isUnordered: Bool
    /// How long it is tried.
    ///
    /// A received message says reliable, since the wire does not tell.
    package var reliability: SCTPReliability

    package init(
        stream: UInt16,
        payloadProtocol: SCTPPayloadProtocol,
        payload: [UInt8],
        isUnordered: Bool = false,
        reliability: SCTPReliability = .reliable
    ) {
        (self.stream, self.payloadProtocol, self.payload) = (stream, payloadProtocol, payload)
        (self.isUnordered, self.reliability) = (isUnordered, reliability)
    }
}

/// How long a message is tried before it is given up, RFC 3758.
package enum SCTPReliability: Hashable, Sendable {
    /// Until it arrives.
    case reliable
    /// Sent once and again at most so many times, RFC 7496 §4.2; 0 sends it once.
    case retransmissions(Int)
    /// Until so long after it was handed over, RFC 7496 §4.1.
    case lifetime(Duration)
}

/// A payload protocol identifier, RFC 9260 §3.3.1 and RFC 8831 §8.
package struct SCTPPayloadProtocol: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Opening of data channels in band, RFC 8832.
    package static let dataChannelControl = SCTPPayloadProtocol(rawValue: 50)
    package static let string = SCTPPayloadProtocol(rawValue: 51)
    package static let binary = SCTPPayloadProtocol(rawValue: 53)
    /// An empty string; one byte travels for it, since SCTP has no empty messages.
    package static let emptyString = SCTPPayloadProtocol(rawValue: 56)
    /// Empty binary data; one byte travels for it.
    package static let emptyBinary = SCTPPayloadProtocol(rawValue: 57)
    /// Parts of a string and of binary data, obsolete.
    package static let partialString = SCTPPayloadProtocol(rawValue: 54)
    package static let partialBinary = SCTPPayloadProtocol(rawValue: 52)

    /// Whether the one byte that travels stands for none.
    package var isEmpty: Bool { self == .emptyString || self == .emptyBinary }
}

/// Why a message was not taken.
package enum SCTPSendError: Error, Hashable, Sendable {
    /// The stream is beyond those negotiated, or is being reset.
    case invalidStream
    /// Longer than the limit set, or than the peer takes.
    case messageTooLong
    /// SCTP has no empty messages, see ``SCTPPayloadProtocol/emptyString``.
    case emptyMessage
    /// What waits fills the buffer of the stream or of the association.
    case sendBufferFull
    /// The association has ended.
    case closed
}
