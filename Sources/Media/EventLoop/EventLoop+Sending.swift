// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CNetwork
package import SwiftletWire

/// Sending: whole batches by `sendmmsg`, packets for TCP connections by their queues.
extension EventLoop {
    /// Whether a full socket holds up the batch given to ``send(_:)``; hand the same batch in again when it is not.
    package var isBlocked: Bool { blocked != nil }

    /// Sends a batch and empties it.
    ///
    /// - Returns: A run that the kernel refused to segment, so that the engine stops forming runs for that
    ///   destination; its packets have been sent singly. `nil` when all is well.
    ///
    /// When a socket is full the rest of the batch stays in it and ``isBlocked`` is true until the socket takes more;
    /// nothing may be added meanwhile.
    package func send(_ batch: inout TransmitBatch) -> TransmitBatch.Message? {
        var refused: TransmitBatch.Message?
        let base = unsafe batch.unsafeBaseAddress
        while sentMessages < batch.messages.count, blocked == nil {
            let first = batch.messages[sentMessages]
            guard let entry = sockets[first.socket] else {
                counters.sendErrors &+= 1
                sentMessages += 1
                continue
            }
            if entry.kind == .tcpConnection {
                unsafe writeStream(entry, UnsafeBufferPointer(start: base + first.offset, count: first.length))
                sentMessages += 1
                continue
            }
            unsafe outgoing.removeAll(keepingCapacity: true)
            for message in batch.messages[sentMessages...] {
                guard message.socket == first.socket else { break }
                unsafe outgoing.append(
                    cnet_message(
                        bytes: base + message.offset,
                        length: UInt32(message.length),
                        segment: UInt16(message.segmentSize),
                        destination: cnet_address(message.destination)
                    )
                )
            }
            let sent = unsafe cnet_send(entry.descriptor, entry.isIPv6, outgoing, Int32(outgoing.count))
            counters.sendCalls &+= 1
            if sent > 0 {
                count(batch.messages[sentMessages..<sentMessages + Int(sent)])
                sentMessages += Int(sent)
            } else if -sent == Self.again {
                blocked = entry.id
                counters.blockedSends &+= 1
                poller.change(entry.descriptor, token: UInt64(entry.id.rawValue), writable: true)
            } else if first.segmentSize > 0, [5, 22, 90].contains(-sent) {  // EIO, EINVAL, EMSGSIZE
                refused = first
                counters.refusedRuns &+= 1
                unsafe sendSingly(first, entry, base)
                sentMessages += 1
            } else if -sent != Self.interrupted {
                counters.sendErrors &+= 1
                sentMessages += 1
            }
        }
        if blocked == nil {
            batch.removeAll()
            sentMessages = 0
        }
        return refused
    }

    private func count(_ messages: ArraySlice<TransmitBatch.Message>) {
        for message in messages {
            counters.messagesSent &+= 1
            counters.bytesSent &+= UInt64(message.length)
            let segments =
                message.segmentSize == 0 ? 1 : (message.length + message.segmentSize - 1) / message.segmentSize
            counters.packetsSent &+= UInt64(segments)
        }
    }

    @unsafe
    private func sendSingly(
        _ run: TransmitBatch.Message,
        _ entry: SocketTable.Entry,
        _ base: UnsafeMutablePointer<UInt8>
    ) {
        var offset = run.offset
        let end = run.offset + run.length
        while offset < end {
            let length = min(run.segmentSize, end - offset)
            var message = unsafe cnet_message(
                bytes: base + offset,
                length: UInt32(length),
                segment: 0,
                destination: cnet_address(run.destination)
            )
            let sent = unsafe cnet_send(entry.descriptor, entry.isIPv6, &message, 1)
            if sent == 1 {
                counters.packetsSent &+= 1
                counters.bytesSent &+= UInt64(length)
            } else {
                counters.sendErrors &+= 1
            }
            offset += length
        }
    }

    @unsafe
    private func writeStream(_ entry: SocketTable.Entry, _ packet: UnsafeBufferPointer<UInt8>) {
        var written = 0
        if entry.writes.isEmpty, let base = packet.baseAddress {
            let result = unsafe cnet_send_stream(entry.descriptor, base, packet.count)
            if result == packet.count {
                counters.packetsSent &+= 1
                counters.bytesSent &+= UInt64(packet.count)
                return
            }
            if result < 0, -result != Self.again, -result != Self.interrupted { return endStream(entry) }
            written = max(0, Int(result))
        }
        var acceptance = StreamWriteQueue.Acceptance.dropped
        sockets.update(entry.id) { acceptance = unsafe $0.writes.append(packet, from: written) }
        switch acceptance {
        case .taken:
            counters.packetsSent &+= 1
            poller.change(entry.descriptor, token: UInt64(entry.id.rawValue), writable: true)
        case .dropped:
            counters.streamDrops &+= 1
        case .overflow:
            endStream(entry)
        }
    }

    private func endStream(_ entry: SocketTable.Entry) {
        closedStreams.append(streamClosed(entry))
        close(entry.id)
    }

    func becameWritable(_ id: SocketID) {
        guard let entry = sockets[id] else { return }
        if blocked == id { blocked = nil }
        guard entry.kind == .tcpConnection else {
            poller.change(entry.descriptor, token: UInt64(id.rawValue), writable: false)
            return
        }
        var (isAlive, isDrained) = (true, true)
        sockets.update(id) {
            isAlive = $0.writes.flush(to: $0.descriptor)
            isDrained = $0.writes.isEmpty
        }
        if !isAlive {
            endStream(entry)
        } else if isDrained {
            poller.change(entry.descriptor, token: UInt64(id.rawValue), writable: false)
        }
    }
}
