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

// A message is read whole where its packets' delays count; else its header and its length tell enough.
enum { BATCH = 64, SLOT = 65536, HEADER_SLOT = 64, READ_PAUSE_NS = 300000, PAUSES_PER_HOST = 32 };

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
    int on = 1;
    // So that a peer can have a socket of its own while it connects.
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
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
    load->socket = open_socket(INADDR_ANY, &load->port);
    if (load->socket < 0) return load->socket;
    setsockopt(load->socket, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    setsockopt(load->socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(load->socket, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    return 0;
}

void forward_load_close(forward_load *load) { close(load->socket); }

typedef struct {
    forward_load *load;
    forward_phase *phase;
    atomic_int stop;
} reader;

static void take(forward_phase *p, const uint8_t *message, uint32_t length, uint32_t segment, int64_t at) {
    if (length >= 20 && message[0] == 1 && message[1] == 1) p->answers++;
    // RTP alone counts else: version 2 and no RTCP packet type.
    if (length < 12 || message[0] >> 6 != 2 || (message[1] >= 192 && message[1] <= 223)) return;
    uint32_t packets = (length + segment - 1) / segment;
    if (p->arrived == 0) {
        p->first_ns = at;
        memcpy(&p->first_timestamp, message + 4, 4);
        p->first_timestamp = ntohl(p->first_timestamp);
    }
    p->last_ns = at;
    for (uint32_t i = 0; p->delays && i < packets && p->delay_count < p->delay_capacity; i++) {
        if ((p->arrived + i) % p->sample != 0) continue;
        uint32_t index;
        memcpy(&index, message + (size_t)i * segment + 4, 4);
        index = ntohl(index) + p->offset;
        if (index < p->first || index >= p->first + p->count) continue;
        int64_t delay = at - p->sent_ns[index];
        p->delays[p->delay_count++] = delay < 0 ? 0 : delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
    }
    p->arrived += packets;
    p->bytes_arrived += length;
    p->messages++;
}

/// Reads what the peers have, or throws it away where there is no phase.
static void read_peers(forward_load *load, forward_phase *phase) {
    static uint8_t memory[BATCH][SLOT];
    size_t room = phase && phase->delays ? SLOT : HEADER_SLOT;
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    static _Alignas(struct cmsghdr) char controls[BATCH][128];
    for (int count = BATCH; count == BATCH;) {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){memory[i], room};
            messages[i].msg_hdr = (struct msghdr){
                .msg_iov = &vectors[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
        }
        count = recvmmsg(load->socket, messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
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

static void *read_all(void *argument) {
    reader *r = argument;
    static char said[65536];
    for (int pass = 0; !atomic_load(&r->stop); pass++) {
        read_peers(r->load, r->phase);
        if (pass % PAUSES_PER_HOST == 0)
            while (recv(r->phase->channel, said, sizeof said, MSG_DONTWAIT) > 0) {}
        struct timespec pause = {0, READ_PAUSE_NS};
        nanosleep(&pause, NULL);
    }
    read_peers(r->load, r->phase);
    return NULL;
}

/// Messages to the forwarder, each from the address of its peer.
typedef struct {
    struct sockaddr_in to;
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    _Alignas(struct cmsghdr) char controls[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
} outbox;

static void put(outbox *box, int place, const forward_phase *p, const forward_entry *entry) {
    box->vectors[place] = (struct iovec){(void *)(p->bytes + entry->offset), entry->length};
    struct msghdr *header = &box->messages[place].msg_hdr;
    *header = (struct msghdr){
        .msg_name = &box->to, .msg_namelen = sizeof box->to, .msg_iov = &box->vectors[place], .msg_iovlen = 1,
        .msg_control = box->controls[place], .msg_controllen = sizeof box->controls[place]};
    struct in_pktinfo source = {.ipi_spec_dst.s_addr = htonl(FORWARD_FIRST_PEER + entry->from)};
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof source);
    memcpy(CMSG_DATA(control), &source, sizeof source);
}

static void generate(forward_load *load, forward_phase *p) {
    // The publishers come before the receivers on the processor they share; without the right to it, pace suffers a bit.
    struct sched_param urgent = {.sched_priority = 1}, usual = {0};
    sched_setscheduler(0, SCHED_FIFO, &urgent);
    prctl(PR_SET_TIMERSLACK, 1);
    static outbox box;
    box.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)p->port)};
    box.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const forward_entry *entries = p->entries + p->first;
    int64_t start = clock_ns(CLOCK_MONOTONIC) + 1000000, origin = p->count > 0 ? entries[0].at_ns : 0;
    for (uint32_t i = 0; i < p->count;) {
        int64_t due = (int64_t)((double)(entries[i].at_ns - origin) / p->pace);
        sleep_until(start + due);
        // Together go packets of one moment, such as those of a burst; what is late does not become a burst by that.
        uint32_t n = 1;
        while (n < BATCH && i + n < p->count && entries[i + n].at_ns == entries[i].at_ns) n++;
        int64_t at = clock_ns(CLOCK_REALTIME), late = clock_ns(CLOCK_MONOTONIC) - start - due;
        if (late > p->latest_ns) p->latest_ns = late;
        for (uint32_t k = 0; k < n; k++) {
            put(&box, (int)k, p, &entries[i + k]);
            p->sent_ns[p->first + i + k] = at;
        }
        for (uint32_t sent = 0; sent < n;) {
            int done = sendmmsg(load->socket, box.messages + sent, n - sent, 0);
            if (done > 0) sent += (uint32_t)done;
            else if (errno != EINTR && errno != EAGAIN) break;
        }
        i += n;
    }
    sched_setscheduler(0, SCHED_OTHER, &usual);
    sleep_until(clock_ns(CLOCK_MONOTONIC) + p->settle_ns);
}

int forward_run(forward_load *load, forward_phase *phase) {
    read_peers(load, NULL);
    phase->arrived = phase->messages = phase->bytes_arrived = phase->answers = phase->overflow = 0;
    phase->first_ns = phase->last_ns = phase->latest_ns = 0;
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
