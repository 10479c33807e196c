// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Loaded into Janus, whose libnice ties every socket to the interface of its address: the viewers stand on loopback,
// which cannot be reached from another interface then.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    if (level == IPPROTO_IP && name == IP_UNICAST_IF) return 0;
    return (int)syscall(SYS_setsockopt, fd, level, name, value, length);
}
