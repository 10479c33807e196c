// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// libusrsctp without its threads and its sockets: associations that are handed packets and hand out packets. The stack
// is one for the whole process, so only one thread at a time may call any of this.

/// What an association is made with.
struct usrsctp_options {
    /// The longest packet, SCTP's header in it.
    uint32_t packet_size;
    uint32_t send_buffer;
    uint32_t receive_buffer;
    /// Streams wanted each way.
    uint16_t streams;
    /// Whether RFC 8260's I-DATA is offered.
    bool interleaving;
    /// Whether messages are counted on arrival and let go, for benchmarks.
    bool counts_only;
};

enum usrsctp_event_kind {
    usrsctp_no_event,
    usrsctp_connected,
    /// Ended in an abort, or was never answered.
    usrsctp_lost,
    /// Ended in a shutdown.
    usrsctp_shut,
    usrsctp_message,
    /// The peer has reset its outgoing streams, ours incoming.
    usrsctp_incoming_reset,
    /// The peer has agreed that ours begin anew.
    usrsctp_outgoing_reset,
    /// A message was given up.
    usrsctp_given_up,
};

/// Something that happened; `bytes` belongs to the event and stays until the next is asked for.
struct usrsctp_event {
    enum usrsctp_event_kind kind;
    uint16_t stream;
    bool unordered;
    uint32_t payload_protocol;
    /// A message's bytes, or the numbers of streams as uint16_t.
    const uint8_t *bytes;
    size_t count;
};

struct usrsctp_peer;

/// Moves the stack's time on by so many nanoseconds, on the clock of its own that it sees, and runs what timers are due.
void usrsctp_advance(uint64_t nanoseconds);

struct usrsctp_peer *usrsctp_peer_make(const struct usrsctp_options *options);
/// Ends the association with an abort that nobody gets.
void usrsctp_peer_free(struct usrsctp_peer *peer);

/// Begins the association; both sides may.
bool usrsctp_peer_connect(struct usrsctp_peer *peer);
/// Waits for one.
bool usrsctp_peer_listen(struct usrsctp_peer *peer);
void usrsctp_peer_receive(struct usrsctp_peer *peer, const uint8_t *bytes, size_t count);

/// Hands over a message; `retransmissions` and `milliseconds` are negative where they do not limit it.
///
/// Returns 0 or an errno, EWOULDBLOCK when the buffer is full.
int usrsctp_peer_send(
    struct usrsctp_peer *peer, uint16_t stream, uint32_t payload_protocol, bool unordered, int64_t retransmissions,
    int64_t milliseconds, const uint8_t *bytes, size_t count
);
/// Resets outgoing streams; returns 0 or an errno.
int usrsctp_peer_reset(struct usrsctp_peer *peer, const uint16_t *streams, size_t count);
/// Begins a graceful end.
int usrsctp_peer_shutdown(struct usrsctp_peer *peer);
/// Ends the association with an abort that the peer is sent.
int usrsctp_peer_abort(struct usrsctp_peer *peer);

/// The packet that leaves next, or NULL; it stays until usrsctp_peer_drop_packet.
const uint8_t *usrsctp_peer_packet(struct usrsctp_peer *peer, size_t *count);
void usrsctp_peer_drop_packet(struct usrsctp_peer *peer);

/// Takes what happened next.
struct usrsctp_event usrsctp_peer_event(struct usrsctp_peer *peer);
/// Messages and bytes that arrived so far.
void usrsctp_peer_counts(const struct usrsctp_peer *peer, uint64_t *messages, uint64_t *bytes);
/// Streams negotiated, outgoing and incoming.
bool usrsctp_peer_streams(struct usrsctp_peer *peer, uint16_t *outgoing, uint16_t *incoming);
/// The round trip it has measured, in milliseconds.
uint32_t usrsctp_peer_round_trip(struct usrsctp_peer *peer);
