// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto

/// What signalling says the peer's certificate must be, RFC 8122 §5.
///
/// A DTLS endpoint accepts any certificate; its owner asks here before it uses a key or delivers data.
package struct RemoteFingerprint: Hashable, Sendable {
    /// More than any peer sends; later ones are not looked at.
    package static let maximumCount = 16

    /// Those of the strongest algorithm that was given; one of them must match.
    package let fingerprints: [Fingerprint]

    /// Takes the strongest of what the peer offered, so that a broken hash cannot be chosen over a sound one.
    ///
    /// Fails when there is none to check against.
    package init?(_ offered: [Fingerprint]) {
        let considered = offered.prefix(Self.maximumCount)
        guard let strongest = considered.map(\.algorithm.length).max() else { return nil }
        fingerprints = considered.filter { $0.algorithm.length == strongest }
    }

    /// Reads one fingerprint as signalling carries it, such as `sha-256` and `AB:CD:…` in any case.
    package init?(algorithm: String, value: String) {
        guard let fingerprint = Fingerprint(algorithm: algorithm, value: value) else { return nil }
        fingerprints = [fingerprint]
    }

    /// Whether the certificate is the one that was announced.
    package func matches(certificateDER der: [UInt8]) -> Bool {
        fingerprints.contains { $0.matches(certificateDER: der) }
    }
}
