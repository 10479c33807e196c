// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl

extension Router {
    /// Makes a link for one peer, to send, to receive, or both.
    ///
    /// - Parameter options: Where it listens, and more.
    /// - Returns: A transport whose parameters the peer has to be told.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for bad options, with
    ///   ``SwiftletError/Code/socket`` when nothing can be bound, or with ``SwiftletError/Code/closed``.
    public func createWebRtcTransport(
        _ options: WebRtcTransportOptions
    ) async throws(SwiftletError) -> WebRtcTransport {
        try requireOpen()
        let (listen, server) = try place(of: options.listen)
        let sctp = try SctpOptions(options)
        let transport = WebRtcTransport(router: self, server: server, options: options)
        let request = ControlRequest.CreateWebRtcTransport(
            id: transport.id,
            routerId: id,
            listen: listen,
            enableUdp: options.enableUdp,
            enableTcp: options.enableTcp,
            preferUdp: options.preferUdp,
            preferTcp: options.preferTcp,
            iceConsentTimeout: options.clampedConsentTimeout,
            initialAvailableOutgoingBitrate: options.initialAvailableOutgoingBitrate,
            sctp: sctp
        )
        link.enter(transport.id, transport)
        await link.gate.enter(lane: .transport)
        defer { link.gate.leave() }
        do throws(SwiftletError) {
            try requireOpen()
            try await link.request(.createWebRtcTransport(request)) { reply -> Void? in
                guard case .webRtcTransport(let parameters) = reply else { return nil }
                return transport.begin(parameters)
            }
        } catch {
            link.remove(transport.id)
            throw error
        }
        add(transport)
        server?.add(transport)
        if closed { transport.routerClosed() }
        if let server, server.closed { transport.listenServerClosed() }
        // Whatever closed it may have been too early to find it where it was just entered.
        guard !transport.closed else {
            removeTransport(transport.id)
            server?.remove(transport)
            throw SwiftletError(.closed, "router \(id) or the transport's server was closed meanwhile")
        }
        tell(transport)
        return transport
    }

    /// Makes a way into the router and out of it for the application itself, without a network.
    ///
    /// - Parameter options: How long messages may be, and more.
    /// - Returns: An empty transport.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/invalidArgument`` for a size out of range, or with
    ///   ``SwiftletError/Code/closed``.
    public func createDirectTransport(
        _ options: DirectTransportOptions = DirectTransportOptions()
    ) async throws(SwiftletError) -> DirectTransport {
        try requireOpen()
        let longestSent = try SctpOptions.messageSize(options.maxSendMessageSize, "maxSendMessageSize")
        let longestReceived = try SctpOptions.messageSize(options.maxReceiveMessageSize, "maxReceiveMessageSize")
        let transport = DirectTransport(router: self, options: options)
        let request = ControlRequest.CreateDirectTransport(
            id: transport.id,
            routerId: id,
            maxSendMessageSize: longestSent,
            maxReceiveMessageSize: longestReceived
        )
        link.enter(transport.id, transport)
        do { try await link.request(.createDirectTransport(request)) } catch {
            link.remove(transport.id)
            throw error
        }
        add(transport)
        // Whatever closed the router may have been too early to find it where it was just entered.
        guard !closed else {
            transport.routerClosed()
            removeTransport(transport.id)
            throw SwiftletError(.closed, "router \(id) was closed meanwhile")
        }
        tell(transport)
        return transport
    }

    private func place(
        of listen: WebRtcTransportOptions.Listen
    ) throws(SwiftletError) -> (ControlRequest.CreateWebRtcTransport.Listen, WebRtcServer?) {
        switch listen {
        case .infos(let infos):
            try infos.check()
            return (.infos(infos), nil)
        case .server(let server):
            guard server.link === link else {
                throw SwiftletError(.invalidArgument, "listen: WebRtcServer \(server.id) belongs to another worker")
            }
            guard !server.closed else { throw SwiftletError(.closed, "WebRtcServer \(server.id) is closed") }
            return (.server(id: server.id), server)
        }
    }
}
