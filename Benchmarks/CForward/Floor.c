// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// SHA-1 with a saved state is what an HMAC costs at least, and OpenSSL has no other way to it.
#define OPENSSL_SUPPRESS_DEPRECATED
#define _GNU_SOURCE
#include "CForward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { BATCH = 64, SLOT = 2048, HEADER = 12, MESSAGES = 64, RUN_BYTES = 65507, MAXIMUM_GROUPS = 4096 };

typedef struct {
    EVP_CIPHER_CTX *cipher;
    SHA_CTX inner, outer;  // HMAC-SHA1 behind its key.
    uint8_t salt[14];
    struct sockaddr_in address;
} destination;

static void begin(destination *to, int suite, int number) {
    uint8_t key[16], pad[64];
    memset(key, number + 1, sizeof key);
    memset(to->salt, number + 2, sizeof to->salt);
    to->cipher = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(to->cipher, suite == FORWARD_GCM ? EVP_aes_128_gcm() : EVP_aes_128_ctr(), NULL, key, NULL);
    memset(pad, 0x36, sizeof pad);
    for (int i = 0; i < 16; i++) pad[i] ^= key[i];
    SHA1_Init(&to->inner);
    SHA1_Update(&to->inner, pad, sizeof pad);
    for (int i = 0; i < 64; i++) pad[i] ^= 0x36 ^ 0x5C;
    SHA1_Init(&to->outer);
    SHA1_Update(&to->outer, pad, sizeof pad);
}

/// AES-128-GCM, RFC 7714 §8.1.
static int seal_gcm(destination *to, const uint8_t *packet, int length, uint8_t *out) {
    uint8_t iv[12] = {0};
    memcpy(iv + 2, packet + 8, 4);
    memcpy(iv + 10, packet + 2, 2);
    for (int i = 0; i < 12; i++) iv[i] ^= to->salt[i];
    int done;
    memcpy(out, packet, HEADER);
    EVP_EncryptInit_ex(to->cipher, NULL, NULL, NULL, iv);
    EVP_EncryptUpdate(to->cipher, NULL, &done, packet, HEADER);
    EVP_EncryptUpdate(to->cipher, out + HEADER, &done, packet + HEADER, length - HEADER);
    EVP_EncryptFinal_ex(to->cipher, out + HEADER + done, &done);
    EVP_CIPHER_CTX_ctrl(to->cipher, EVP_CTRL_AEAD_GET_TAG, 16, out + length);
    return length + 16;
}

/// AES-128 in counter mode, RFC 3711 §4.1.1, and 80 bits of HMAC-SHA1, §4.2.
static int seal_cm(destination *to, const uint8_t *packet, int length, uint8_t *out) {
    uint8_t iv[16] = {0}, digest[20];
    memcpy(iv + 4, packet + 8, 4);
    memcpy(iv + 12, packet + 2, 2);
    for (int i = 0; i < 14; i++) iv[i] ^= to->salt[i];
    int done;
    memcpy(out, packet, HEADER);
    EVP_EncryptInit_ex(to->cipher, NULL, NULL, NULL, iv);
    EVP_EncryptUpdate(to->cipher, out + HEADER, &done, packet + HEADER, length - HEADER);
    const uint8_t rollover[4] = {0};
    SHA_CTX state = to->inner;
    SHA1_Update(&state, out, (size_t)length);
    SHA1_Update(&state, rollover, sizeof rollover);
    SHA1_Final(digest, &state);
    state = to->outer;
    SHA1_Update(&state, digest, sizeof digest);
    SHA1_Final(digest, &state);
    memcpy(out + length, digest, 10);
    return length + 10;
}

static int seal(destination *to, int suite, const uint8_t *packet, int length, uint8_t *out) {
    if (suite == FORWARD_GCM) return seal_gcm(to, packet, length, out);
    if (suite == FORWARD_CM) return seal_cm(to, packet, length, out);
    memcpy(out, packet, (size_t)length);
    return length;
}

static void send_all(int fd, struct mmsghdr *messages, int count) {
    for (int sent = 0; sent < count;) {
        int done = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
        if (done <= 0) {
            if (done < 0 && errno == EINTR) continue;
            sent++;
        } else {
            sent += done;
        }
    }
}

static int open_socket(int *port) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    struct sockaddr_in local = {.sin_family = AF_INET};
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof local;
    if (bind(fd, (struct sockaddr *)&local, sizeof local) < 0) return -1;
    getsockname(fd, (struct sockaddr *)&local, &length);
    *port = ntohs(local.sin_port);
    return fd;
}

/// What has been read, sorted by group, and what is about to be sent.
typedef struct {
    int fd, suite, tag;
    uint8_t *in, *out;
    struct mmsghdr reading[BATCH];
    struct iovec slots[BATCH];
    int peer[BATCH], length[BATCH], next[BATCH];
    int head[MAXIMUM_GROUPS], tail[MAXIMUM_GROUPS], present[BATCH];
    int groups;
    struct mmsghdr writing[MESSAGES];
    struct iovec runs[MESSAGES];
    _Alignas(struct cmsghdr) char controls[MESSAGES][CMSG_SPACE(sizeof(uint16_t))];
    int queued;
    size_t used;
} machine;

