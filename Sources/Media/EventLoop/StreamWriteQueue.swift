// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CNetwork

/// Bytes that wait until a slow TCP connection takes more.
///
/// Whole packets go in or are refused, so what the peer reads is never cut. Media is refused first: a late packet
/// is worth nothing, while a lost handshake or check is.
struct StreamWriteQueue {
    /// Bytes up to which media may wait.
    static let mediaLimit = 256 << 10
    /// Bytes up to which STUN and DTLS may wait; beyond, the connection is not reading and is closed.
    static let hardLimit = 512 << 10

    enum Acceptance {
        case taken
        case dropped
        case overflow
    }

    private var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }
    private var waiting: Int { bytes.count - start }

    /// Takes in a framed packet; its third byte, the first behind the RFC 4571 length, tells media from the rest
    /// (RFC 7983: 128 to 191 is RTP and RTCP).
    mutating func append(_ packet: UnsafeBufferPointer<UInt8>, from offset: Int) -> Acceptance {
        let isMedia = unsafe offset == 0 && packet.count > 2 && packet[2] >> 6 == 2
        let size = packet.count - offset
        if isMedia, waiting + size > Self.mediaLimit { return .dropped }
        if waiting + size > Self.hardLimit { return .overflow }
        if start > 0, start == bytes.count || start > 64 << 10 {
            bytes.removeFirst(start)
            start = 0
        }
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: packet[offset...]))
        return .taken
    }

    /// Writes what the connection takes; returns `false` when it is broken.
    mutating func flush(to descriptor: Int32) -> Bool {
        while !isEmpty {
            let written = unsafe bytes.withUnsafeBufferPointer { buffer -> Int32 in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe cnet_send_stream(descriptor, base + start, buffer.count - start)
            }
            if written < 0 { return -written == EventLoop.again || -written == EventLoop.interrupted }
            start += Int(written)
        }
        bytes.removeAll(keepingCapacity: bytes.capacity <= 64 << 10)
        start = 0
        return true
    }
}
