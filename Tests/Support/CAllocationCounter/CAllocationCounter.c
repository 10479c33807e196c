// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Stands in front of glibc's allocator for the whole test process and counts calls and bytes, for each thread by itself.

#include "CAllocationCounter.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static __thread uint64_t calls;
static __thread int64_t bytes;

uint64_t allocation_count(void) { return calls; }

int64_t allocation_bytes(void) { return bytes; }

// With the word that glibc keeps in front of each block.
static int64_t size_of(void *memory) { return memory ? (int64_t)(malloc_usable_size(memory) + sizeof(size_t)) : 0; }

static void *taken(void *memory) {
    calls++;
    bytes += size_of(memory);
    return memory;
}

void *malloc(size_t size) { return taken(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return taken(__libc_calloc(count, size)); }

void *realloc(void *old, size_t size) {
    int64_t former = size_of(old);
    void *memory = __libc_realloc(old, size);
    if (memory || size == 0) bytes -= former;
    return taken(memory);
}

void *aligned_alloc(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }

void *memalign(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }

int posix_memalign(void **out, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) {
        calls++;
        return EINVAL;
    }
    void *memory = taken(__libc_memalign(alignment, size));
    if (!memory) return ENOMEM;
    *out = memory;
    return 0;
}

void free(void *memory) {
    bytes -= size_of(memory);
    __libc_free(memory);
}
