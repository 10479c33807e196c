// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The hash of a certificate's DER, by which peers know each other, RFC 8122 §5.
package struct Fingerprint: Hashable, Sendable {
    package let algorithm: Digest
    /// The hash, as long as the algorithm makes it.
    package let bytes: [UInt8]

    /// What our own certificates are described by; SHA-1 and SHA-224 are accepted from remote peers only.
    package static let offered: [Digest] = [.sha256, .sha384, .sha512]

    /// Computes the fingerprint of a certificate.
    package init(_ algorithm: Digest, ofCertificateDER der: [UInt8]) {
        self.algorithm = algorithm
        bytes = algorithm.hash(der.span)
    }

    /// Reads what signalling carries: `sha-256` and pairs of hex digits joined by colons, either in any case.
    ///
    /// Fails on an unknown algorithm, on anything but colons and hex digits, and on a wrong length.
    package init?(algorithm name: String, value: String) {
        guard let algorithm = Digest(rawValue: name.lowercased()) else { return nil }
        let pairs = value.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard pairs.count == algorithm.length else { return nil }
        var bytes: [UInt8] = []
        for pair in pairs {
            let digits = pair.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard pair.count == 2, digits.count == 2 else { return nil }
            bytes.append(UInt8(digits[0] << 4 | digits[1]))
        }
        (self.algorithm, self.bytes) = (algorithm, bytes)
    }

    /// The value as signalling carries it: pairs of capital hex digits joined by colons.
    package var value: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: ":")
    }

    /// Whether this is the fingerprint of the certificate.
    package func matches(certificateDER der: [UInt8]) -> Bool {
        !bytes.isEmpty && algorithm.hash(der.span) == bytes
    }
}
