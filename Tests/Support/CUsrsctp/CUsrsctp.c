// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#include "CUsrsctp.h"
#include "Queues.h"
#include "VirtualClock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <usrsctp.h>

// RFC 8260's option, which Debian's header leaves out though the library has it.
#ifndef SCTP_INTERLEAVING_SUPPORTED
#define SCTP_INTERLEAVING_SUPPORTED 0x00001206
#endif

enum { port = 5000, places = 4096 };

struct usrsctp_peer {
    // What libusrsctp calls us by; never used twice, since it may speak of those that are gone.
    uintptr_t name;
    struct usrsctp_options options;
    struct socket *listener;
    struct socket *socket;
    struct packet_ring packets;
    struct event_queue events;
    uint64_t messages;
    uint64_t bytes;
    // The beginning of a message that comes in parts.
    uint8_t *partial;
    size_t partial_count;
};

static struct usrsctp_peer *peers[places];
static uintptr_t last_name;
static uint64_t nanoseconds;

static struct usrsctp_peer *peer_named(void *name) {
    struct usrsctp_peer *peer = peers[(uintptr_t)name % places];
    return peer && peer->name == (uintptr_t)name ? peer : NULL;
}

static int packet_leaves(void *name, void *bytes, size_t count, uint8_t tos, uint8_t set_df) {
    (void)tos, (void)set_df;
    struct usrsctp_peer *peer = peer_named(name);
    if (peer) packet_ring_add(&peer->packets, bytes, count);
    return 0;
}

static void start(void) {
    static bool started;
    if (started) return;
    started = true;
    usrsctp_init_nothreads(0, packet_leaves, NULL);
    // As browsers and servers set it: there is no ECN through DTLS, and a send buffer may fill with fragments.
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(10 * 1024);
    usrsctp_sysctl_set_sctp_blackhole(2);
}

void usrsctp_advance(uint64_t by) {
    virtual_clock_enter();
    start();
    // Its timers count whole milliseconds.
    uint64_t before = nanoseconds / 1000000;
    nanoseconds += by;
    virtual_clock_set(nanoseconds / 1000);
    uint64_t ticks = nanoseconds / 1000000 - before;
    if (ticks > 0) usrsctp_handle_timers((uint32_t)ticks);
    virtual_clock_leave();
}

// MARK: What the stack tells

static void tell(struct usrsctp_peer *peer, enum usrsctp_event_kind kind, const void *bytes, size_t count) {
    event_queue_add(&peer->events, (struct usrsctp_event){.kind = kind, .bytes = bytes, .count = count});
}

static void notified(struct usrsctp_peer *peer, const union sctp_notification *told, size_t count) {
    if (count < sizeof told->sn_header || count < told->sn_header.sn_length) return;
    switch (told->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        switch (told->sn_assoc_change.sac_state) {
        case SCTP_COMM_UP: tell(peer, usrsctp_connected, NULL, 0); break;
        case SCTP_SHUTDOWN_COMP: tell(peer, usrsctp_shut, NULL, 0); break;
        case SCTP_COMM_LOST:
        case SCTP_CANT_STR_ASSOC: tell(peer, usrsctp_lost, NULL, 0); break;
        default: break;
        }
        break;
    case SCTP_STREAM_RESET_EVENT: {
        const struct sctp_stream_reset_event *reset = &told->sn_strreset_event;
        if (reset->strreset_flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED)) break;
        size_t listed = reset->strreset_length - sizeof *reset;
        bool incoming = reset->strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN;
        tell(peer, incoming ? usrsctp_incoming_reset : usrsctp_outgoing_reset, reset->strreset_stream_list, listed);
        break;
    }
    case SCTP_SEND_FAILED_EVENT: tell(peer, usrsctp_given_up, NULL, 0); break;
    case SCTP_PARTIAL_DELIVERY_EVENT:
        free(peer->partial);
        peer->partial = NULL;
        peer->partial_count = 0;
        break;
    default: break;
    }
}

static void message_arrived(
    struct usrsctp_peer *peer, const uint8_t *bytes, size_t count, const struct sctp_rcvinfo *about, bool is_end
) {
    if (peer->options.counts_only) {
        peer->bytes += count;
        peer->messages += is_end;
        return;
    }
    if (peer->partial || !is_end) {
        uint8_t *longer = realloc(peer->partial, peer->partial_count + count);
        if (!longer) abort();
        memcpy(longer + peer->partial_count, bytes, count);
        peer->partial = longer;
        peer->partial_count += count;
        if (!is_end) return;
        bytes = peer->partial;
        count = peer->partial_count;
    }
    peer->bytes += count;
    peer->messages += 1;
    event_queue_add(
        &peer->events,
        (struct usrsctp_event){
            .kind = usrsctp_message,
            .stream = about->rcv_sid,
            .unordered = about->rcv_flags & SCTP_UNORDERED,
            .payload_protocol = ntohl(about->rcv_ppid),
            .bytes = bytes,
            .count = count,
        }
    );
    free(peer->partial);
    peer->partial = NULL;
    peer->partial_count = 0;
}

