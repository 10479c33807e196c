// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams

/// What a transport counts of its bytes.
struct TransportTraffic {
    var received = TrafficCounter()
    var sent = TrafficCounter()
    var rtpReceived = TrafficCounter()
    var rtpSent = TrafficCounter()
    var rtxReceived = TrafficCounter()
    var rtxSent = TrafficCounter()
}
