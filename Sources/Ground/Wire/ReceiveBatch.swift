// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Packets read in one turn of the loop: one slab of bytes and a descriptor for each packet.
///
/// Passed `inout` from the loop to the engine, which opens SRTP in place. No system calls here.
package struct ReceiveBatch: ~Copyable {
    /// What a descriptor stands for.
    package enum Kind: UInt8, Sendable {
        /// One whole datagram.
        case datagram
        /// Bytes of a TCP connection, cut anywhere.
        case streamBytes
        /// A TCP connection was accepted; no bytes.
        case streamOpened
        /// A TCP connection ended; no bytes.
        case streamClosed
    }

    /// One packet, or one event of a TCP connection.
    package struct Entry: Sendable {
        /// Where the bytes lie in ``ReceiveBatch/bytes``.
        package var range: Range<Int>
        /// The socket or connection it came by.
        package var socket: SocketID
        /// The listener of a ``Kind/streamOpened`` connection; elsewhere the same as ``socket``.
        package var listener: SocketID
        /// Where it came from.
        package var source: SocketAddress
        /// When the kernel took it in, on the loop's clock.
        package var arrival: Instant
        package var kind: Kind

        package init(
            range: Range<Int>,
            socket: SocketID,
            listener: SocketID? = nil,
            source: SocketAddress,
            arrival: Instant,
            kind: Kind = .datagram
        ) {
            (self.range, self.socket, self.source, self.arrival, self.kind) = (range, socket, source, arrival, kind)
            self.listener = listener ?? socket
        }
    }

    /// The packets, in order of arrival on each socket.
    package private(set) var entries: [Entry] = []
    private var slab: Slab

    /// - Parameter capacity: Size of the slab in bytes.
    package init(capacity: Int) {
        slab = Slab(count: capacity)
        entries.reserveCapacity(1024)
    }

    /// The slab, to read from.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { slab.span }
    }

    /// The slab, to write into and to decrypt in place.
    package var mutableBytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get { slab.mutableSpan }
    }

    /// Size of the slab in bytes.
    package var capacity: Int { slab.count }

    /// The slab's first byte, for system calls alone.
    package var unsafeBaseAddress: UnsafeMutablePointer<UInt8> { @unsafe get { unsafe slab.unsafeBaseAddress } }

    /// Adds a packet whose bytes are in the slab already.
    package mutating func append(_ entry: Entry) { entries.append(entry) }

    /// Copies a packet into the slab behind `offset` and adds it; for simulations and tests.
    ///
    /// - Returns: The offset behind the copy, or `nil` when it does not fit.
    package mutating func append(
        _ packet: Span<UInt8>,
        at offset: Int,
        socket: SocketID,
        source: SocketAddress,
        arrival: Instant
    ) -> Int? {
        let end = offset + packet.count
        guard end <= slab.count else { return nil }
        var bytes = slab.mutableSpan
        bytes.store(packet, at: offset)
        entries.append(Entry(range: offset..<end, socket: socket, source: source, arrival: arrival))
        return end
    }

    /// Forgets the packets, keeping the memory.
    package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    /// Forgets the packets and gives the slab's memory back to the system until it is used again.
    package mutating func giveBackMemory() {
        removeAll()
        slab.giveBack()
    }
}
