// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import SwiftletWire

/// The keys of a connection's records once its handshake is over, for the AES-GCM suites, RFC 5288.
struct RecordKeys {
    /// What one side seals with: a key, and the four bytes that begin each nonce.
    struct Side {
        var key: [UInt8]
        var salt: UInt32
    }

    /// What we seal with.
    let local: Side
    /// What the peer seals with.
    let remote: Side

    private init?(block: Span<UInt8>, keyLength: Int, isClient: Bool) {
        // Keys, then salts, the client's first, RFC 5246 §6.3; AEADs have no keys for MACs.
        guard block.count == 2 * keyLength + 8 else { return nil }
        let client = Side(key: block.extracting(0..<keyLength).copied(), salt: block.uint32(at: 2 * keyLength))
        let server = Side(
            key: block.extracting(keyLength..<2 * keyLength).copied(),
            salt: block.uint32(at: 2 * keyLength + 4)
        )
        (local, remote) = isClient ? (client, server) : (server, client)
    }

    /// Expands the secret of a finished handshake, RFC 5246 §6.3; `nil` unless the suite is one of AES-GCM.
    @safe
    static func derive(from ssl: OpaquePointer, isClient: Bool) -> RecordKeys? {
        let cipher = unsafe SSL_get_current_cipher(ssl)
        let suite: (keyLength: Int, digest: String)? =
            switch unsafe SSL_CIPHER_get_protocol_id(cipher) {
            // ECDHE_ECDSA and ECDHE_RSA with AES_128_GCM_SHA256, then with AES_256_GCM_SHA384, RFC 5289 §3.2.
            case 0xC02B, 0xC02F: (16, "SHA256")
            case 0xC02C, 0xC030: (32, "SHA384")
            default: nil
            }
        guard let suite, let session = unsafe SSL_get_session(ssl) else { return nil }
        var secret = [UInt8](repeating: 0, count: 48)  // RFC 5246 §8.1
        defer { unsafe secret.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
        guard unsafe SSL_SESSION_get_master_key(session, &secret, secret.count) == secret.count else { return nil }
        var client = [UInt8](repeating: 0, count: 32)
        var server = [UInt8](repeating: 0, count: 32)
        guard unsafe SSL_get_client_random(ssl, &client, 32) == 32, unsafe SSL_get_server_random(ssl, &server, 32) == 32
        else { return nil }
        let length = 2 * suite.keyLength + 8
        guard var block = expand(secret, "key expansion", server + client, digest: suite.digest, count: length) else {
            return nil
        }
        defer { unsafe block.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
        return RecordKeys(block: block.span, keyLength: suite.keyLength, isClient: isClient)
    }

    /// TLS 1.2's pseudorandom function, RFC 5246 §5; `nil` if OpenSSL refuses.
    static func expand(_ secret: [UInt8], _ label: String, _ seed: [UInt8], digest: String, count: Int) -> [UInt8]? {
        let seed = Array(label.utf8) + seed
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe swiftlet_tls12_prf(digest, secret, secret.count, seed, seed.count, &bytes, count)
        return done == 1 ? bytes : nil
    }
}
