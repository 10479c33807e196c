// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Swiftlet
import SwiftletWire
import SwiftletWorkerProtocol

/// The far end of a worker's channel, on a thread of its own that reads, answers and writes.
final class SocketPeer: Sendable {
    private let descriptor: CInt

    /// - Parameters:
    ///   - descriptor: The far end; closed once the near end is.
    ///   - reads: Whether the peer reads at all.
    ///   - answer: What to write for each request, or `nil` to close the channel.
    init(
        _ descriptor: CInt,
        reads: Bool = true,
        answer: @escaping @Sendable (UInt64, ControlRequest) -> [UInt8]? = { _, _ in [] }
    ) {
        self.descriptor = descriptor
        guard reads else { return }
        Thread { Self.serve(descriptor, answer) }.start()
    }

    /// Writes bytes as they are.
    func write(_ bytes: [UInt8]) { Self.write(descriptor, bytes) }

    /// Ends the channel.
    func end() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    private static func serve(_ descriptor: CInt, _ answer: (UInt64, ControlRequest) -> [UInt8]?) {
        var decoder = FrameDecoder()
        var buffer = [UInt8](repeating: 0, count: 65536)
        defer { close(descriptor) }
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return }
            decoder.append(buffer.span.extracting(0..<count))
            while let message = try? decoder.next() {
                guard let (id, request) = try? WorkerProtocol.decodeRequest(message),
                    case .success(let request) = request,
                    let bytes = answer(id, request)
                else { return }
                write(descriptor, bytes)
            }
        }
    }

    private static func write(_ descriptor: CInt, _ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let rest = Array(bytes[offset...])
            let count = unsafe send(descriptor, rest, rest.count, CInt(MSG_NOSIGNAL))
            guard count > 0 else { return }
            offset += count
        }
    }
}
