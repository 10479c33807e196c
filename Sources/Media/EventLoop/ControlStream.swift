// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CNetwork

/// A non-blocking stream descriptor that is not media: one end of a worker's channel.
package struct ControlStream: Sendable {
    /// What a read or write did.
    package enum Outcome: Equatable, Sendable {
        /// So many bytes passed, at least one.
        case bytes(Int)
        /// Nothing can pass now.
        case wouldBlock
        /// The other end is gone, or the stream broke.
        case closed
    }

    private let descriptor: Int32

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Reads at most as much as `buffer` holds.
    package func read(into buffer: inout [UInt8]) -> Outcome {
        let count = buffer.count
        let result = unsafe buffer.withUnsafeMutableBufferPointer { target in
            unsafe target.baseAddress.map { unsafe cnet_read(descriptor, $0, count) } ?? 0
        }
        return outcome(result)
    }

    /// Writes the front of `bytes`.
    package func write(_ bytes: Span<UInt8>) -> Outcome {
        let result = unsafe bytes.withUnsafeBufferPointer { source in
            unsafe source.baseAddress.map { unsafe cnet_send_stream(descriptor, $0, source.count) } ?? 0
        }
        return outcome(result)
    }

    package func close() { cnet_close(descriptor) }

    private func outcome(_ result: Int32) -> Outcome {
        if result > 0 { return .bytes(Int(result)) }
        if result == 0 { return .closed }
        return -result == EventLoop.again || -result == EventLoop.interrupted ? .wouldBlock : .closed
    }
}
