// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import SwiftletICE
import SwiftletORTC
import SwiftletSignaling
import SwiftletWire

/// The ways to the server: one to send by and one to receive by, and how they break and come back.
extension ClientCore {
    /// What we can do in SCTP.
    static let sctpCapabilities = SctpCapabilities(
        numStreams: NumSctpStreams(OS: DataLink.outgoingStreams, MIS: DataLink.incomingStreams)
    )

    /// The same, where data channels of others are wanted.
    var receivingSctpCapabilities: SctpCapabilities? {
        options.receives && options.receivesData ? Self.sctpCapabilities : nil
    }

    /// Makes the transport of a side, once.
    func openTransport(_ side: TransportSide) async throws(SwiftletClientError) {
        let task =
            opening[side]
            ?? Task {
                do throws(SwiftletClientError) {
                    try await makeTransport(side)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
        opening[side] = task
        try await task.value.get()
    }

    private func makeTransport(_ side: TransportSide) async throws(SwiftletClientError) {
        let answer: CreateWebRtcTransportAnswer = try await signaling.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(
                forceTcp: false,
                producing: side == .sending,
                consuming: side == .receiving,
                sctpCapabilities: side == .sending ? Self.sctpCapabilities : receivingSctpCapabilities
            )
        )
        let offered = answer.dtlsParameters.fingerprints.compactMap {
            Fingerprint(algorithm: $0.algorithm, value: $0.value)
        }
        guard let fingerprint = RemoteFingerprint(offered), let certificate = try? MediaThreads.certificate.get() else {
            throw SwiftletClientError(.rejected, "the server's transport has no fingerprint that we know")
        }
        let candidates = answer.iceCandidates.compactMap { candidate -> ICEControllingAgent.RemoteCandidate? in
            guard candidate.protocol == .udp, let address = SocketAddress(candidate.address, port: candidate.port)
            else {
                return nil
            }
            return .init(address: address, priority: candidate.priority)
        }
        guard !candidates.isEmpty else { throw SwiftletClientError(.rejected, "the server has no address over UDP") }
        let plan = TransportPlan(
            remote: ICECredentials(
                usernameFragment: answer.iceParameters.usernameFragment,
                password: answer.iceParameters.password
            ),
            candidates: candidates,
            fingerprint: fingerprint,
            maximumMessageSize: answer.sctpParameters.map { max($0.maxMessageSize, 1) }
        )
        transports[side] = answer.id
        if let error = await session.perform({ loop, id in loop.open(side, of: id, plan) }) { throw error }
        wait(for: side, "media did not connect")
        let own = certificate.fingerprints.map { DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value) }
        try await signaling.ask(
            "connectWebRtcTransport",
            ConnectWebRtcTransportRequest(
                transportId: answer.id,
                dtlsParameters: DtlsParameters(role: .client, fingerprints: own)
            )
        )
    }

    /// Ends the client unless a side is connected in time.
    private func wait(for side: TransportSide, _ reason: String) {
        guard patience[side] == nil, !isEnded else { return }
        let limit = options.mediaTimeout
        patience[side] = Task { [weak self] in
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            await self?.end(SwiftletClientError(.mediaLost, "\(reason) within \(limit)"))
        }
    }

    func restartIce(_ side: TransportSide) async throws(SwiftletClientError) {
        try checkOpen()
        guard let transport = transports[side] else { return }
        let answer: IceParameters = try await signaling.ask("restartIce", TransportRequest(transportId: transport))
        let remote = ICECredentials(usernameFragment: answer.usernameFragment, password: answer.password)
        await session.perform { loop, id in
            _ = loop.with(id) { session, now in session.restartICE(side, remote: remote, now: now) }
        }
    }

    func handle(_ output: MediaSession.Output) async {
        guard !isEnded else { return }
        switch output {
        case .connected(let side):
            patience.removeValue(forKey: side)?.cancel()
            readyTimes[side] = ContinuousClock.now - began
            board.tell(side == .sending ? .sendingConnected : .receivingConnected)
        case .disconnected(let side):
            guard patience[side] == nil else { return }
            wait(for: side, "media broke and did not come back")
            try? await restartIce(side)
        case .recovered(let side): patience.removeValue(forKey: side)?.cancel()
        case .lost(_, let reason): await end(SwiftletClientError(.mediaLost, reason))
        case .channelsLost(.receiving):
            for subscription in board.dataSubscriptions { board.tell(.dataUnsubscribed(subscription)) }
        case .channelsLost(.sending): break
        // Told to its reader where it came.
        case .message: break
        }
    }
}
