// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// A router on a scripted worker, with two peers that have data channels, and the application itself.
struct DataCall {
    let worker: Worker
    let channel: ScriptedChannel
    let router: Router
    let sending: WebRtcTransport
    let receiving: WebRtcTransport
    let direct: DirectTransport

    static let loopback = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")

    init() async throws {
        (worker, channel) = try await ScriptedChannel.worker()
        router = try await worker.createRouter(mediaCodecs: Call.codecs)
        let options = WebRtcTransportOptions(listen: .infos([Self.loopback]), enableSctp: true)
        sending = try await router.createWebRtcTransport(options)
        receiving = try await router.createWebRtcTransport(options)
        direct = try await router.createDirectTransport()
    }

    static func chat(stream: UInt16 = 0, id: String? = nil) -> DataProducerOptions {
        DataProducerOptions(
            sctpStreamParameters: SctpStreamParameters(streamId: stream),
            label: "chat",
            protocol: "json",
            id: id
        )
    }

    /// What was asked of the worker to consume data last.
    var lastConsumeData: ControlRequest.ConsumeData? {
        for request in channel.requests.reversed() { if case .consumeData(let data) = request { return data } }
        return nil
    }
}
