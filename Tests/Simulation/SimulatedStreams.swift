// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire

extension SimulatedClient {
    /// Something that the client sends: payloads carry their number, so that viewers can tell what they got.
    final class Publication {
        let isVideo: Bool
        let ssrc: UInt32
        let interval: Duration
        var next: Instant?
        var count: UInt32 = 0
        var sequence: UInt16
        var rollover: UInt64 = 0
        var rtxSequence: UInt64 = 1
        var wantsKeyFrame = true
        /// Packets by sequence number, to answer NACKs.
        var history: [UInt16: (timestamp: UInt32, marker: Bool, payload: [UInt8])] = [:]
        /// When each packet was first sent, by its number.
        var times: [Instant] = []

        init(isVideo: Bool, ssrc: UInt32, interval: Duration, sequence: UInt16) {
            (self.isVideo, self.ssrc, self.interval, self.sequence) = (isVideo, ssrc, interval, sequence)
        }
    }

    /// Something that the client views.
    final class Subscription {
        let isVideo: Bool
        let ssrc: UInt32
        let stream: ReceiveStream
        /// How often each number came.
        var received: [UInt32: Int] = [:]
        /// The number that came under each output number: never two.
        var byOutput: [Int64: UInt32] = [:]
        var contradictions = 0
        var firstKeyFrame: UInt32?

        init(isVideo: Bool, ssrc: UInt32, stream: ReceiveStream) {
            (self.isVideo, self.ssrc, self.stream) = (isVideo, ssrc, stream)
        }
    }
}
