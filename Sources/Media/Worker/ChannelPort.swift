// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletEventLoop
import SwiftletWire
import SwiftletWorkerProtocol

/// The worker's end of the channel to its host: frames in, queued frames out, never waiting.
final class ChannelPort {
    /// Bytes that one read takes.
    private static let readSize = 64 << 10
    /// Bytes that one flush writes at most, so that a host which reads as fast as it is written to holds up no media.
    private static let flushSize = 256 << 10
    /// Bytes that one write is given.
    private static let stageSize = 64 << 10

    /// What waits for the host.
    var outbox = Outbox()
    private let stream: ControlStream
    private var decoder = FrameDecoder()
    private var buffer = [UInt8](repeating: 0, count: readSize)
    /// What is being written, of which so much is.
    private var staged: [UInt8] = []
    private var written = 0

    init(descriptor: Int32) { stream = ControlStream(descriptor: descriptor) }

    /// Reads what is there; returns `false` when the host has closed its end.
    func read() -> Bool {
        switch stream.read(into: &buffer) {
        case .bytes(let count):
            let bytes = buffer
            decoder.append(bytes.span.extracting(0..<count))
            return true
        case .wouldBlock:
            return true
        case .closed:
            return false
        }
    }

    /// The next whole message, or `nil` while there is none.
    func nextMessage() throws(WorkerProtocolError) -> [UInt8]? { try decoder.next() }

    /// Whether nothing waits for the host.
    var isEmpty: Bool { outbox.isEmpty && written == staged.count }

    /// Writes what the host takes, within bounds; returns `false` when the channel is broken.
    func flush() -> Bool {
        var left = Self.flushSize
        while left > 0 {
            if written == staged.count { stage() }
            guard written < staged.count else { return true }
            switch stream.write(staged.span.extracting(written..<staged.count)) {
            case .bytes(let count):
                written += count
                left -= count
            case .wouldBlock: return true
            case .closed: return false
            }
        }
        return true
    }

    /// Gathers what waits, so that many short messages leave in one write.
    private func stage() {
        staged.removeAll(keepingCapacity: true)
        written = 0
        outbox.drain { bytes in
            let taken = bytes.extracting(first: min(bytes.count, Self.stageSize - staged.count))
            unsafe taken.withUnsafeBufferPointer { pointer in unsafe staged.append(contentsOf: pointer) }
            return taken.count
        }
    }

    func close() { stream.close() }
}
