// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// The master keys and salts that two peers agreed on for SRTP.
package struct SRTPKeyingMaterial: Equatable, Sendable {
    package let profile: SRTPProfile
    /// The master key of what we send.
    package let localKey: [UInt8]
    /// The master salt of what we send.
    package let localSalt: [UInt8]
    /// The master key of what we receive.
    package let remoteKey: [UInt8]
    /// The master salt of what we receive.
    package let remoteSalt: [UInt8]

    package init(
        profile: SRTPProfile,
        localKey: [UInt8],
        localSalt: [UInt8],
        remoteKey: [UInt8],
        remoteSalt: [UInt8]
    ) {
        self.profile = profile
        (self.localKey, self.localSalt) = (localKey, localSalt)
        (self.remoteKey, self.remoteSalt) = (remoteKey, remoteSalt)
    }

    /// Cuts up what the TLS exporter gave: client key, server key, client salt, server salt, RFC 5764 §4.2.
    ///
    /// - Parameters:
    ///   - profile: The profile that the handshake chose.
    ///   - exported: Exactly ``exportedLength(of:)`` bytes, or the initializer fails.
    ///   - isClient: Whether we were the DTLS client.
    package init?(profile: SRTPProfile, exported: Span<UInt8>, isClient: Bool) {
        guard exported.count == Self.exportedLength(of: profile) else { return nil }
        let (key, salt) = (profile.keyLength, profile.saltLength)
        let clientKey = exported.extracting(0..<key).copied()
        let serverKey = exported.extracting(key..<2 * key).copied()
        let clientSalt = exported.extracting(2 * key..<2 * key + salt).copied()
        let serverSalt = exported.extracting(2 * key + salt..<2 * (key + salt)).copied()
        self.init(
            profile: profile,
            localKey: isClient ? clientKey : serverKey,
            localSalt: isClient ? clientSalt : serverSalt,
            remoteKey: isClient ? serverKey : clientKey,
            remoteSalt: isClient ? serverSalt : clientSalt
        )
    }

    /// How many bytes to ask of the TLS exporter, RFC 5764 §4.2.
    package static func exportedLength(of profile: SRTPProfile) -> Int {
        2 * (profile.keyLength + profile.saltLength)
    }

    /// The same material seen from the other end.
    package var reversed: SRTPKeyingMaterial {
        SRTPKeyingMaterial(
            profile: profile,
            localKey: remoteKey,
            localSalt: remoteSalt,
            remoteKey: localKey,
            remoteSalt: localSalt
        )
    }
}
