// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a loop has read, sent and lost since it started.
package struct LoopCounters: Sendable {
    package var receiveCalls: UInt64 = 0
    package var packetsReceived: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    /// Datagrams the kernel dropped because a socket's buffer was full.
    package var kernelDrops: UInt64 = 0
    package var sendCalls: UInt64 = 0
    package var messagesSent: UInt64 = 0
    package var packetsSent: UInt64 = 0
    package var bytesSent: UInt64 = 0
    /// Messages that the system refused for good.
    package var sendErrors: UInt64 = 0
    /// GSO runs that the kernel would not segment.
    package var refusedRuns: UInt64 = 0
    /// Times that a full socket held up a batch.
    package var blockedSends: UInt64 = 0
    /// Media packets dropped because a TCP connection did not read.
    package var streamDrops: UInt64 = 0
}
