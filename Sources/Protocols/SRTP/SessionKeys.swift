// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto
import SwiftletWire

/// The keys that RTP or RTCP uses in one direction, derived from the master key, RFC 3711 §4.3.
///
/// The key derivation rate is 0, as DTLS-SRTP leaves it: keys are derived once.
package struct SessionKeys: Equatable, Sendable {
    /// For which packets, with the labels of RFC 3711 §4.3.2.
    package enum Purpose: UInt64, Sendable {
        case rtp = 0
        case rtcp = 3
    }

    /// The cipher's key.
    package let cipherKey: [UInt8]
    /// The key of HMAC-SHA1; empty for an AEAD.
    package let authenticationKey: [UInt8]
    /// The salt of the packets' nonces.
    package let salt: [UInt8]

    /// Derives the keys by AES in counter mode with the master key's length, RFC 3711 §4.3.3 and RFC 6188 §3.
    ///
    /// - Throws: ``SRTPError/invalidKeys`` when the lengths are not the profile's.
    package init(
        profile: SRTPProfile,
        masterKey: [UInt8],
        masterSalt: [UInt8],
        purpose: Purpose
    ) throws(SRTPError) {
        guard masterKey.count == profile.keyLength, masterSalt.count == profile.saltLength,
            let cipher = AESCounterMode(key: masterKey.span)
        else { throw .invalidKeys }
        // The salt's 112 bits, left-aligned; an AEAD's 96 get zeros behind them, RFC 7714 §11.
        let salt = masterSalt + [UInt8](repeating: 0, count: 16 - masterSalt.count)
        let (high, low) = (salt.span.uint64(at: 0), salt.span.uint64(at: 8))
        func derive(_ label: UInt64, _ count: Int) -> [UInt8] {
            let zeros = [UInt8](repeating: 0, count: count)
            var key = zeros
            var target = key.mutableSpan
            cipher.begin(high ^ (purpose.rawValue + label), low)
            cipher.apply(to: zeros.span, into: &target, at: 0)
            return key
        }
        cipherKey = derive(0, profile.keyLength)
        authenticationKey = derive(1, profile.authenticationKeyLength)
        self.salt = derive(2, profile.saltLength)
    }
}
