// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stddef.h>
#include <stdint.h>

/// The floor: reads datagrams on a loopback UDP port, seals each for every destination with AES-128-GCM under one
/// long-lived EVP context per destination, and sends them with sendmmsg, equal packets for one destination as one GSO
/// run. No parsing, no state, no loss repair: what any forwarder has to do at least. Prints its port, then works until
/// standard input closes.
int forward_floor_main(int consumers, int destination_port);

/// A publisher and the receivers: one socket that sends, one that stands behind all receivers' addresses
/// (127.1.0.1, 127.1.0.2, …).
typedef struct {
    int source;       ///< Descriptor of the publisher.
    int drain;        ///< Descriptor of the receivers.
    int source_port;  ///< Both on loopback.
    int drain_port;
    uint32_t lost;    ///< Messages that the receivers' socket has ever dropped.
} forward_load;

/// Opens both sockets; returns 0, or a negative errno.
int forward_load_open(forward_load *load);
void forward_load_close(forward_load *load);

/// What to send to a forwarder and when, and what came out of it.
typedef struct {
    const uint8_t *packets;     ///< All packets of `size` bytes, one behind the other.
    uint32_t first;             ///< The first to send.
    uint32_t count;             ///< How many to send.
    uint32_t size;
    uint32_t burst;             ///< Packets sent back to back.
    double packets_per_second;
    int port;                   ///< Loopback UDP port of the forwarder.
    int64_t settle_ns;          ///< How long to wait for the last packets.
    int64_t *sent_ns;           ///< Wall time at which each packet was sent, by its index among all packets.
    uint32_t *delays;           ///< Delay of every sampled packet in nanoseconds.
    uint32_t delay_capacity;
    uint32_t sample;            ///< Every how many messages one packet is sampled.

    uint64_t arrived;           ///< Out: RTP packets that arrived.
    uint64_t messages;          ///< Out: messages that they arrived in; a GSO run arrives as one.
    uint64_t bytes;             ///< Out: their bytes.
    uint64_t feedback;          ///< Out: packets to the publisher.
    uint64_t overflow;          ///< Out: messages lost because the receivers were not read fast enough.
    int64_t first_ns, last_ns;  ///< Out: when the first and the last arrived, kernel time.
    uint32_t delay_count;       ///< Out: how many were sampled.
} forward_phase;

/// Sends all packets of a phase at the pace asked for, reading what comes back meanwhile.
///
/// Receivers are read in batches, and time is taken by the kernel as packets arrive: nobody sleeps on the sockets, so a
/// forwarder pays for no wake-ups. A packet's RTP timestamp is its index.
int forward_run(forward_load *load, forward_phase *phase);

/// A forwarder in a process of its own.
typedef struct {
    int pid;
    int channel;  ///< Our end of its standard input, a stream socket; it ends when this closes.
    int output;   ///< Its standard output.
} forward_child;

/// Starts this program again with three arguments, on processor `cpu` (-1: any). Returns 0, or a negative errno.
int forward_spawn(forward_child *child, const char *role, int consumers, int load_port, int source_port, int cpu);
/// Reads a line of the child's output into `line`; returns its length, or -1.
int forward_read_line(forward_child *child, char *line, int capacity);
/// Throws away what the child said on its channel.
void forward_discard_channel(forward_child *child);
/// Closes the child's channel and waits for its end, by force after a second.
void forward_end(forward_child *child);

/// CPU time that a process of one thread has used, in nanoseconds, or -1.
int64_t forward_cpu_ns(int pid);
/// Resident kilobytes of a process, or -1.
int64_t forward_rss_kb(int pid);
/// Bytes of heap in use, large blocks included.
long forward_heap_in_use(void);
/// Keeps the calling thread on one processor.
int forward_pin(int cpu);
/// Puts this process before whatever else runs here, where that is allowed.
void forward_prefer(void);
/// The processor at this place among those that the process may use, or -1.
int forward_cpu(int place);