static int arrived(
    struct socket *socket, union sctp_sockstore from, void *data, size_t count, struct sctp_rcvinfo about, int flags,
    void *name
) {
    (void)socket, (void)from;
    struct usrsctp_peer *peer = peer_named(name);
    if (peer && data && (flags & MSG_NOTIFICATION)) notified(peer, data, count);
    else if (peer && data) message_arrived(peer, data, count, &about, flags & MSG_EOR);
    free(data);
    return 1;
}

// MARK: Making

static struct sockaddr_conn address(const struct usrsctp_peer *peer) {
    return (struct sockaddr_conn){
        .sconn_family = AF_CONN, .sconn_port = htons(port), .sconn_addr = (void *)peer->name
    };
}

static bool set(struct socket *socket, int level, int option, const void *value, size_t count) {
    return usrsctp_setsockopt(socket, level, option, value, (socklen_t)count) == 0;
}

static bool set_up(struct socket *socket, const struct usrsctp_options *options) {
    bool good = usrsctp_set_non_blocking(socket, 1) == 0;
    int on = 1, send_buffer = (int)options->send_buffer, receive_buffer = (int)options->receive_buffer;
    good &= set(socket, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    good &= set(socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    good &= set(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    good &= set(socket, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
    struct sctp_assoc_value resets = {
        .assoc_id = SCTP_ALL_ASSOC, .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ
    };
    good &= set(socket, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets);
    struct sctp_initmsg streams = {.sinit_num_ostreams = options->streams, .sinit_max_instreams = options->streams};
    good &= set(socket, IPPROTO_SCTP, SCTP_INITMSG, &streams, sizeof streams);
    struct sctp_paddrparams path = {
        .spp_pathmtu = options->packet_size - 12, .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_ENABLE
    };
    path.spp_address.ss_family = AF_CONN;
    good &= set(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
    if (options->interleaving) {
        uint32_t level = 2;
        good &= set(socket, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, &level, sizeof level);
        struct sctp_assoc_value interleaving = {.assoc_id = SCTP_FUTURE_ASSOC, .assoc_value = 1};
        good &= set(socket, IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED, &interleaving, sizeof interleaving);
    }
    static const uint16_t wanted[] = {
        SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT, SCTP_SEND_FAILED_EVENT, SCTP_PARTIAL_DELIVERY_EVENT
    };
    for (size_t index = 0; index < sizeof wanted / sizeof *wanted; index++) {
        struct sctp_event event = {.se_assoc_id = SCTP_ALL_ASSOC, .se_type = wanted[index], .se_on = 1};
        good &= set(socket, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event);
    }
    return good;
}

struct usrsctp_peer *usrsctp_peer_make(const struct usrsctp_options *options) {
    uintptr_t name = last_name + 1;
    if (peers[name % places]) return NULL;
    struct usrsctp_peer *peer = calloc(1, sizeof *peer);
    if (!peer) return NULL;
    last_name = name;
    peer->name = name;
    peer->options = *options;
    packet_ring_make(&peer->packets, options->packet_size);
    virtual_clock_enter();
    start();
    peers[name % places] = peer;
    usrsctp_register_address((void *)name);
    peer->socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, arrived, NULL, 0, (void *)name);
    bool good = peer->socket && set_up(peer->socket, options);
    struct sockaddr_conn own = address(peer);
    good = good && usrsctp_bind(peer->socket, (struct sockaddr *)&own, sizeof own) == 0;
    virtual_clock_leave();
    if (good) return peer;
    usrsctp_peer_free(peer);
    return NULL;
}

void usrsctp_peer_free(struct usrsctp_peer *peer) {
    virtual_clock_enter();
    if (peer->socket) usrsctp_close(peer->socket);
    if (peer->listener) usrsctp_close(peer->listener);
    usrsctp_deregister_address((void *)peer->name);
    peers[peer->name % places] = NULL;
    virtual_clock_leave();
    packet_ring_free(&peer->packets);
    event_queue_free(&peer->events);
    free(peer->partial);
    free(peer);
}

// MARK: Driving

bool usrsctp_peer_connect(struct usrsctp_peer *peer) {
    virtual_clock_enter();
    struct sockaddr_conn other = address(peer);
    int result = usrsctp_connect(peer->socket, (struct sockaddr *)&other, sizeof other);
    bool good = result == 0 || errno == EINPROGRESS;
    virtual_clock_leave();
    return good;
}

bool usrsctp_peer_listen(struct usrsctp_peer *peer) {
    virtual_clock_enter();
    bool good = usrsctp_listen(peer->socket, 1) == 0;
    virtual_clock_leave();
    if (good) {
        peer->listener = peer->socket;
        peer->socket = NULL;
    }
    return good;
}

void usrsctp_peer_receive(struct usrsctp_peer *peer, const uint8_t *bytes, size_t count) {
    virtual_clock_enter();
    usrsctp_conninput((void *)peer->name, bytes, count, 0);
    if (!peer->socket) {
        peer->socket = usrsctp_accept(peer->listener, NULL, NULL);
        if (peer->socket) usrsctp_set_non_blocking(peer->socket, 1);
    }
    virtual_clock_leave();
}

int usrsctp_peer_send(
    struct usrsctp_peer *peer, uint16_t stream, uint32_t payload_protocol, bool unordered, int64_t retransmissions,
    int64_t milliseconds, const uint8_t *bytes, size_t count
) {
    if (!peer->socket) return ENOTCONN;
    struct sctp_sendv_spa about = {.sendv_flags = SCTP_SEND_SNDINFO_VALID};
    about.sendv_sndinfo.snd_sid = stream;
    about.sendv_sndinfo.snd_flags = SCTP_EOR | (unordered ? SCTP_UNORDERED : 0);
    about.sendv_sndinfo.snd_ppid = htonl(payload_protocol);
    if (retransmissions >= 0 || milliseconds >= 0) {
        about.sendv_flags |= SCTP_SEND_PRINFO_VALID;
        about.sendv_prinfo.pr_policy = retransmissions >= 0 ? SCTP_PR_SCTP_RTX : SCTP_PR_SCTP_TTL;
        about.sendv_prinfo.pr_value = (uint32_t)(retransmissions >= 0 ? retransmissions : milliseconds);
    }
    virtual_clock_enter();
    ssize_t sent = usrsctp_sendv(peer->socket, bytes, count, NULL, 0, &about, sizeof about, SCTP_SENDV_SPA, 0);
    int error = sent >= 0 ? 0 : errno;
    virtual_clock_leave();
    return error;
}

int usrsctp_peer_reset(struct usrsctp_peer *peer, const uint16_t *streams, size_t count) {
    if (!peer->socket) return ENOTCONN;
    size_t size = sizeof(struct sctp_reset_streams) + count * sizeof(uint16_t);
    struct sctp_reset_streams *wanted = calloc(1, size);
    if (!wanted) return ENOMEM;
    wanted->srs_flags = SCTP_STREAM_RESET_OUTGOING;
    wanted->srs_number_streams = (uint16_t)count;
    memcpy(wanted->srs_stream_list, streams, count * sizeof(uint16_t));
    virtual_clock_enter();
    int error = set(peer->socket, IPPROTO_SCTP, SCTP_RESET_STREAMS, wanted, size) ? 0 : errno;
    virtual_clock_leave();
    free(wanted);
    return error;
}

int usrsctp_peer_shutdown(struct usrsctp_peer *peer) {
    if (!peer->socket) return ENOTCONN;
    virtual_clock_enter();
    int error = usrsctp_shutdown(peer->socket, SHUT_WR) == 0 ? 0 : errno;
    virtual_clock_leave();
    return error;
}

int usrsctp_peer_abort(struct usrsctp_peer *peer) {
    if (!peer->socket) return ENOTCONN;
    struct sctp_sndinfo about = {.snd_flags = SCTP_ABORT};
    virtual_clock_enter();
    ssize_t sent = usrsctp_sendv(peer->socket, "", 0, NULL, 0, &about, sizeof about, SCTP_SENDV_SNDINFO, 0);
    int error = sent >= 0 ? 0 : errno;
    virtual_clock_leave();
    return error;
}

// MARK: Draining

const uint8_t *usrsctp_peer_packet(struct usrsctp_peer *peer, size_t *count) {
    return packet_ring_first(&peer->packets, count);
}

void usrsctp_peer_drop_packet(struct usrsctp_peer *peer) { packet_ring_drop(&peer->packets); }

struct usrsctp_event usrsctp_peer_event(struct usrsctp_peer *peer) { return event_queue_next(&peer->events); }

void usrsctp_peer_counts(const struct usrsctp_peer *peer, uint64_t *messages, uint64_t *bytes) {
    *messages = peer->messages;
    *bytes = peer->bytes;
}

static bool status(struct usrsctp_peer *peer, struct sctp_status *out) {
    if (!peer->socket) return false;
    socklen_t size = sizeof *out;
    memset(out, 0, sizeof *out);
    virtual_clock_enter();
    bool good = usrsctp_getsockopt(peer->socket, IPPROTO_SCTP, SCTP_STATUS, out, &size) == 0;
    virtual_clock_leave();
    return good;
}

bool usrsctp_peer_streams(struct usrsctp_peer *peer, uint16_t *outgoing, uint16_t *incoming) {
    struct sctp_status now;
    if (!status(peer, &now)) return false;
    *outgoing = now.sstat_outstrms;
    *incoming = now.sstat_instrms;
    return true;
}

uint32_t usrsctp_peer_round_trip(struct usrsctp_peer *peer) {
    struct sctp_status now;
    return status(peer, &now) ? now.sstat_primary.spinfo_srtt : 0;
}
