// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// The transports, by id, and what echoes on them.
actor Host {
    private struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private let router: Router
    private var transports: [String: WebRtcTransport] = [:]
    /// What echoes on a stream, by transport and stream.
    private var echoes: [String: (producer: DataProducer, consumer: DataConsumer)] = [:]
    /// What else has to live.
    private var kept: [any Sendable] = []

    init(router: Router) { self.router = router }

    /// Does what a request asks and returns the members of its answer.
    func answer(_ request: [String: JSONValue]) async throws -> [String: JSONValue] {
        switch request["method"]?.string {
        case "transport": return try await makeTransport(request)
        case "connect": return try await connect(request)
        case "negotiated": return try await echoNegotiated(request)
        case "open": return try await open(request)
        case "stats": return try await statistics(request)
        default: throw Refusal(description: "unknown method")
        }
    }

    // MARK: Requests

    /// Listens at 127.0.0.1 on `port` and says that it is at `announced`.
    private func makeTransport(_ request: [String: JSONValue]) async throws -> [String: JSONValue] {
        let info = TransportListenInfo(
            protocol: .udp,
            ip: "127.0.0.1",
            announcedAddress: request["announced"]?.string,
            port: UInt16(try number("port", of: request))
        )
        let transport = try await router.createWebRtcTransport(
            WebRtcTransportOptions(listen: .infos([info]), enableSctp: true)
        )
        transports[transport.id] = transport
        let events = transport.events()
        Task { for await event in events { await handle(event, of: transport) } }
        guard let sctp = transport.sctpParameters else { throw Refusal(description: "no sctpParameters") }
        return [
            "transportId": .string(transport.id),
            "iceParameters": try JSONValue(encoding: transport.iceParameters),
            "iceCandidates": try JSONValue(encoding: transport.iceCandidates),
            "dtlsParameters": try JSONValue(encoding: transport.dtlsParameters),
            "sctpParameters": try JSONValue(encoding: sctp),
        ]
    }

    private func connect(_ request: [String: JSONValue]) async throws -> [String: JSONValue] {
        guard let algorithm = request["fingerprint"]?["algorithm"]?.string,
            let value = request["fingerprint"]?["value"]?.string
        else { throw Refusal(description: "no fingerprint") }
        let fingerprint = DtlsFingerprint(algorithm: algorithm, value: value)
        try await transport(request).connect(dtlsParameters: DtlsParameters(role: .client, fingerprints: [fingerprint]))
        return [:]
    }

    /// Echoes a channel that both sides agreed on.
    private func echoNegotiated(_ request: [String: JSONValue]) async throws -> [String: JSONValue] {
        let stream = SctpStreamParameters(
            streamId: UInt16(try number("streamId", of: request)),
            ordered: request["ordered"] == true
        )
        try await echo(stream, label: request["label"]?.string ?? "", protocol: "", on: transport(request))
        return [:]
    }

    /// Opens a channel in band; what comes on it goes to the application and back, over a direct transport.
    private func open(_ request: [String: JSONValue]) async throws -> [String: JSONValue] {
        let transport = try transport(request)
        let direct = try await router.createDirectTransport()
        let back = try await direct.produceData(DataProducerOptions(label: request["label"]?.string ?? ""))
        let outgoing = try await transport.consumeData(
            DataConsumerOptions(dataProducerId: back.id, isNegotiated: false)
        )
        guard let stream = outgoing.sctpStreamParameters else { throw Refusal(description: "no stream") }
        let incoming = try await transport.produceData(DataProducerOptions(sctpStreamParameters: stream))
        let consumed = try await direct.consumeData(DataConsumerOptions(dataProducerId: incoming.id))
        let events = consumed.events()
        Task {
            for await event in events {
                if case .message(let message) = event { try await back.send(message) }
            }
        }
        kept += [direct, back, outgoing, incoming, consumed]
        return ["streamId": .integer(Int(stream.streamId))]
    }

    private func statistics(_ request: [String: JSONValue]) async throws -> [String: JSONValue] {
        ["stats": try JSONValue(encoding: await transport(request).getStats())]
    }

    // MARK: Echoing

    private func handle(_ event: WebRtcTransport.Event, of transport: WebRtcTransport) async {
        let about: [String: JSONValue] = ["transportId": .string(transport.id)]
        switch event {
        case .dataChannelOpened(let channel):
            var told = about
            told["event"] = "dataChannelOpened"
            told["label"] = .string(channel.label)
            told["protocol"] = .string(channel.protocol)
            told["sctpStreamParameters"] = try? JSONValue(encoding: channel.sctpStreamParameters)
            do {
                try await echo(
                    channel.sctpStreamParameters,
                    label: channel.label,
                    protocol: channel.protocol,
                    on: transport
                )
            } catch {
                told["failed"] = .string("\(error)")
            }
            DataEcho.write(told)
        case .dataChannelClosed(let stream):
            if let echo = echoes.removeValue(forKey: Self.key(transport, stream)) {
                await echo.producer.close()
                await echo.consumer.close()
            }
            DataEcho.write(
                about.merging(["event": "dataChannelClosed", "streamId": .integer(Int(stream))]) { $1 }
            )
        case .sctpStateChange(let state):
            DataEcho.write(
                about.merging(["event": "sctpStateChange", "state": .string(state.rawValue)]) { $1 }
            )
        default: break
        }
    }

    /// What comes on a stream leaves on the same stream again.
    private func echo(
        _ stream: SctpStreamParameters,
        label: String,
        protocol: String,
        on transport: WebRtcTransport
    ) async throws {
        let producer = try await transport.produceData(
            DataProducerOptions(sctpStreamParameters: stream, label: label, protocol: `protocol`)
        )
        let consumer: DataConsumer
        do {
            consumer = try await transport.consumeData(
                DataConsumerOptions(dataProducerId: producer.id, streamId: stream.streamId)
            )
        } catch {
            await producer.close()
            throw error
        }
        echoes[Self.key(transport, stream.streamId)] = (producer, consumer)
    }

    private static func key(_ transport: WebRtcTransport, _ stream: UInt16) -> String { "\(transport.id) \(stream)" }

    // MARK: Reading requests

    private func transport(_ request: [String: JSONValue]) throws -> WebRtcTransport {
        guard let found = request["transportId"]?.string.flatMap({ transports[$0] }) else {
            throw Refusal(description: "unknown transport")
        }
        return found
    }

    private func number(_ name: String, of request: [String: JSONValue]) throws -> Int {
        guard let number = request[name]?.integer, 0...65_535 ~= number else {
            throw Refusal(description: "\(name) is no number")
        }
        return number
    }
}