/// Sorts what has been read by the group that gets it.
static void sort(machine *m, const forward_floor *floor, int count) {
    m->groups = 0;
    for (int i = 0; i < count; i++) {
        const uint8_t *packet = m->in + (size_t)i * SLOT;
        uint32_t ssrc;
        memcpy(&ssrc, packet + 8, 4);
        int stream = (int)(ntohl(ssrc) - FORWARD_SSRC), peer = stream / FORWARD_SSRC_STEP;
        int group = floor->shape == FORWARD_ROOMS ? peer / floor->members : peer;
        m->length[i] = (int)m->reading[i].msg_len - m->tag;
        if (m->length[i] <= HEADER || stream < 0 || group >= floor->groups) continue;
        if (floor->shape == FORWARD_ROOMS && stream % FORWARD_SSRC_STEP < FORWARD_TOP_SSRC) continue;
        m->peer[i] = peer;
        m->next[i] = -1;
        if (m->head[group] < 0) {
            m->present[m->groups++] = group;
            m->head[group] = i;
        } else {
            m->next[m->tail[group]] = i;
        }
        m->tail[group] = i;
    }
}

static void flush(machine *m) {
    send_all(m->fd, m->writing, m->queued);
    m->queued = 0;
    m->used = 0;
}

/// The next packet that is not the peer's own.
static int skip(const machine *m, int place, int self) {
    while (place >= 0 && m->peer[place] == self) place = m->next[place];
    return place;
}

/// Seals and queues all packets of a group for one of its members.
static void forward(machine *m, int group, int self, destination *to) {
    for (int place = skip(m, m->head[group], self); place >= 0;) {
        int segment = m->length[place] + m->tag, count = 0, length = 0;
        if (m->queued == MESSAGES || m->used + RUN_BYTES > (size_t)MESSAGES * 65536) flush(m);
        uint8_t *start = m->out + m->used;
        // Equal packets make a run, and a shorter one ends it.
        for (int size = segment; place >= 0 && size == segment && count < 64 && (count + 1) * segment <= RUN_BYTES;) {
            size = m->length[place] + m->tag;
            if (size > segment) break;
            length += seal(to, m->suite, m->in + (size_t)place * SLOT, m->length[place], start + length);
            count++;
            place = skip(m, m->next[place], self);
        }
        m->used += (size_t)length;
        m->runs[m->queued] = (struct iovec){start, (size_t)length};
        struct msghdr *header = &m->writing[m->queued].msg_hdr;
        *header = (struct msghdr){
            .msg_name = &to->address, .msg_namelen = sizeof to->address, .msg_iov = &m->runs[m->queued], .msg_iovlen = 1};
        if (count > 1) {
            uint16_t size = (uint16_t)segment;
            header->msg_control = m->controls[m->queued];
            header->msg_controllen = sizeof m->controls[m->queued];
            struct cmsghdr *control = CMSG_FIRSTHDR(header);
            control->cmsg_level = IPPROTO_UDP;
            control->cmsg_type = UDP_SEGMENT;
            control->cmsg_len = CMSG_LEN(sizeof size);
            memcpy(CMSG_DATA(control), &size, sizeof size);
        }
        m->queued++;
    }
}

int forward_floor_main(const forward_floor *floor) {
    static machine m;
    int port;
    if (floor->groups > MAXIMUM_GROUPS) return 1;
    m.fd = open_socket(&port);
    if (m.fd < 0) return 1;
    m.suite = floor->suite;
    m.tag = floor->suite == FORWARD_GCM ? 16 : floor->suite == FORWARD_CM ? 10 : 0;
    int count = floor->groups * floor->members, publishers = floor->shape == FORWARD_FAN ? floor->groups : 0;
    destination *destinations = calloc((size_t)count, sizeof *destinations);
    for (int i = 0; i < count; i++) {
        begin(&destinations[i], floor->suite, i);
        destinations[i].address = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons((uint16_t)floor->destination_port)};
        destinations[i].address.sin_addr.s_addr = htonl(FORWARD_FIRST_PEER + (uint32_t)(publishers + i));
    }
    for (int i = 0; i < MAXIMUM_GROUPS; i++) m.head[i] = -1;
    printf("port %d\n", port);
    fflush(stdout);

    m.in = aligned_alloc(4096, BATCH * SLOT);
    m.out = aligned_alloc(4096, (size_t)MESSAGES * 65536);
    for (int i = 0; i < BATCH; i++) {
        m.slots[i] = (struct iovec){m.in + (size_t)i * SLOT, SLOT};
        m.reading[i].msg_hdr = (struct msghdr){.msg_iov = &m.slots[i], .msg_iovlen = 1};
    }
    struct pollfd watched[2] = {{.fd = m.fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    for (;;) {
        if (poll(watched, 2, -1) < 0) continue;
        if (watched[1].revents) break;
        int got = recvmmsg(m.fd, m.reading, BATCH, MSG_DONTWAIT, NULL);
        if (got <= 0) continue;
        sort(&m, floor, got);
        for (int g = 0; g < m.groups; g++) {
            int group = m.present[g], first = group * floor->members;
            for (int d = first; d < first + floor->members; d++)
                forward(&m, group, floor->shape == FORWARD_ROOMS ? d : -1, &destinations[d]);
            m.head[group] = -1;
        }
        flush(&m);
    }
    return 0;
}
