// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// An SRTP protection profile, as the DTLS use_srtp extension names it, RFC 5764 §4.1.2 and RFC 7714 §14.2.
///
/// The raw value is the profile's IANA number.
package enum SRTPProfile: UInt16, CaseIterable, Sendable {
    /// AES-128 in counter mode, HMAC-SHA1 with tags of 80 bits.
    case cm80 = 1
    /// AES-128 in counter mode, HMAC-SHA1 with tags of 32 bits on RTP and 80 bits on RTCP.
    case cm32 = 2
    /// AES-128-GCM with tags of 128 bits.
    case gcm128 = 7
    /// AES-256-GCM with tags of 128 bits.
    case gcm256 = 8

    /// What we offer and what we choose by, best first: GCM seals in about half the time.
    package static let preferenceOrder: [SRTPProfile] = [.gcm128, .gcm256, .cm80, .cm32]

    /// Whether the profile is an AEAD, which must never seal two packets under one index.
    package var isAEAD: Bool {
        switch self {
        case .gcm128, .gcm256: true
        case .cm80, .cm32: false
        }
    }

    /// Bytes of the master key, and of each session cipher key.
    package var keyLength: Int { self == .gcm256 ? 32 : 16 }

    /// Bytes of the master salt: 14 in RFC 3711 §4.3, 12 in RFC 7714 §12.
    package var saltLength: Int { isAEAD ? 12 : 14 }

    /// Bytes of the session authentication key of HMAC-SHA1, RFC 3711 §5.2; an AEAD has none.
    package var authenticationKeyLength: Int { isAEAD ? 0 : 20 }

    /// Bytes that protection adds to an RTP packet.
    package var rtpTagLength: Int {
        switch self {
        case .cm80: 10
        case .cm32: 4
        case .gcm128, .gcm256: 16
        }
    }

    /// Bytes of the tag on an RTCP packet, which even ``cm32`` does not shorten, RFC 5764 §4.1.2.
    package var rtcpTagLength: Int { isAEAD ? 16 : 10 }

    /// The name by which OpenSSL knows the profile in `SSL_set_tlsext_use_srtp`.
    package var openSSLName: String {
        switch self {
        case .cm80: "SRTP_AES128_CM_SHA1_80"
        case .cm32: "SRTP_AES128_CM_SHA1_32"
        case .gcm128: "SRTP_AEAD_AES_128_GCM"
        case .gcm256: "SRTP_AEAD_AES_256_GCM"
        }
    }
}
