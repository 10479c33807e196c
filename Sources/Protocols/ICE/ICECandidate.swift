// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a candidate is reached by.
package enum ICETransport: String, Hashable, Sendable {
    case udp
    /// Frames on a connection, RFC 6544.
    case tcp
}

/// One address that a peer may send to, RFC 8445 §5.1; a server's are all of type host and of component 1.
package struct ICECandidate: Hashable, Sendable {
    /// Same for candidates of one kind; it says nothing more here.
    package let foundation: String
    /// The larger, the sooner it is tried.
    package let priority: UInt32
    /// An IP address, or a host name where one is announced.
    package let address: String
    package let port: UInt16
    /// A TCP candidate of ours is always passive: the peer opens the connection.
    package let transport: ICETransport

    package init(foundation: String, priority: UInt32, address: String, port: UInt16, transport: ICETransport) {
        (self.foundation, self.priority, self.address) = (foundation, priority, address)
        (self.port, self.transport) = (port, transport)
    }

    /// The type preference of every server candidate: mediasoup's 64, where RFC 8445 §5.1.2.2 recommends 126.
    package static let serverTypePreference: UInt32 = 64
    /// The local preference of the first listen address; each further one has 100 less.
    package static let serverLocalPreference: UInt32 = 10_000

    /// The formula of RFC 8445 §5.1.2.1; a type preference over 126 or a local preference over 65535 is cut to that.
    package static func priority(typePreference: UInt32, localPreference: UInt32, component: UInt32 = 1) -> UInt32 {
        min(typePreference, 126) << 24 | min(localPreference, 65_535) << 8 | (256 - min(max(component, 1), 256))
    }

    /// One place where the server listens, as it is announced.
    package struct Endpoint: Hashable, Sendable {
        package let transport: ICETransport
        /// The announced address, else the bound one.
        package let address: String
        package let port: UInt16

        package init(transport: ICETransport, address: String, port: UInt16) {
            (self.transport, self.address, self.port) = (transport, address, port)
        }
    }

    /// The candidates of a server that listens at `endpoints`, in their order; alike for a transport's own sockets and
    /// for those of a `WebRtcServer`.
    ///
    /// - Parameters:
    ///   - endpoints: Earlier ones get higher priorities.
    ///   - preferUDP: Adds 1000 to the local preference of UDP.
    ///   - preferTCP: Adds 1000 to the local preference of TCP.
    /// - Returns: One host candidate for each endpoint.
    package static func serverCandidates(
        for endpoints: [Endpoint],
        preferUDP: Bool = false,
        preferTCP: Bool = false
    ) -> [ICECandidate] {
        endpoints.enumerated().map { index, endpoint in
            let isPreferred = endpoint.transport == .udp ? preferUDP : preferTCP
            let step = min(UInt32(clamping: index) &* 100, serverLocalPreference)
            let local = serverLocalPreference - step + (isPreferred ? 1000 : 0)
            return ICECandidate(
                foundation: endpoint.transport == .udp ? "udpcandidate" : "tcpcandidate",
                priority: priority(typePreference: serverTypePreference, localPreference: local),
                address: endpoint.address,
                port: endpoint.port,
                transport: endpoint.transport
            )
        }
    }
}
