// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// A cryptographic hash; the raw value is its name in SDP and WebRTC, RFC 8122 §5.
package enum Digest: String, CaseIterable, Codable, Sendable {
    case sha1 = "sha-1"
    case sha224 = "sha-224"
    case sha256 = "sha-256"
    case sha384 = "sha-384"
    case sha512 = "sha-512"

    /// Bytes of a hash.
    package var length: Int {
        switch self {
        case .sha1: 20
        case .sha224: 28
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The hash of `bytes`; empty should OpenSSL refuse, as its FIPS configuration may SHA-1.
    package func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        let algorithm =
            switch self {
            case .sha1: unsafe EVP_sha1()
            case .sha224: unsafe EVP_sha224()
            case .sha256: unsafe EVP_sha256()
            case .sha384: unsafe EVP_sha384()
            case .sha512: unsafe EVP_sha512()
            }
        return unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            let done = unsafe bytes.withUnsafeBytes { source in
                unsafe EVP_Digest(source.baseAddress, source.count, buffer.baseAddress, nil, algorithm, nil)
            }
            count = done == 1 ? length : 0
        }
    }
}
