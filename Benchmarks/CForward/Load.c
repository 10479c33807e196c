// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CForward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

// A receiver's slot holds a header: the rest of a message is counted by its length.
enum { BATCH = 64, SLOT = 64, READ_PAUSE_NS = 300000 };

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void sleep_until(int64_t at) {
    struct timespec until = {at / 1000000000, at % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
}

static int open_socket(uint32_t address, int *port) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), size = 32 << 20;
    if (fd < 0) return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    struct sockaddr_in local = {.sin_family = AF_INET};
    local.sin_addr.s_addr = htonl(address);
    socklen_t length = sizeof local;
    if (bind(fd, (struct sockaddr *)&local, sizeof local) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    getsockname(fd, (struct sockaddr *)&local, &length);
    *port = ntohs(local.sin_port);
    return fd;
}

int forward_load_open(forward_load *load) {
    int on = 1;
    load->lost = 0;
    load->source = open_socket(INADDR_LOOPBACK, &load->source_port);
    if (load->source < 0) return load->source;
    load->drain = open_socket(INADDR_ANY, &load->drain_port);
    if (load->drain < 0) {
        close(load->source);
        return load->drain;
    }
    setsockopt(load->drain, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    setsockopt(load->drain, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(load->drain, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    return 0;
}

void forward_load_close(forward_load *load) {
    close(load->source);
    close(load->drain);
}

typedef struct {
    forward_load *load;
    forward_phase *phase;
    atomic_int stop;
} reader;

static void take(forward_phase *p, const uint8_t *header, uint32_t length, uint32_t segment, int64_t at) {
    // RTP alone counts: version 2 and no RTCP packet type.
    if (length < 12 || header[0] >> 6 != 2 || (header[1] >= 192 && header[1] <= 223)) return;
    uint32_t packets = (length + segment - 1) / segment;
    if (p->arrived == 0) p->first_ns = at;
    p->last_ns = at;
    p->arrived += packets;
    p->bytes += length;
    p->messages++;
    if (!p->delays || p->messages % p->sample != 0 || p->delay_count == p->delay_capacity) return;
    uint32_t index;
    memcpy(&index, header + 4, 4);
    // One stream in order: the packets of a run follow each other.
    index = ntohl(index) + (uint32_t)(p->messages / p->sample % packets);
    if (index < p->first || index >= p->first + p->count) return;
    int64_t delay = at - p->sent_ns[index];
    p->delays[p->delay_count++] = delay < 0 ? 0 : delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
}

/// Reads what the receivers have, or throws it away where there is no phase.
static void read_receivers(forward_load *load, forward_phase *phase) {
    static uint8_t memory[BATCH][SLOT];
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    static _Alignas(struct cmsghdr) char controls[BATCH][128];
    for (int count = BATCH; count == BATCH;) {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){memory[i], SLOT};
            messages[i].msg_hdr = (struct msghdr){
                .msg_iov = &vectors[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
        }
        count = recvmmsg(load->drain, messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
        for (int i = 0; i < count; i++) {
            uint32_t length = messages[i].msg_len, segment = length;
            int64_t at = 0;
            struct msghdr *header = &messages[i].msg_hdr;
            for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
                if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
                    int size;
                    memcpy(&size, CMSG_DATA(c), sizeof size);
                    if (size > 0) segment = (uint32_t)size;
                } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                    struct timespec stamp;
                    memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
                    at = (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec;
                } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
                    uint32_t lost;
                    memcpy(&lost, CMSG_DATA(c), sizeof lost);
                    if (phase) phase->overflow += lost - load->lost;
                    load->lost = lost;
                }
            }
            if (phase) take(phase, memory[i], length, segment, at);
        }
    }
}

static void read_feedback(int fd, forward_phase *phase) {
    uint8_t packet[16];
    while (recv(fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC) >= 0)
        if (phase) phase->feedback++;
}

static void *read_all(void *argument) {
    reader *r = argument;
    while (!atomic_load(&r->stop)) {
        read_receivers(r->load, r->phase);
        read_feedback(r->load->source, r->phase);
        struct timespec pause = {0, READ_PAUSE_NS};
        nanosleep(&pause, NULL);
    }
    read_receivers(r->load, r->phase);
    return NULL;
}

static void generate(forward_load *load, forward_phase *p) {
    // The publisher comes before its receivers on the processor they share; without the right to it, pace suffers a bit.
    struct sched_param urgent = {.sched_priority = 1}, usual = {0};
    sched_setscheduler(0, SCHED_FIFO, &urgent);
    prctl(PR_SET_TIMERSLACK, 1);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)p->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    int64_t start = clock_ns(CLOCK_MONOTONIC) + 1000000;
    double interval = 1e9 / p->packets_per_second;
    uint32_t burst = p->burst < BATCH ? p->burst : BATCH;
    for (uint32_t i = 0; i < p->count; i += burst) {
        sleep_until(start + (int64_t)(interval * i));
        uint32_t n = p->count - i < burst ? p->count - i : burst;
        int64_t at = clock_ns(CLOCK_REALTIME);
        for (uint32_t k = 0; k < n; k++) {
            size_t index = (size_t)p->first + i + k;
            vectors[k] = (struct iovec){(void *)(p->packets + index * p->size), p->size};
            messages[k].msg_hdr = (struct msghdr){
                .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &vectors[k], .msg_iovlen = 1};
            p->sent_ns[index] = at;
        }
        for (uint32_t sent = 0; sent < n;) {
            int done = sendmmsg(load->source, messages + sent, n - sent, 0);
            if (done > 0) sent += (uint32_t)done;
            else if (errno != EINTR && errno != EAGAIN) break;
        }
    }
    sched_setscheduler(0, SCHED_OTHER, &usual);
    sleep_until(clock_ns(CLOCK_MONOTONIC) + p->settle_ns);
}

int forward_run(forward_load *load, forward_phase *phase) {
    read_receivers(load, NULL);
    read_feedback(load->source, NULL);
    phase->arrived = phase->messages = phase->bytes = phase->feedback = phase->overflow = 0;
    phase->first_ns = phase->last_ns = 0;
    phase->delay_count = 0;
    reader r = {.load = load, .phase = phase};
    pthread_t thread;
    int error = pthread_create(&thread, NULL, read_all, &r);
    if (error) return -error;
    generate(load, phase);
    atomic_store(&r.stop, 1);
    pthread_join(thread, NULL);
    return 0;
}
