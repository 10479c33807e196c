// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletEventLoop
import SwiftletWire
import SwiftletWorkerProtocol

/// The worker's end of the channel to its host: frames in, queued frames out, never waiting.
final class ChannelPort {
    /// Bytes that one read takes.
    private static let readSize = 64 << 10

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

    /// Writes what the host takes; returns `false` when the channel is broken.
    func flush() -> Bool {
        var isBroken = false
        outbox.drain { bytes in
            switch stream.write(bytes) {
            case .bytes(let count): return count
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
