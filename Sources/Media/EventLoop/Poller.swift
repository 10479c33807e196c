// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CNetwork

/// Waits for descriptors: the first few datagram sockets by `poll`, everything else by epoll.
///
/// A socket that an epoll watches pays for that with every packet it sends, since the kernel stops by the epoll to say
/// that there is room again: a tenth of the cost of sending. `poll` watches only while the thread waits. It takes time
/// for each descriptor, so that it is for the few sockets that many transports share.
struct Poller {
    let epoll: Int32
    private var watched: [cnet_watch] = []

    /// - Throws: ``SocketError`` when the process has no descriptor left.
    init() throws(SocketError) {
        epoll = cnet_epoll_create()
        guard epoll >= 0 else { throw SocketError(.epoll, nil, errno: -epoll) }
        watched.reserveCapacity(Int(CNET_MAX_WATCHED))
    }

    /// Watches a descriptor's readability; whether that could be done.
    mutating func add(_ descriptor: Int32, token: UInt64, isDatagram: Bool) -> Bool {
        if isDatagram, watched.count < Int(CNET_MAX_WATCHED) {
            watched.append(cnet_watch(token: token, descriptor: descriptor, readable: true, writable: false))
            return true
        }
        return cnet_epoll_add(epoll, descriptor, token, false) == 0
    }

    /// Says what of a watched descriptor is of interest.
    mutating func change(_ descriptor: Int32, token: UInt64, readable: Bool = true, writable: Bool) {
        if let index = watched.firstIndex(where: { $0.token == token }) {
            (watched[index].readable, watched[index].writable) = (readable, writable)
        } else {
            _ = cnet_epoll_change(epoll, descriptor, token, readable, writable)
        }
    }

    /// Watches a descriptor no more; before it is closed.
    mutating func remove(_ descriptor: Int32, token: UInt64) {
        if let index = watched.firstIndex(where: { $0.token == token }) {
            watched.remove(at: index)
        } else {
            _ = cnet_epoll_remove(epoll, descriptor)
        }
    }

    /// Waits at most `timeout` nanoseconds, without end if negative; how many events there are.
    func wait(_ events: inout [cnet_event], timeout: Int64) -> Int {
        let count = unsafe cnet_wait(epoll, watched, Int32(watched.count), &events, Int32(events.count), timeout)
        return Int(count)
    }

    /// Closes what was opened for it.
    func close() { cnet_close(epoll) }
}
