// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CNetwork.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static socklen_t to_sockaddr(const cnet_address *address, bool as_ipv6, struct sockaddr_storage *storage) {
    if (!address->is_ipv6 && !as_ipv6) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
        memset(v4, 0, sizeof *v4);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address->port);
        v4->sin_addr.s_addr = htonl((uint32_t)address->low);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    memset(v6, 0, sizeof *v6);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address->port);
    v6->sin6_scope_id = address->scope;
    uint64_t high = address->high, low = address->low;
    if (!address->is_ipv6) low |= (uint64_t)0xFFFF << 32;
    for (int i = 0; i < 8; i++) {
        v6->sin6_addr.s6_addr[i] = (uint8_t)(high >> (56 - 8 * i));
        v6->sin6_addr.s6_addr[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
    return sizeof *v6;
}

static void from_sockaddr(const struct sockaddr *from, cnet_address *address) {
    memset(address, 0, sizeof *address);
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        address->low = ntohl(v4->sin_addr.s_addr);
        address->port = ntohs(v4->sin_port);
    } else if (from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        for (int i = 0; i < 8; i++) {
            address->high = address->high << 8 | v6->sin6_addr.s6_addr[i];
            address->low = address->low << 8 | v6->sin6_addr.s6_addr[8 + i];
        }
        address->port = ntohs(v6->sin6_port);
        address->scope = v6->sin6_scope_id;
        address->is_ipv6 = true;
    }
}

static void ask_for_buffer(int fd, int plain, int forced, int size) {
    if (size <= 0) return;
    setsockopt(fd, SOL_SOCKET, plain, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size);  // Only with CAP_NET_ADMIN; harmless elsewhere.
}

static int open_bound(const cnet_socket_options *options, int type) {
    int family = options->address.is_ipv6 ? AF_INET6 : AF_INET, on = 1;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (options->address.is_ipv6) {
        int only = options->ipv6_only;
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
    if (options->reuse_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ask_for_buffer(fd, SO_SNDBUF, SO_SNDBUFFORCE, options->send_buffer);
    ask_for_buffer(fd, SO_RCVBUF, SO_RCVBUFFORCE, options->receive_buffer);
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(&options->address, false, &storage);
    if (bind(fd, (struct sockaddr *)&storage, length) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int cnet_udp_bind(const cnet_socket_options *options) {
    int fd = open_bound(options, SOCK_DGRAM), on = 1, omit = IP_PMTUDISC_OMIT;
    if (fd < 0) return fd;
    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    if (options->address.is_ipv6) setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit, sizeof omit);
    else setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof omit);
    return fd;
}

int cnet_tcp_listen(const cnet_socket_options *options, int backlog) {
    int fd = open_bound(options, SOCK_STREAM);
    if (fd < 0) return fd;
    if (listen(fd, backlog) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int cnet_tcp_accept(int listener, cnet_address *peer) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int fd = accept4(listener, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0) return -errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    from_sockaddr((struct sockaddr *)&storage, peer);
    return fd;
}

int cnet_local_address(int descriptor, cnet_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(descriptor, (struct sockaddr *)&storage, &length) < 0) return -errno;
    from_sockaddr((struct sockaddr *)&storage, address);
    return 0;
}

int cnet_buffer_sizes(int descriptor, int *send, int *receive) {
    socklen_t length = sizeof *send;
    if (getsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, send, &length) < 0) return -errno;
    length = sizeof *receive;
    if (getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, receive, &length) < 0) return -errno;
    return 0;
}

int cnet_receive(int descriptor, uint8_t *base, size_t stride, int slots, cnet_received *received) {
    struct mmsghdr headers[CNET_MAX_BATCH];
    struct iovec vectors[CNET_MAX_BATCH];
    struct sockaddr_storage sources[CNET_MAX_BATCH];
    _Alignas(struct cmsghdr) char controls[CNET_MAX_BATCH][128];
    if (slots > CNET_MAX_BATCH) slots = CNET_MAX_BATCH;
    for (int i = 0; i < slots; i++) {
        vectors[i] = (struct iovec){base + stride * (size_t)i, 65535};
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &sources[i], .msg_namelen = sizeof sources[i], .msg_iov = &vectors[i], .msg_iovlen = 1,
            .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
    }
    int count = recvmmsg(descriptor, headers, (unsigned)slots, MSG_DONTWAIT, NULL);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        struct msghdr *header = &headers[i].msg_hdr;
        cnet_received *out = &received[i];
        out->length = headers[i].msg_len;
        out->segment = 0;
        out->realtime_ns = 0;
        out->dropped = 0;
        out->truncated = (header->msg_flags & MSG_TRUNC) != 0;
        from_sockaddr((struct sockaddr *)header->msg_name, &out->source);
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec at;
                memcpy(&at, CMSG_DATA(c), sizeof at);
                out->realtime_ns = (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
            } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
                memcpy(&out->dropped, CMSG_DATA(c), sizeof out->dropped);
            } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
                int segment;
                memcpy(&segment, CMSG_DATA(c), sizeof segment);
                if (segment > 0 && (uint32_t)segment < out->length) out->segment = (uint32_t)segment;
            }
        }
    }
    return count;
}

