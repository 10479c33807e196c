// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Names one local socket of a worker: a bound UDP socket, a TCP listener, or one accepted TCP connection.
///
/// The loop (or the virtual network) hands them out and never uses one twice within a run.
@usableFromInline
package struct SocketID: Hashable, Sendable {
    @usableFromInline package let rawValue: UInt32

    @inlinable @inline(__always)
    package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// How a local socket carries packets.
package enum SocketKind: UInt8, Sendable {
    /// One datagram, one packet.
    case udp
    /// A TCP listener; its accepted connections get ids of their own.
    case tcpListener
    /// An accepted TCP connection: packets framed by RFC 4571.
    case tcpConnection
}

/// A socket that has been bound for the engine, and the address that it got.
package struct BoundSocket: Hashable, Sendable {
    package let id: SocketID
    package let kind: SocketKind
    /// The local address, its port filled in.
    package let local: SocketAddress

    package init(id: SocketID, kind: SocketKind, local: SocketAddress) {
        (self.id, self.kind, self.local) = (id, kind, local)
    }
}

/// The two ends of a flow of packets: our socket and the peer's address.
@usableFromInline
package struct Tuple: Hashable, Sendable {
    @usableFromInline package let socket: SocketID
    @usableFromInline package let remote: SocketAddress

    @inlinable @inline(__always)
    package init(socket: SocketID, remote: SocketAddress) { (self.socket, self.remote) = (socket, remote) }

    @inlinable @inline(__always)
    package static func == (a: Tuple, b: Tuple) -> Bool {
        a.socket.rawValue == b.socket.rawValue && a.remote == b.remote
    }
}
