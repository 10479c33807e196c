// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("What is asked of a worker, and what comes back")
struct RequestTests {
    private static let fingerprint = DtlsFingerprint(
        algorithm: "sha-256",
        value: Array(repeating: "AB", count: 32).joined(separator: ":")
    )

    @Test("connect tells the role, works once, and may be repeated after a refusal")
    func connect() async throws {
        let call = try await Call()
        let parameters = DtlsParameters(role: .server, fingerprints: [Self.fingerprint])
        #expect(call.sending.dtlsParameters.role == .auto)
        call.channel.refuseNext(SwiftletError(.invalidArgument, "no"))
        #expect(await failure { try await call.sending.connect(dtlsParameters: parameters) }?.message == "no")
        try await call.sending.connect(dtlsParameters: parameters)
        #expect(call.sending.dtlsParameters.role == .client)
        #expect(await failure { try await call.sending.connect(dtlsParameters: parameters) }?.code == .invalidState)
    }

    @Test("connect without fingerprints is refused before the worker is asked")
    func noFingerprints() async throws {
        let call = try await Call()
        let asked = call.channel.requests.count
        let refused = await failure { try await call.sending.connect(dtlsParameters: DtlsParameters()) }
        #expect(refused?.code == .invalidArgument)
        #expect(call.channel.requests.count == asked)
    }

    @Test("restartIce changes the transport's credentials")
    func restartIce() async throws {
        let call = try await Call()
        #expect(call.sending.iceParameters.usernameFragment == "ufrag")
        #expect(try await call.sending.restartIce().usernameFragment == "new")
        #expect(call.sending.iceParameters.usernameFragment == "new")
    }

    @Test("An answer that does not belong to the request is an internal error")
    func wrongAnswer() async throws {
        let call = try await Call()
        call.channel.answerNext(.done)
        #expect(await failure { _ = try await call.worker.getResourceUsage() }?.code == .internal)
        #expect(try await call.worker.getResourceUsage().userTime == 7)
    }

    @Test(
        "The consent timeout is held to 10 to 60 seconds, or is off",
        arguments: [(0, 0), (3, 10), (30, 30), (90, 60)]
    )
    func consentTimeout(given: Int, asked: UInt8) async throws {
        let call = try await Call()
        _ = try await call.router.createWebRtcTransport(.init(listen: .server(call.server), iceConsentTimeout: given))
        guard case .createWebRtcTransport(let request) = call.channel.requests.last else {
            Issue.record("asked \(call.channel.requests)")
            return
        }
        #expect(request.iceConsentTimeout == asked)
        #expect(request.listen == .server(id: call.server.id))
        #expect(request.routerId == call.router.id)
    }

    @Test("Listen infos are checked before the worker is asked")
    func listenInfos() async throws {
        let call = try await Call()
        let asked = call.channel.requests.count
        let wildcard = TransportListenInfo(protocol: .udp, ip: "0.0.0.0")
        let local = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")
        for infos in [[], [wildcard], Array(repeating: local, count: 33)] {
            #expect(
                await failure { _ = try await call.worker.createWebRtcServer(listenInfos: infos) }?.code
                    == .invalidArgument
            )
            #expect(
                await failure { _ = try await call.router.createWebRtcTransport(.init(listen: .infos(infos))) }?.code
                    == .invalidArgument
            )
        }
        #expect(call.channel.requests.count == asked)
    }

    @Test("A server of another worker is refused")
    func foreignServer() async throws {
        let (call, other) = (try await Call(), try await Call())
        let refused = await failure {
            _ = try await call.router.createWebRtcTransport(.init(listen: .server(other.server)))
        }
        #expect(refused?.code == .invalidArgument)
    }

    @Test("appData is the application's to keep and change")
    func appData() async throws {
        let call = try await Call()
        call.router.appData = ["room": "blue", "size": 3]
        #expect(call.router.appData["room"] == "blue")
    }
}
