// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Packets to send in one system call: one slab of sealed bytes and a descriptor for each message.
///
/// Passed `inout` from the loop to the engine, which seals packets straight into the slab. No system calls here.
package struct TransmitBatch: ~Copyable {
    /// One `sendmmsg` entry: a single packet, or a GSO run of equal packets of which the last may be shorter.
    package struct Message: Sendable {
        /// Where the bytes lie in the slab.
        package var offset: Int
        /// Bytes in all; at most 65,507.
        package var length: Int
        /// Bytes of each packet of a run, or 0 when the message is one packet.
        package var segmentSize: Int
        /// The socket or connection to send by.
        ///
        /// On a TCP connection the message is one packet, framing included.
        package var socket: SocketID
        package var destination: SocketAddress

        package init(offset: Int, length: Int, segmentSize: Int, socket: SocketID, destination: SocketAddress) {
            (self.offset, self.length, self.segmentSize) = (offset, length, segmentSize)
            (self.socket, self.destination) = (socket, destination)
        }
    }

    /// Messages that fit one batch, as many as one `sendmmsg` takes here.
    package static let maximumMessages = 64
    /// Bytes that fit one message: the largest UDP payload over IPv4.
    package static let maximumMessageBytes = 65_507
    /// Packets that fit one GSO message: `UDP_MAX_SEGMENTS` of older kernels.
    package static let maximumSegments = 64

    /// The messages, in sending order.
    package private(set) var messages: [Message] = []
    /// The first free byte of the slab.
    package private(set) var used = 0
    private var slab: Slab

    /// - Parameter capacity: Size of the slab in bytes, at least ``maximumMessageBytes``.
    package init(capacity: Int = 1 << 20) {
        slab = Slab(count: max(capacity, Self.maximumMessageBytes))
        messages.reserveCapacity(Self.maximumMessages)
    }

    /// Size of the slab in bytes.
    package var capacity: Int { slab.count }

    /// Bytes still free.
    package var free: Int { slab.count - used }

    /// Whether another message may be added.
    package var hasRoomForMessage: Bool { messages.count < Self.maximumMessages }

    package var isEmpty: Bool { messages.isEmpty }

    /// The slab, to read from.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { slab.span }
    }

    /// The slab, to seal into; free from ``used`` on.
    package var mutableBytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get { slab.mutableSpan }
    }

    /// The slab's first byte, for system calls alone.
    package var unsafeBaseAddress: UnsafeMutablePointer<UInt8> { @unsafe get { unsafe slab.unsafeBaseAddress } }

    /// Adds a message whose bytes have been written, and takes the slab up to its end.
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
}
