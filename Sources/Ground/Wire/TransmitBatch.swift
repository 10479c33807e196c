// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Packets to send in one system call: one slab of sealed bytes and a descriptor for each message.
///
/// Passed `inout` from the loop to the engine, which seals packets straight into the slab. No system calls here.
@usableFromInline
package struct TransmitBatch: ~Copyable {
    /// One `sendmmsg` entry: a single packet, or a GSO run of equal packets of which the last may be shorter.
    @usableFromInline
    package struct Message: Sendable {
        /// Where the bytes lie in the slab.
        @usableFromInline package var offset: Int
        /// Bytes in all; at most 65,507.
        @usableFromInline package var length: Int
        /// Bytes of each packet of a run, or 0 when the message is one packet.
        @usableFromInline package var segmentSize: Int
        /// The socket or connection to send by.
        ///
        /// On a TCP connection the message is one packet, framing included.
        @usableFromInline package var socket: SocketID
        @usableFromInline package var destination: SocketAddress

        @inlinable @inline(__always)
        package init(offset: Int, length: Int, segmentSize: Int, socket: SocketID, destination: SocketAddress) {
            (self.offset, self.length, self.segmentSize) = (offset, length, segmentSize)
            (self.socket, self.destination) = (socket, destination)
        }
    }

    /// Messages that fit one batch, as many as one `sendmmsg` takes here.
    @inlinable package static var maximumMessages: Int { 64 }
    /// Bytes that fit one message: the largest UDP payload over IPv4.
    @inlinable package static var maximumMessageBytes: Int { 65_507 }
    /// Packets that fit one GSO message: `UDP_MAX_SEGMENTS` of older kernels.
    @inlinable package static var maximumSegments: Int { 64 }

    /// The messages, in sending order.
    @usableFromInline package internal(set) var messages: [Message] = []
    /// The first free byte of the slab.
    @usableFromInline package internal(set) var used = 0
    @usableFromInline var slab: Slab

    /// - Parameter capacity: Size of the slab in bytes, at least ``maximumMessageBytes``.
    package init(capacity: Int = 1 << 20) {
        slab = Slab(count: max(capacity, Self.maximumMessageBytes))
        messages.reserveCapacity(Self.maximumMessages)
    }

    /// Size of the slab in bytes.
    package var capacity: Int { slab.count }

    /// Bytes still free.
    @inlinable package var free: Int { slab.count - used }

    /// Whether another message may be added.
    @inlinable package var hasRoomForMessage: Bool { messages.count < Self.maximumMessages }

    @inlinable package var isEmpty: Bool { messages.isEmpty }

    /// The slab, to read from.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { slab.span }
    }

    /// The slab, to seal into; free from ``used`` on.
    @inlinable package var mutableBytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get { slab.mutableSpan }
    }

    /// The slab's first byte, for system calls alone.
    package var unsafeBaseAddress: UnsafeMutablePointer<UInt8> { @unsafe get { unsafe slab.unsafeBaseAddress } }

    /// Adds a message whose bytes have been written, and takes the slab up to its end.
    @inlinable @inline(__always)
    package mutating func append(_ message: Message) {
        messages.append(message)
        used = max(used, message.offset + message.length)
    }

    /// Copies one packet into the slab and adds it as a message.
    ///
    /// - Returns: Whether there was room.
    package mutating func append(_ packet: Span<UInt8>, socket: SocketID, destination: SocketAddress) -> Bool {
        guard hasRoomForMessage, packet.count <= free else { return false }
        let offset = used
        var bytes = slab.mutableSpan
        bytes.store(packet, at: offset)
        append(
            Message(offset: offset, length: packet.count, segmentSize: 0, socket: socket, destination: destination)
        )
        return true
    }

    /// Forgets the messages, keeping the memory.
    package mutating func removeAll() {
        messages.removeAll(keepingCapacity: true)
        used = 0
    }

    /// Gives the slab's memory back to the system until it is used again; only while the batch is empty.
    package mutating func giveBackMemory() { if isEmpty { slab.giveBack() } }
}
