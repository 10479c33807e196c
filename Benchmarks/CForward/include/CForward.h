// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stddef.h>
#include <stdint.h>

/// How the floor seals.
enum { FORWARD_NONE, FORWARD_GCM, FORWARD_CM };
/// Who gets whose packets: every publisher has viewers of its own, or the peers of a room get each other's.
enum { FORWARD_FAN, FORWARD_ROOMS };

/// The number of a peer's first SSRC and the distance to the next peer's; what of a room's layers nobody watches lies
/// below the one that all watch.
enum { FORWARD_SSRC = 1000, FORWARD_SSRC_STEP = 100, FORWARD_TOP_SSRC = 20 };
/// Where peers stand: peer `i` at 127.1.0.1 + i.
#define FORWARD_FIRST_PEER 0x7F010001u

typedef struct {
    int suite;
    int shape;
    int groups;            ///< Publishers, or rooms.
    int members;           ///< Viewers of each publisher, or peers of each room.
    int destination_port;
} forward_floor;

/// The floor: reads datagrams on a loopback UDP port, seals each for every destination under one long-lived context per
/// destination, and sends them with sendmmsg, equal packets for one destination as one GSO run that a shorter one may
/// end. It looks at the SSRC to know for whom a packet is; no other parsing, no state, no loss repair: what any forwarder
/// has to do at least. Prints its port, then works until standard input closes.
int forward_floor_main(const forward_floor *floor);

/// All peers on loopback: one socket that stands behind all their addresses, sends and receives.
typedef struct {
    int socket;
    int port;
    uint32_t lost;    ///< Messages that the socket has ever dropped.
} forward_load;

/// Opens the socket; returns 0, or a negative errno.
int forward_load_open(forward_load *load);
void forward_load_close(forward_load *load);

/// A packet of a script.
typedef struct {
    int64_t at_ns;    ///< When to send it, from the script's start.
    uint32_t offset;  ///< Where it lies among the script's bytes.
    uint16_t length;
    uint16_t from;    ///< The peer that sends it.
} forward_entry;

/// What to send to a forwarder and when, and what came out of it.
typedef struct {
    const uint8_t *bytes;          ///< The bytes of all packets.
    const forward_entry *entries;  ///< All packets, by their times.
    uint32_t first;                ///< The first to send.
    uint32_t count;                ///< How many to send.
    double pace;                   ///< How many times as fast as the entries say.
    int port;                      ///< Loopback UDP port of the forwarder.
    int channel;                   ///< The descriptor on which it speaks to its host, who reads all along.
    uint32_t offset;               ///< What a forwarder has taken from RTP timestamps.
    int64_t settle_ns;             ///< How long to wait for the last packets.
    int64_t *sent_ns;              ///< Wall time at which each packet was sent, by its index among all packets.
    uint32_t *delays;              ///< Delay of every sampled packet in nanoseconds; NULL for none.
    uint32_t delay_capacity;
    uint32_t sample;               ///< Every how many packets one is sampled.

    uint64_t arrived;           ///< Out: RTP packets that arrived.
    uint64_t messages;          ///< Out: messages that they arrived in; a GSO run arrives as one.
    uint64_t bytes_arrived;     ///< Out: their bytes.
    uint64_t answers;           ///< Out: STUN responses that arrived.
    uint64_t overflow;          ///< Out: messages lost because the peers were not read fast enough.
    int64_t first_ns, last_ns;  ///< Out: when the first and the last arrived, kernel time.
    uint32_t delay_count;       ///< Out: how many were sampled.
    uint32_t first_timestamp;   ///< Out: of the first that arrived.
    int64_t latest_ns;          ///< Out: how late the latest packet was sent.
} forward_phase;

/// Sends all packets of a phase at the pace asked for, reading what comes back meanwhile.
///
/// Peers are read in batches, and time is taken by the kernel as packets arrive: nobody sleeps on the socket, so a
/// forwarder pays for no wake-ups. A packet's RTP timestamp is the index of the packet whose sending counts for it.
int forward_run(forward_load *load, forward_phase *phase);

/// A forwarder in a process of its own.
typedef struct {
    int pid;
    int channel;  ///< Our end of its standard input, a stream socket; it ends when this closes.
    int output;   ///< Its standard output.
} forward_child;

/// Starts this program again with a role and what to know of it, on processor `cpu` (-1: any). Returns 0, or a negative
/// errno.
int forward_spawn(forward_child *child, const char *role, const char *scenario, int cpu);
/// Reads a line of the child's output into `line`; returns its length, or -1.
int forward_read_line(forward_child *child, char *line, int capacity);
/// Closes the child's channel and waits for its end, by force after a second.
void forward_end(forward_child *child);

/// CPU time that all threads of a process have used, in nanoseconds, or -1.
int64_t forward_cpu_ns(int pid);
/// Resident kilobytes of a process, or -1.
int64_t forward_rss_kb(int pid);
/// Bytes of heap in use, large blocks included.
long forward_heap_in_use(void);
/// Keeps the calling thread on one processor.
int forward_pin(int cpu);
/// Puts this process before whatever else runs here, where that is allowed.
void forward_prefer(void);
/// Puts this process before all usual ones, where that is allowed: a forwarder's delay is its own then, whoever else
/// works on its processor.
void forward_insist(void);
/// The processor at this place among those that the process may use, or -1.
int forward_cpu(int place);
