// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// An SRTP protection profile by its name in SDP (RFC 4568, RFC 7714).
public enum SrtpCryptoSuite: String, Codable, Hashable, Sendable, CaseIterable {
    case aeadAes128Gcm = "AEAD_AES_128_GCM"
    case aeadAes256Gcm = "AEAD_AES_256_GCM"
    case aesCm128HmacSha1_80 = "AES_CM_128_HMAC_SHA1_80"
    case aesCm128HmacSha1_32 = "AES_CM_128_HMAC_SHA1_32"

    /// Bytes of master key and salt together: RFC 7714 §12 and RFC 3711 §8.2.
    public var keyLength: Int {
        switch self {
        case .aeadAes128Gcm: 16 + 12
        case .aeadAes256Gcm: 32 + 12
        case .aesCm128HmacSha1_80, .aesCm128HmacSha1_32: 16 + 14
        }
    }
}

/// SRTP keys agreed on outside the media path.
public struct SrtpParameters: Codable, Hashable, Sendable {
    /// The protection profile.
    public var cryptoSuite: SrtpCryptoSuite
    /// Master key and salt.
    public var keyBase64: String

    /// Makes SRTP parameters.
    public init(cryptoSuite: SrtpCryptoSuite, keyBase64: String) {
        (self.cryptoSuite, self.keyBase64) = (cryptoSuite, keyBase64)
    }
}
