// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/time.h>

// SHA-1 states as plain values, which can be saved behind an HMAC key and copied for each packet without allocating.
// OpenSSL 3 marks these functions as deprecated; what replaces them duplicates states on the heap.
static inline int swiftlet_sha1_init(SHA_CTX *state) { return SHA1_Init(state); }
static inline int swiftlet_sha1_update(SHA_CTX *state, const void *bytes, size_t count) {
    return SHA1_Update(state, bytes, count);
}
static inline int swiftlet_sha1_final(SHA_CTX *state, unsigned char *digest) { return SHA1_Final(digest, state); }

// What DTLS needs of macros that Swift does not import.
// No session tickets, no renegotiation, our own order of ciphers, and the MTU is told, not asked of the socket.
static const uint64_t swiftlet_dtls_options =
    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_QUERY_MTU |
    SSL_OP_NO_COMPRESSION;
// The type of a BIO that is nobody else's; only OpenSSL's own searches look at it.
static const int swiftlet_bio_type = BIO_TYPE_SOURCE_SINK | 0x7f;
// Whether the `struct timeval` behind BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT holds a deadline; zero means none.
static inline int swiftlet_dtls_timeout_is_set(const void *timeout) {
    const struct timeval *value = (const struct timeval *)timeout;
    return value->tv_sec != 0 || value->tv_usec != 0;
}
// Puts that deadline into the past, so that DTLSv1_handle_timeout acts on it.
static inline void swiftlet_dtls_timeout_expire(void *timeout) {
    struct timeval *value = (struct timeval *)timeout;
    value->tv_sec = 1;
    value->tv_usec = 0;
}

// The pseudorandom function of TLS 1.2, RFC 5246 §5; the seed begins with the label. Returns 1 if it worked.
static inline int swiftlet_tls12_prf(
    const char *digest, const uint8_t *secret, size_t secret_length, const uint8_t *seed, size_t seed_length,
    uint8_t *output, size_t length
) {
    EVP_KDF *function = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *context = function ? EVP_KDF_CTX_new(function) : NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)secret, secret_length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)seed, seed_length),
        OSSL_PARAM_construct_end(),
    };
    int done = context ? EVP_KDF_derive(context, output, length, parameters) : 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(function);
    return done == 1;
}
