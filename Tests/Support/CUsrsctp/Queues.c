// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#include "Queues.h"

#include <stdlib.h>
#include <string.h>

// An allocation that fails ends the test.
static void *allocated(void *memory) {
    if (!memory) abort();
    return memory;
}

void packet_ring_make(struct packet_ring *ring, size_t size) {
    *ring = (struct packet_ring){.size = size, .capacity = 64};
    ring->bytes = allocated(malloc(ring->capacity * size));
    ring->counts = allocated(malloc(ring->capacity * sizeof *ring->counts));
}

void packet_ring_free(struct packet_ring *ring) {
    free(ring->bytes);
    free(ring->counts);
}

static void grow(struct packet_ring *ring) {
    struct packet_ring larger = *ring;
    larger.capacity = 2 * ring->capacity;
    larger.first = 0;
    larger.bytes = allocated(malloc(larger.capacity * ring->size));
    larger.counts = allocated(malloc(larger.capacity * sizeof *larger.counts));
    for (size_t index = 0; index < ring->waiting; index++) {
        size_t place = (ring->first + index) % ring->capacity;
        memcpy(larger.bytes + index * ring->size, ring->bytes + place * ring->size, ring->counts[place]);
        larger.counts[index] = ring->counts[place];
    }
    packet_ring_free(ring);
    *ring = larger;
}

void packet_ring_add(struct packet_ring *ring, const void *bytes, size_t count) {
    // A packet longer than asked for is a fault of the settings, which tests see as one that never arrives.
    if (count > ring->size) return;
    if (ring->waiting == ring->capacity) grow(ring);
    size_t place = (ring->first + ring->waiting) % ring->capacity;
    memcpy(ring->bytes + place * ring->size, bytes, count);
    ring->counts[place] = (uint16_t)count;
    ring->waiting++;
}

const uint8_t *packet_ring_first(const struct packet_ring *ring, size_t *count) {
    if (ring->waiting == 0) return NULL;
    *count = ring->counts[ring->first];
    return ring->bytes + ring->first * ring->size;
}

void packet_ring_drop(struct packet_ring *ring) {
    if (ring->waiting == 0) return;
    ring->first = (ring->first + 1) % ring->capacity;
    ring->waiting--;
}

struct event_node {
    struct usrsctp_event event;
    struct event_node *next;
    uint8_t bytes[];
};

void event_queue_add(struct event_queue *queue, struct usrsctp_event event) {
    struct event_node *node = allocated(malloc(sizeof *node + event.count));
    if (event.count > 0) memcpy(node->bytes, event.bytes, event.count);
    node->event = event;
    node->event.bytes = node->bytes;
    node->next = NULL;
    if (queue->last) queue->last->next = node;
    else queue->first = node;
    queue->last = node;
}

struct usrsctp_event event_queue_next(struct event_queue *queue) {
    free(queue->lent);
    struct event_node *node = queue->lent = queue->first;
    if (!node) return (struct usrsctp_event){.kind = usrsctp_no_event};
    queue->first = node->next;
    if (!queue->first) queue->last = NULL;
    return node->event;
}

void event_queue_free(struct event_queue *queue) {
    while (event_queue_next(queue).kind != usrsctp_no_event) {}
}
