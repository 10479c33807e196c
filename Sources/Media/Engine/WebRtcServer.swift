// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletWire

/// One UDP and one TCP port, or a few, that many transports share.
final class WebRtcServer {
    let id: String
    let sockets: [ListeningSocket]
    /// In order of creation.
    var transports: [WebRtcTransport] = []

    init(id: String, sockets: [ListeningSocket]) {
        self.id = id
        self.sockets = sockets
    }
}

/// A socket that was bound for us, and what peers are told about it.
struct ListeningSocket {
    let socket: BoundSocket
    let info: TransportListenInfo

    var address: ListenAddress {
        ListenAddress(protocol: info.protocol, ip: socket.local.host, port: socket.local.port)
    }
}
