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

    /// What waits for the host.
    var outbox = Outbox()
    private let stream: ControlStream
    private var decoder = FrameDecoder()
    private var buffer = [UInt8](repeating: 0, count: readSize)

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

    /// Writes what the host takes, within bounds; returns `false` when the channel is broken.
    func flush() -> Bool {
        var isBroken = false
        var left = Self.flushSize
        outbox.drain { bytes in
            guard left > 0 else { return 0 }
            switch stream.write(bytes.extracting(0..<min(left, bytes.count))) {
            case .bytes(let count):
                left -= count
                return count
            case .wouldBlock: return 0
            case .closed:
                isBroken = true
                return 0
            }
        }
        return !isBroken
    }

    func close() { stream.close() }
}
