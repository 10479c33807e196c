// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import SwiftletCrypto
import SwiftletDTLS
import Testing

@Suite("Certificates and fingerprints, RFC 5280 and RFC 8122")
struct CertificateTests {
    @Test("A generated certificate is X.509 v3, signed by itself with ECDSA and SHA-256, with a positive serial")
    func generated() throws {
        for _ in 0..<50 {
            let certificate = try Certificate.generate(unixSeconds: 1_800_000_000)
            let der = certificate.der
            let parsed = unsafe der.withUnsafeBufferPointer { bytes in
                var cursor = bytes.baseAddress
                return unsafe d2i_X509(nil, &cursor, bytes.count)
            }
            guard let x509 = unsafe parsed else {
                Issue.record("not a certificate")
                continue
            }
            defer { unsafe X509_free(x509) }
            #expect(unsafe X509_get_version(x509) == 2)
            #expect(unsafe X509_verify(x509, X509_get0_pubkey(x509)) == 1)
            #expect(unsafe X509_get_signature_nid(x509) == NID_ecdsa_with_SHA256)
            #expect(unsafe X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0)
            let serial = unsafe X509_get0_serialNumber(x509)
            #expect(unsafe ASN1_STRING_length(serial) == 16)
            #expect(unsafe serial?.pointee.type == V_ASN1_INTEGER, "not V_ASN1_NEG_INTEGER")
            let now = unsafe ASN1_TIME_set(nil, 1_800_000_000)
            defer { unsafe ASN1_STRING_free(now) }
            var (days, seconds): (Int32, Int32) = (0, 0)
            #expect(unsafe ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x509), now) == 1)
            #expect(days == 3652)
            #expect(unsafe ASN1_TIME_diff(&days, &seconds, now, X509_get0_notAfter(x509)) == 1)
            #expect(days == 3652)
        }
    }

    @Test("Two generated certificates share nothing")
    func distinct() throws {
        let (a, b) = (try Certificate.generate(unixSeconds: 0), try Certificate.generate(unixSeconds: 0))
        #expect(a.der != b.der && a.privateKeyDER != b.privateKeyDER && a.fingerprints != b.fingerprints)
    }

    @Test("PEM is read, and written just as openssl writes it")
    func pem() throws {
        let rsa = try Certificate(pem: Fixtures.rsaCertificate, privateKeyPEM: Fixtures.rsaKey)
        #expect(rsa.pem == Fixtures.rsaCertificate + "\n")
        #expect(Certificate.pem(certificateDER: rsa.der) == rsa.pem)
        let both = Fixtures.largeKey + "\n" + Fixtures.largeCertificate
        let large = try Certificate(pem: both, privateKeyPEM: both)
        #expect(large.pem == Fixtures.largeCertificate + "\n")
        let generated = try Certificate.generate(unixSeconds: 1_800_000_000)
        #expect(throws: CertificateError.keyMismatch) {
            try Certificate(pem: generated.pem, privateKeyPEM: Fixtures.largeKey)
        }
        #expect(Certificate.pem(certificateDER: []).hasPrefix("-----BEGIN CERTIFICATE-----\n-----END"))
    }

    @Test("Text that holds no certificate or no open key is refused, and asks nobody for a password")
    func refused() {
        #expect(throws: CertificateError.unreadableCertificate) {
            try Certificate(pem: "", privateKeyPEM: Fixtures.rsaKey)
        }
        #expect(throws: CertificateError.unreadableCertificate) {
            try Certificate(pem: Fixtures.rsaKey, privateKeyPEM: Fixtures.rsaKey)
        }
        #expect(throws: CertificateError.unreadablePrivateKey) {
            try Certificate(pem: Fixtures.largeCertificate, privateKeyPEM: Fixtures.encryptedKey)
        }
        #expect(throws: CertificateError.unreadablePrivateKey) {
            try Certificate(pem: Fixtures.largeCertificate, privateKeyPEM: Fixtures.largeCertificate)
        }
        #expect(throws: CertificateError.keyMismatch) {
            try Certificate(pem: Fixtures.rsaCertificate, privateKeyPEM: Fixtures.largeKey)
        }
    }

    @Test("Fingerprints agree with openssl's for every algorithm, in either case")
    func fingerprints() throws {
        let rsa = try Certificate(pem: Fixtures.rsaCertificate, privateKeyPEM: Fixtures.rsaKey)
        #expect(rsa.fingerprints.map(\.algorithm.rawValue) == ["sha-256", "sha-384", "sha-512"])
        for (name, value) in Fixtures.rsaFingerprints {
            for text in [value, value.lowercased()] {
                let remote = try #require(RemoteFingerprint(algorithm: name.uppercased(), value: text))
                #expect(remote.matches(certificateDER: rsa.der))
                #expect(!remote.matches(certificateDER: Array(rsa.der.dropLast())))
                #expect(!remote.matches(certificateDER: []))
            }
            let own = rsa.fingerprints.first { $0.algorithm.rawValue == name }
            #expect(own == nil || own?.value == value)
        }
        #expect(Fixtures.rsaFingerprints.count == 5)
    }

    @Test(
        "What is not a fingerprint is refused",
        arguments: [
            ("md5", "00:11"), ("sha-1", ""), ("sha-1", "00"), ("", "00"), ("sha-1", String(repeating: ":", count: 19)),
            ("sha-1", String(repeating: "0+:", count: 19) + "00"),
            ("sha-1", String(repeating: "+0:", count: 19) + "00"),
            ("sha-1", String(repeating: "00:", count: 20)), ("sha-1", String(repeating: "000:", count: 19) + "00"),
            ("sha-1", String(repeating: "é:", count: 19) + "00"), ("sha-1", String(repeating: "00", count: 20)),
            ("sha-256", String(repeating: "00:", count: 19) + "00"),
        ]
    )
    func notFingerprints(algorithm: String, value: String) {
        #expect(Fingerprint(algorithm: algorithm, value: value) == nil)
        #expect(RemoteFingerprint(algorithm: algorithm, value: value) == nil)
    }

    @Test("Of several fingerprints the strongest algorithm decides, and any of its values may match")
    func strongest() throws {
        let rsa = try Certificate(pem: Fixtures.rsaCertificate, privateKeyPEM: Fixtures.rsaKey)
        let other = try Certificate.generate(unixSeconds: 0)
        let weak = Fingerprint(.sha1, ofCertificateDER: rsa.der)
        let right = Fingerprint(.sha256, ofCertificateDER: rsa.der)
        let wrong = Fingerprint(.sha256, ofCertificateDER: other.der)
        #expect(RemoteFingerprint([weak, wrong])?.matches(certificateDER: rsa.der) == false)
        #expect(RemoteFingerprint([weak, wrong, right])?.matches(certificateDER: rsa.der) == true)
        #expect(RemoteFingerprint([]) == nil)
    }
}
