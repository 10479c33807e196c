// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// Why a certificate could not be made or read.
package enum CertificateError: Error, Equatable, Sendable {
    /// The text holds no certificate that OpenSSL reads.
    case unreadableCertificate
    /// The text holds no private key that OpenSSL reads; encrypted keys are not read.
    case unreadablePrivateKey
    /// The private key belongs to another certificate.
    case keyMismatch
    /// OpenSSL could not generate a key or sign with it.
    case generationFailed
}

/// A certificate and its private key: what a DTLS endpoint shows of itself.
///
/// A value of plain bytes, so that it crosses threads and outlives every OpenSSL object.
package struct Certificate: Sendable {
    /// The certificate, DER.
    package let der: [UInt8]
    /// The private key, DER, in the form that `d2i_AutoPrivateKey` reads.
    package let privateKeyDER: [UInt8]
    /// The fingerprints that signalling offers: sha-256, sha-384, sha-512.
    package let fingerprints: [Fingerprint]

    private init(der: [UInt8], privateKeyDER: [UInt8]) {
        (self.der, self.privateKeyDER) = (der, privateKeyDER)
        fingerprints = Fingerprint.offered.map { Fingerprint($0, ofCertificateDER: der) }
    }

    /// Makes a P-256 key and a certificate signed by itself with ECDSA and SHA-256, X.509 v3.
    ///
    /// - Parameters:
    ///   - unixSeconds: The wall time in seconds since 1970; the certificate holds ten years either way, since peers'
    ///     clocks err and identity is the fingerprint alone.
    ///   - commonName: Subject and issuer.
    /// - Returns: The new certificate with its key.
    /// - Throws: ``CertificateError/generationFailed`` if OpenSSL fails.
    package static func generate(
        unixSeconds: Int64,
        commonName: String = "Swiftlet"
    ) throws(CertificateError) -> Certificate {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let key = unsafe makeP256Key() else { throw .generationFailed }
        defer { unsafe EVP_PKEY_free(key) }
        guard let x509 = unsafe X509_new() else { throw .generationFailed }
        defer { unsafe X509_free(x509) }
        guard unsafe fill(x509, key: key, unixSeconds: unixSeconds, commonName: commonName),
            unsafe X509_sign(x509, key, EVP_sha256()) > 0,
            let der = unsafe X509DER.bytes(of: x509), let privateKey = unsafe privateKeyBytes(of: key)
        else { throw .generationFailed }
        return Certificate(der: der, privateKeyDER: privateKey)
    }

    /// Reads the first certificate of one PEM text and the private key of another; both may be the same text.
    ///
    /// - Throws: ``CertificateError`` when either is missing or they do not belong together.
    package init(pem: [UInt8], privateKeyPEM: [UInt8]) throws(CertificateError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let x509 = unsafe X509DER.parse(pem: pem) else { throw .unreadableCertificate }
        defer { unsafe X509_free(x509) }
        guard let key = unsafe Self.parseKey(pem: privateKeyPEM) else { throw .unreadablePrivateKey }
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe X509_check_private_key(x509, key) == 1 else { throw .keyMismatch }
        guard let der = unsafe X509DER.bytes(of: x509) else { throw .unreadableCertificate }
        guard let privateKey = unsafe Self.privateKeyBytes(of: key) else { throw .unreadablePrivateKey }
        self.init(der: der, privateKeyDER: privateKey)
    }

    /// Reads PEM strings as the other initializer reads bytes.
    package init(pem: String, privateKeyPEM: String) throws(CertificateError) {
        try self.init(pem: Array(pem.utf8), privateKeyPEM: Array(privateKeyPEM.utf8))
    }

    /// The certificate as PEM text.
    package var pem: String { Self.pem(certificateDER: der) }

    /// PEM text of a certificate's DER, as of a remote one.
    package static func pem(certificateDER der: [UInt8]) -> String {
        "-----BEGIN CERTIFICATE-----\n" + base64Lines(of: der) + "-----END CERTIFICATE-----\n"
    }

    /// Base 64 in lines of 64 characters, RFC 7468 §2.
    private static func base64Lines(of bytes: [UInt8]) -> String {
        var text = ""
        // 48 bytes make a line of 64 characters.
        for start in stride(from: 0, to: bytes.count, by: 48) {
            let part = Array(bytes[start..<min(start + 48, bytes.count)])
            var line = [UInt8](repeating: 0, count: 65)
            let length = unsafe EVP_EncodeBlock(&line, part, Int32(part.count))
            text += String(decoding: line[0..<Int(max(0, length))], as: UTF8.self) + "\n"
        }
        return text
    }
}

