// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "CNetwork.h"

/// Lets go of the pages of one object that were only ever read: code and constants, which are in its file.
static int forget_text(struct dl_phdr_info *object, size_t size, void *page_size) {
    (void)size;
    ElfW(Addr) mask = *(const ElfW(Addr) *)page_size - 1;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        // What may be written to was relocated and is not in the file as it is here.
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        ElfW(Addr) start = object->dlpi_addr + segment->p_vaddr;
        ElfW(Addr) from = (start + mask) & ~mask, to = (start + segment->p_memsz) & ~mask;
        if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
    }
    return 0;
}

void cnet_give_back_memory(void) {
    ElfW(Addr) page_size = (ElfW(Addr))sysconf(_SC_PAGESIZE);
    malloc_trim(0);
    dl_iterate_phdr(forget_text, &page_size);
}
