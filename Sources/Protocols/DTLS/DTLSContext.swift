// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
package import SwiftletCrypto

/// OpenSSL refused to set up a context; carries its reason, for people.
package struct DTLSContextError: Error, Equatable, Sendable {
    package let reason: String
}

/// What all connections under one certificate share: OpenSSL's settings, and a buffer to read into.
///
/// DTLS 1.2 alone. Every peer certificate is accepted here, since identity is the fingerprint, RFC 8827 §6.5.
@safe
package final class DTLSContext {
    /// What peers will see.
    package let certificate: Certificate
    /// The SRTP profiles offered, best first; as a server the first that the client has too is chosen.
    package let profiles: [SRTPProfile]

    /// Whether OpenSSL's connections are let go after their handshake; otherwise they live on, for comparison.
    let ownsRecords: Bool

    let pointer: OpaquePointer
    let method: DatagramMethod
    /// Where application data is read to; as long as the longest plaintext of a record, RFC 5246 §6.2.1.
    var scratch = [UInt8](repeating: 0, count: 16384)

    /// Suites of RFC 8827 §6.5 and what peers without AES-GCM fall back to; RSA is for the peer's certificate.
    package static let suites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
    ]

    /// X25519 where the peer has it, P-256 as RFC 8827 §6.5 demands.
    private static let groups = "X25519:P-256:P-384"

    /// No SHA-1 and nothing that a WebRTC stack does not sign with; keeps our ClientHello in one small fragment.
    private static let signatures = [
        "ECDSA+SHA256", "RSA-PSS+SHA256", "RSA+SHA256", "ECDSA+SHA384", "RSA-PSS+SHA384", "RSA+SHA384", "ECDSA+SHA512",
        "RSA+SHA512",
    ].joined(separator: ":")

    /// Sets up OpenSSL for one certificate.
    ///
    /// - Parameters:
    ///   - certificate: What to show peers; every peer must show one, too.
    ///   - profiles: What to offer in use_srtp, best first; empty for connections that carry data alone.
    ///   - suites: The cipher suites by OpenSSL's names, best first.
    ///   - ownsRecords: Whether OpenSSL's connections are let go after their handshake, where the suite allows it.
    /// - Throws: ``DTLSContextError`` if OpenSSL refuses the certificate or has no memory.
    package init(
        certificate: Certificate,
        profiles: [SRTPProfile] = SRTPProfile.preferenceOrder,
        suites: [String] = DTLSContext.suites,
        ownsRecords: Bool = true
    ) throws(DTLSContextError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        (self.certificate, self.profiles, self.ownsRecords) = (certificate, profiles, ownsRecords)
        guard let method = DatagramMethod() else { throw DTLSContextError(reason: "no memory") }
        guard let context = unsafe SSL_CTX_new(DTLS_method()) else { throw Self.lastError("no context") }
        self.method = method
        unsafe pointer = context
        guard unsafe Self.configure(context, suites) else { throw Self.lastError("settings refused") }
        guard unsafe Self.use(certificate, in: context) else { throw Self.lastError("certificate refused") }
        guard unsafe profiles.isEmpty || SSL_CTX_set_tlsext_use_srtp(context, Self.list(profiles)) == 0 else {
            throw Self.lastError("SRTP profiles refused")
        }
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    private static func list(_ profiles: [SRTPProfile]) -> String {
        profiles.map(\.openSSLName).joined(separator: ":")
    }

    private static func configure(_ context: OpaquePointer, _ suites: [String]) -> Bool {
        unsafe SSL_CTX_set_options(context, swiftlet_dtls_options)
        unsafe SSL_CTX_set_security_level(context, 1)
        // The peer must show a certificate; which one, the owner judges by its fingerprint.
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        unsafe SSL_CTX_set_cert_verify_callback(context, { _, _ in 1 }, nil)
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_CERT_LIST, RecordFilter.maximumHandshakeMessage, nil)
        return unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(DTLS1_2_VERSION), nil) == 1
            && SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(DTLS1_2_VERSION), nil) == 1
            && SSL_CTX_set_cipher_list(context, suites.joined(separator: ":")) == 1
            && set(SSL_CTRL_SET_GROUPS_LIST, groups, in: context)
            && set(SSL_CTRL_SET_SIGALGS_LIST, signatures, in: context)
    }

    private static func set(_ command: Int32, _ list: String, in context: OpaquePointer) -> Bool {
        var bytes = Array(list.utf8CString)
        return unsafe SSL_CTX_ctrl(context, command, 0, &bytes) == 1
    }

    private static func use(_ certificate: Certificate, in context: OpaquePointer) -> Bool {
        let (der, keyDER) = (certificate.der, certificate.privateKeyDER)
        let key = unsafe keyDER.withUnsafeBufferPointer { bytes in
            var cursor = bytes.baseAddress
            return unsafe d2i_AutoPrivateKey(nil, &cursor, bytes.count)
        }
        guard let key = unsafe key else { return false }
        defer { unsafe EVP_PKEY_free(key) }
        return unsafe SSL_CTX_use_certificate_ASN1(context, Int32(clamping: der.count), der) == 1
            && SSL_CTX_use_PrivateKey(context, key) == 1
            && SSL_CTX_check_private_key(context) == 1
    }

    private static func lastError(_ what: String) -> DTLSContextError {
        let reason = unsafe ERR_reason_error_string(ERR_peek_last_error())
        guard let reason = unsafe reason else { return DTLSContextError(reason: what) }
        return DTLSContextError(reason: unsafe "\(what): \(String(cString: reason))")
    }
}
