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

    /// Takes keys that are derived already, as test vectors give them.
    package init(cipherKey: [UInt8], authenticationKey: [UInt8] = [], salt: [UInt8]) {
        (self.cipherKey, self.authenticationKey, self.salt) = (cipherKey, authenticationKey, salt)
    }

    /// Derives the keys from what the handshake gave.
    ///
    /// - Throws: ``SRTPError/invalidKeys`` when the lengths are not the profile's.
    package init(
        profile: SRTPProfile,
        masterKey: [UInt8],
        masterSalt: [UInt8],
        purpose: Purpose
    ) throws(SRTPError) {
        let label = purpose.rawValue
        guard masterKey.count == profile.keyLength, masterSalt.count == profile.saltLength,
            let cipherKey = Self.derive(label, profile.keyLength, masterKey, masterSalt),
            let authenticationKey = Self.derive(label + 1, profile.authenticationKeyLength, masterKey, masterSalt),
            let salt = Self.derive(label + 2, profile.saltLength, masterKey, masterSalt)
        else { throw .invalidKeys }
        self.init(cipherKey: cipherKey, authenticationKey: authenticationKey, salt: salt)
    }

    /// Derives one key by AES in counter mode, RFC 3711 §4.3.3; by AES-256 from a key of 32 bytes, RFC 6188 §3.
    ///
    /// - Returns: `count` bytes, or `nil` when no cipher takes the key or the salt is longer than 14 bytes. A shorter
    ///   salt, an AEAD's, gets zeros behind it, RFC 7714 §11.
    package static func derive(
        _ label: UInt64,
        _ count: Int,
        _ masterKey: [UInt8],
        _ masterSalt: [UInt8]
    ) -> [UInt8]? {
        guard masterSalt.count <= 14, let cipher = AESCounterMode(key: masterKey.span) else { return nil }
        let salt = masterSalt + [UInt8](repeating: 0, count: 16 - masterSalt.count)
        let zeros = [UInt8](repeating: 0, count: count)
        var key = zeros
        var target = key.mutableSpan
        let isDerived =
            cipher.begin(salt.span.uint64(at: 0) ^ label, salt.span.uint64(at: 8))
            && cipher.apply(to: zeros.span, into: &target, at: 0)
        return isDerived ? key : nil
    }
}
