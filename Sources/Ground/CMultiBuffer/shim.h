// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <intel-ipsec-mb.h>

// What AES-GCM takes of the library, for one length of keys, as the library chose it for this processor.
typedef struct {
    aes_gcm_pre_t prepare;
    aes_gcm_enc_dec_t seal;
    aes_gcm_enc_dec_t open;
} swiftlet_gcm;

// Finds the functions; 0 when the processor has no AES instructions. Nothing of the library's state is kept.
static inline int swiftlet_gcm_load(swiftlet_gcm *with128, swiftlet_gcm *with256) {
    IMB_MGR *manager = alloc_mb_mgr(0);
    if (manager == NULL) return 0;
    init_mb_mgr_auto(manager, NULL);
    int usable = (manager->features & (IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ)) ==
                     (IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ) &&
                 imb_get_errno(manager) == 0;
    *with128 = (swiftlet_gcm){manager->gcm128_pre, manager->gcm128_enc, manager->gcm128_dec};
    *with256 = (swiftlet_gcm){manager->gcm256_pre, manager->gcm256_enc, manager->gcm256_dec};
    free_mb_mgr(manager);
    return usable;
}

// Seals or opens `count` bytes, which may stay where they are, and writes the tag of 16 bytes.
static inline void swiftlet_gcm_run(aes_gcm_enc_dec_t function, const struct gcm_key_data *key, const uint8_t *nonce,
                                    const uint8_t *header, size_t header_count, const uint8_t *from, uint8_t *to,
                                    size_t count, uint8_t *tag) {
    struct gcm_context_data state;
    function(key, &state, to, from, count, nonce, header, header_count, tag, 16);
}
