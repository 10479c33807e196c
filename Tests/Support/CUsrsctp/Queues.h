// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "CUsrsctp.h"

/// Packets that wait to leave, in places that are used again and again.
struct packet_ring {
    uint8_t *bytes;
    uint16_t *counts;
    size_t size;
    size_t capacity;
    size_t first;
    size_t waiting;
};

void packet_ring_make(struct packet_ring *ring, size_t size);
void packet_ring_free(struct packet_ring *ring);
void packet_ring_add(struct packet_ring *ring, const void *bytes, size_t count);
const uint8_t *packet_ring_first(const struct packet_ring *ring, size_t *count);
void packet_ring_drop(struct packet_ring *ring);

struct event_node;

/// What happened and was not asked for yet.
struct event_queue {
    struct event_node *first;
    struct event_node *last;
    // The one whose bytes are on loan.
    struct event_node *lent;
};

void event_queue_add(struct event_queue *queue, struct usrsctp_event event);
struct usrsctp_event event_queue_next(struct event_queue *queue);
void event_queue_free(struct event_queue *queue);
