// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CForward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { BATCH = 64, SLOT = 2048, HEADER = 12, TAG = 16, MESSAGES = 64, RUN_BYTES = 65507 };

typedef struct {
    EVP_CIPHER_CTX *cipher;
    uint8_t salt[12];
    struct sockaddr_in address;
} destination;

static int seal(destination *to, const uint8_t *packet, int length, uint8_t *out) {
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
    EVP_CIPHER_CTX_ctrl(to->cipher, EVP_CTRL_AEAD_GET_TAG, TAG, out + length);
    return length + TAG;
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

int forward_floor_main(int consumers, int destination_port) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    struct sockaddr_in local = {.sin_family = AF_INET};
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof local;
    if (bind(fd, (struct sockaddr *)&local, sizeof local) < 0) return 1;
    getsockname(fd, (struct sockaddr *)&local, &length);

    destination *destinations = calloc((size_t)consumers, sizeof *destinations);
    for (int i = 0; i < consumers; i++) {
        uint8_t key[16];
        memset(key, i + 1, sizeof key);
        memset(destinations[i].salt, i + 2, 12);
        destinations[i].cipher = EVP_CIPHER_CTX_new();
        EVP_EncryptInit_ex(destinations[i].cipher, EVP_aes_128_gcm(), NULL, key, NULL);
        destinations[i].address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)destination_port)};
        destinations[i].address.sin_addr.s_addr = htonl(0x7F010001u + (uint32_t)i);
    }
    printf("port %d\n", ntohs(local.sin_port));
    fflush(stdout);

    uint8_t *in = aligned_alloc(4096, BATCH * SLOT);
    uint8_t *out = aligned_alloc(4096, (size_t)MESSAGES * 65536);
    struct mmsghdr reading[BATCH];
    struct iovec slots[BATCH];
    struct mmsghdr writing[MESSAGES];
    struct iovec runs[MESSAGES];
    _Alignas(struct cmsghdr) char controls[MESSAGES][CMSG_SPACE(sizeof(uint16_t))];
    for (int i = 0; i < BATCH; i++) {
        slots[i] = (struct iovec){in + (size_t)i * SLOT, SLOT};
        reading[i].msg_hdr = (struct msghdr){.msg_iov = &slots[i], .msg_iovlen = 1};
    }
    struct pollfd watched[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    for (;;) {
        if (poll(watched, 2, -1) < 0) continue;
        if (watched[1].revents) break;
        int count = recvmmsg(fd, reading, BATCH, MSG_DONTWAIT, NULL);
        if (count <= 0) continue;
        int queued = 0;
        size_t used = 0;
        for (int d = 0; d < consumers; d++) {
            for (int first = 0; first < count;) {
                // Equal packets make a run.
                int equal = 1;
                int sealed = (int)reading[first].msg_len + TAG;
                while (first + equal < count && reading[first + equal].msg_len == reading[first].msg_len
                       && (equal + 1) * sealed <= RUN_BYTES && equal < 64)
                    equal++;
                if (queued == MESSAGES || used + (size_t)(equal * sealed) > (size_t)MESSAGES * 65536) {
                    send_all(fd, writing, queued);
                    queued = 0;
                    used = 0;
                }
                uint8_t *start = out + used;
                for (int i = 0; i < equal; i++)
                    used += (size_t)seal(&destinations[d], in + (size_t)(first + i) * SLOT, (int)reading[first + i].msg_len, out + used);
                runs[queued] = (struct iovec){start, (size_t)(equal * sealed)};
                struct msghdr *header = &writing[queued].msg_hdr;
                *header = (struct msghdr){
                    .msg_name = &destinations[d].address, .msg_namelen = sizeof(struct sockaddr_in), .msg_iov = &runs[queued],
                    .msg_iovlen = 1};
                if (equal > 1) {
                    uint16_t segment = (uint16_t)sealed;
                    header->msg_control = controls[queued];
                    header->msg_controllen = sizeof controls[queued];
                    struct cmsghdr *control = CMSG_FIRSTHDR(header);
                    control->cmsg_level = IPPROTO_UDP;
                    control->cmsg_type = UDP_SEGMENT;
                    control->cmsg_len = CMSG_LEN(sizeof segment);
                    memcpy(CMSG_DATA(control), &segment, sizeof segment);
                }
                queued++;
                first += equal;
            }
        }
        send_all(fd, writing, queued);
    }
    return 0;
}