int cnet_send(int descriptor, bool is_ipv6, const cnet_message *messages, int count) {
    struct mmsghdr headers[CNET_MAX_BATCH];
    struct iovec vectors[CNET_MAX_BATCH];
    struct sockaddr_storage destinations[CNET_MAX_BATCH];
    _Alignas(struct cmsghdr) char controls[CNET_MAX_BATCH][CMSG_SPACE(sizeof(uint16_t))];
    if (count > CNET_MAX_BATCH) count = CNET_MAX_BATCH;
    for (int i = 0; i < count; i++) {
        const cnet_message *message = &messages[i];
        vectors[i] = (struct iovec){(void *)message->bytes, message->length};
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &destinations[i], .msg_namelen = to_sockaddr(&message->destination, is_ipv6, &destinations[i]),
            .msg_iov = &vectors[i], .msg_iovlen = 1};
        if (message->segment) {
            struct msghdr *header = &headers[i].msg_hdr;
            header->msg_control = controls[i];
            header->msg_controllen = sizeof controls[i];
            struct cmsghdr *control = CMSG_FIRSTHDR(header);
            control->cmsg_level = IPPROTO_UDP;
            control->cmsg_type = UDP_SEGMENT;
            control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
            memcpy(CMSG_DATA(control), &message->segment, sizeof(uint16_t));
        }
    }
    int sent = sendmmsg(descriptor, headers, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

int cnet_read(int descriptor, uint8_t *bytes, size_t count) {
    ssize_t done = read(descriptor, bytes, count);
    return done < 0 ? -errno : (int)done;
}

int cnet_write(int descriptor, const uint8_t *bytes, size_t count) {
    ssize_t done = write(descriptor, bytes, count);
    return done < 0 ? -errno : (int)done;
}

int cnet_send_stream(int descriptor, const uint8_t *bytes, size_t count) {
    ssize_t done = send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return done < 0 ? -errno : (int)done;
}

int cnet_close(int descriptor) { return close(descriptor) < 0 ? -errno : 0; }

int cnet_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return 0;
}

int cnet_socketpair(int *first, int *second) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return -errno;
    *first = pair[0];
    *second = pair[1];
    return 0;
}

int cnet_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int epoll_control(int epoll, int operation, int descriptor, uint64_t token, bool readable, bool writable) {
    struct epoll_event event = {.events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u)};
    event.data.u64 = token;
    return epoll_ctl(epoll, operation, descriptor, &event) < 0 ? -errno : 0;
}

int cnet_epoll_add(int epoll, int descriptor, uint64_t token, bool writable) {
    return epoll_control(epoll, EPOLL_CTL_ADD, descriptor, token, true, writable);
}

int cnet_epoll_change(int epoll, int descriptor, uint64_t token, bool readable, bool writable) {
    return epoll_control(epoll, EPOLL_CTL_MOD, descriptor, token, readable, writable);
}

int cnet_epoll_remove(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL) < 0 ? -errno : 0;
}

// What poll and epoll say alike.
static uint32_t flags_of(uint32_t events) {
    return (events & POLLIN ? CNET_READABLE : 0u) | (events & POLLOUT ? CNET_WRITABLE : 0u)
        | (events & (POLLHUP | POLLERR) ? CNET_HANGUP : 0u);
}

int cnet_wait(int epoll, const cnet_watch *watched, int watched_count, cnet_event *events, int count, int64_t timeout_ns) {
    struct pollfd each[CNET_MAX_WATCHED + 1];
    if (watched_count > CNET_MAX_WATCHED) watched_count = CNET_MAX_WATCHED;
    for (int i = 0; i < watched_count; i++) {
        short wanted = (short)((watched[i].readable ? POLLIN : 0) | (watched[i].writable ? POLLOUT : 0));
        each[i] = (struct pollfd){.fd = watched[i].descriptor, .events = wanted};
    }
    each[watched_count] = (struct pollfd){.fd = epoll, .events = POLLIN};
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    int ready_count = ppoll(each, (nfds_t)watched_count + 1, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (ready_count < 0) return errno == EINTR ? 0 : -errno;
    int done = 0;
    for (int i = 0; i < watched_count && done < count; i++) {
        if (!each[i].revents) continue;
        events[done++] = (cnet_event){.token = watched[i].token, .flags = flags_of((uint32_t)each[i].revents)};
    }
    if (!each[watched_count].revents || done == count) return done;
    struct epoll_event ready[CNET_MAX_BATCH];
    int room = count - done < CNET_MAX_BATCH ? count - done : CNET_MAX_BATCH;
    int others = epoll_wait(epoll, ready, room, 0);
    for (int i = 0; i < others; i++)
        events[done++] = (cnet_event){.token = ready[i].data.u64, .flags = flags_of(ready[i].events)};
    return done;
}

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t cnet_monotonic_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t cnet_realtime_ns(void) { return nanoseconds(CLOCK_REALTIME); }

void cnet_sleep_until(int64_t monotonic_ns) {
    struct timespec until = {monotonic_ns / 1000000000, monotonic_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
}


int cnet_interface_addresses(cnet_address *addresses, int count) {
    struct ifaddrs *list;
    if (getifaddrs(&list) < 0) return -errno;
    int found = 0;
    for (struct ifaddrs *each = list; each; each = each->ifa_next) {
        if (!each->ifa_addr || !(each->ifa_flags & IFF_UP)) continue;
        if (each->ifa_addr->sa_family != AF_INET && each->ifa_addr->sa_family != AF_INET6) continue;
        if (found < count) from_sockaddr(each->ifa_addr, &addresses[found]);
        found++;
    }
    freeifaddrs(list);
    return found;
}
