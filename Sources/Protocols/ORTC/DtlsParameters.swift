// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What two sides must know of each other before their DTLS handshake.
public struct DtlsParameters: Codable, Hashable, Sendable {
    /// Who opens the handshake.
    public var role: DtlsRole
    /// Digests of the certificate.
    public var fingerprints: [DtlsFingerprint]

    /// Makes DTLS parameters.
    public init(role: DtlsRole = .auto, fingerprints: [DtlsFingerprint] = []) {
        (self.role, self.fingerprints) = (role, fingerprints)
    }

    /// Reads DTLS parameters; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        if fields.isAbsent(.role) {
            role = .auto
        } else if let role = fields.text(.role).flatMap(DtlsRole.init(rawValue:)) {
            self.role = role
        } else {
            throw fields.error("invalid", .role)
        }
        guard let list = try fields.list(.fingerprints, of: DtlsFingerprint.self, otherTypesAllowed: true) else {
            throw fields.error("missing", .fingerprints)
        }
        fingerprints = list
    }
}

/// A digest of a certificate (RFC 8122 §5).
public struct DtlsFingerprint: Codable, Hashable, Sendable {
    /// The hash function's name: "sha-256".
    public var algorithm: String
    /// The digest in hexadecimal, bytes parted by colons.
    public var value: String

    /// Makes a fingerprint.
    public init(algorithm: String, value: String) { (self.algorithm, self.value) = (algorithm, value) }

    /// Reads a fingerprint; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        algorithm = try fields.requiredText(.algorithm)
        value = try fields.requiredText(.value)
    }
}

/// Who opens the DTLS handshake.
public enum DtlsRole: String, Codable, Hashable, Sendable, CaseIterable {
    /// Not decided; a server told this of its client becomes the DTLS client.
    case auto
    case client
    case server
}

/// How far a transport's DTLS has come.
public enum DtlsState: String, Codable, Hashable, Sendable, CaseIterable {
    case new
    case connecting
    case connected
    case failed
    case closed
}

extension DtlsParameters: NamedObject {
    static let objectName = "dtlsParameters"
}
extension DtlsFingerprint: NamedObject {
    static let objectName = "fingerprint"
}