// MARK: - OpenSSL objects

extension Certificate {
    private static func makeP256Key() -> OpaquePointer? {
        guard let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            unsafe EVP_PKEY_keygen(context, &key) == 1
        else { return nil }
        return unsafe key
    }

    private static func fill(
        _ x509: OpaquePointer,
        key: OpaquePointer,
        unixSeconds: Int64,
        commonName: String
    ) -> Bool {
        let tenYears: Int64 = 3652 * 86400
        guard let serial = randomSerial(), let name = unsafe X509_get_subject_name(x509) else { return false }
        let characters = Array(commonName.utf8)
        return unsafe X509_set_version(x509, 2) == 1  // 2 means v3, RFC 5280 §4.1.2.1
            && ASN1_STRING_set(X509_get_serialNumber(x509), serial, Int32(serial.count)) == 1
            && ASN1_TIME_set(X509_getm_notBefore(x509), Int(unixSeconds &- tenYears)) != nil
            && ASN1_TIME_set(X509_getm_notAfter(x509), Int(unixSeconds &+ tenYears)) != nil
            && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, characters, Int32(characters.count), -1, 0) == 1
            && X509_set_issuer_name(x509, name) == 1
            && X509_set_pubkey(x509, key) == 1
    }

    /// Sixteen random bytes that read as a positive number, RFC 5280 §4.1.2.2; some peers refuse zero.
    private static func randomSerial() -> [UInt8]? {
        var serial = [UInt8](repeating: 0, count: 16)
        guard unsafe RAND_bytes(&serial, Int32(serial.count)) == 1 else { return nil }
        serial[0] = serial[0] & 0x3F | 0x40
        return serial
    }

    private static func parseKey(pem: [UInt8]) -> OpaquePointer? {
        // A password callback that gives none: OpenSSL's own would ask on the terminal.
        unsafe X509DER.reading(pem) { bio in unsafe PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) }
    }

    private static func privateKeyBytes(of key: OpaquePointer) -> [UInt8]? {
        let length = unsafe i2d_PrivateKey(key, nil)
        guard length > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe i2d_PrivateKey(key, &cursor)
        }
        return written == length ? bytes : nil
    }
}

/// Certificates between OpenSSL's objects and bytes.
package enum X509DER {
    /// The DER of a certificate, `nil` if OpenSSL fails.
    @unsafe
    package static func bytes(of x509: OpaquePointer) -> [UInt8]? {
        let length = unsafe i2d_X509(x509, nil)
        guard length > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe i2d_X509(x509, &cursor)
        }
        return written == length ? bytes : nil
    }

    /// The first certificate of a PEM text; the caller frees it.
    fileprivate static func parse(pem: [UInt8]) -> OpaquePointer? {
        unsafe reading(pem) { bio in unsafe PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil) }
    }

    /// Hands `body` a BIO that reads `bytes`, valid only meanwhile.
    fileprivate static func reading(
        _ bytes: [UInt8],
        _ body: (OpaquePointer) -> OpaquePointer?
    ) -> OpaquePointer? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let bio = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else {
                return nil
            }
            defer { unsafe BIO_free(bio) }
            return unsafe body(bio)
        }
    }
}
