// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// System calls that Swift's Glibc overlay does not import: recvmmsg, sendmmsg, UDP GSO and GRO, kernel timestamps,
// epoll. Plain structs and integers only; every function returns a count or a descriptor, or a negative errno.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// An IPv4 or IPv6 address with a port, in host order. IPv4 uses the lower half of `low`.
typedef struct {
    uint64_t high;
    uint64_t low;
    uint32_t scope;
    uint16_t port;
    bool is_ipv6;
} cnet_address;

/// What a new socket should be like.
typedef struct {
    cnet_address address;
    int send_buffer;     ///< SO_SNDBUF to ask for; 0 leaves the system's.
    int receive_buffer;  ///< SO_RCVBUF to ask for; 0 leaves the system's.
    bool ipv6_only;
    bool reuse_port;
} cnet_socket_options;

/// One datagram, or a GRO run of equal datagrams, that was read.
typedef struct {
    uint32_t length;
    uint32_t segment;       ///< Size of each datagram of a run; 0 when it is one datagram.
    int64_t realtime_ns;    ///< Kernel receive time on the wall clock; 0 when there was none.
    uint32_t dropped;       ///< Datagrams the socket has dropped so far, by SO_RXQ_OVFL; 0 when it said nothing.
    bool truncated;
    cnet_address source;
} cnet_received;

/// One message to send: a datagram, or a GSO run when `segment` is not 0.
typedef struct {
    const uint8_t *bytes;
    uint32_t length;
    uint16_t segment;
    cnet_address destination;
} cnet_message;

/// A ready descriptor.
typedef struct {
    uint64_t token;
    uint32_t flags;  ///< A set of CNET_READABLE and so on.
} cnet_event;

enum { CNET_READABLE = 1, CNET_WRITABLE = 2, CNET_HANGUP = 4 };
enum { CNET_MAX_BATCH = 64 };

/// A non-blocking, close-on-exec UDP socket bound to the address, with GRO, timestamps and drop counts on, and path
/// MTU discovery set to OMIT, so that forged ICMP cannot shrink a path.
int cnet_udp_bind(const cnet_socket_options *options);
/// A non-blocking, close-on-exec TCP listener.
int cnet_tcp_listen(const cnet_socket_options *options, int backlog);
/// Accepts one connection, non-blocking and close-on-exec, with Nagle's delay off.
int cnet_tcp_accept(int listener, cnet_address *peer);
int cnet_local_address(int descriptor, cnet_address *address);
/// The buffer sizes that the kernel granted.
int cnet_buffer_sizes(int descriptor, int *send, int *receive);

/// Reads up to `slots` datagrams, each into its own slot of `stride` bytes from `base`.
int cnet_receive(int descriptor, uint8_t *base, size_t stride, int slots, cnet_received *received);
/// Sends up to CNET_MAX_BATCH messages by one sendmmsg. Returns how many left, or the negative errno of the first.
int cnet_send(int descriptor, bool is_ipv6, const cnet_message *messages, int count);

int cnet_read(int descriptor, uint8_t *bytes, size_t count);
int cnet_write(int descriptor, const uint8_t *bytes, size_t count);
/// Like cnet_write, but for sockets: never raises SIGPIPE.
int cnet_send_stream(int descriptor, const uint8_t *bytes, size_t count);
int cnet_close(int descriptor);
int cnet_set_nonblocking(int descriptor);
/// Both ends of a UNIX stream pair, close-on-exec.
int cnet_socketpair(int *first, int *second);

/// A descriptor that is waited for without epoll.
typedef struct {
    uint64_t token;
    int descriptor;
    bool readable;
    bool writable;
} cnet_watch;
#define CNET_MAX_WATCHED 8

int cnet_epoll_create(void);
int cnet_epoll_add(int epoll, int descriptor, uint64_t token, bool writable);
int cnet_epoll_change(int epoll, int descriptor, uint64_t token, bool readable, bool writable);
int cnet_epoll_remove(int epoll, int descriptor);
/// Waits at most `timeout_ns` nanoseconds for what `epoll` watches and for `watched`, of which there are at most
/// CNET_MAX_WATCHED; a negative timeout waits without end. An interruption counts as no event.
int cnet_wait(int epoll, const cnet_watch *watched, int watched_count, cnet_event *events, int count, int64_t timeout_ns);

/// Gives memory back to the system that is free, or that can be read again from a file: code and constants which have not
/// been used since. Takes milliseconds after a heavy load.
void cnet_give_back_memory(void);

int64_t cnet_monotonic_ns(void);
int64_t cnet_realtime_ns(void);
/// Sleeps until this time of the monotonic clock, whatever arrives meanwhile.
void cnet_sleep_until(int64_t monotonic_ns);

/// Addresses of all interfaces that are up, at most `count`; returns how many there are.
int cnet_interface_addresses(cnet_address *addresses, int count);
