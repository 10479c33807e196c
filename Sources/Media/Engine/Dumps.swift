// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletORTC
import SwiftletPeerLink
import SwiftletRTP
import SwiftletSCTP
import SwiftletStreams
import SwiftletWire

extension Engine {
    /// The engine's part of a worker's dump.
    package func dump(pid: Int32) -> WorkerDump {
        WorkerDump(
            pid: pid,
            webRtcServerIds: board.servers.keys.sorted(),
            routerIds: board.routers.keys.sorted(),
            counters: counters
        )
    }

    /// What the engine counts, by name.
    package var counters: [String: UInt64] {
        let counted = board.counters
        return [
            "packetsReceived": counted.packetsReceived, "packetsForwarded": counted.packetsForwarded,
            "packetsResent": counted.packetsResent, "messages": counted.messages, "strays": counted.strays,
            "unknownFragments": counted.unknownFragments, "unopened": counted.unopened, "malformed": counted.malformed,
            "unknownStreams": counted.unknownStreams, "unstored": counted.unstored,
            "intentsDropped": counted.intentsDropped, "intentsExpired": counted.intentsExpired,
            "sendFailures": counted.sendFailures, "segmentationRefusals": counted.segmentationRefusals,
            "connectionsRefused": counted.connectionsRefused, "outputsDropped": counted.outputsDropped,
            "paddingBytes": counted.paddingBytes, "controlDropped": board.control.dropped,
            "storedBytes": UInt64(clamping: board.pool.chunksInUse * type(of: board.pool).chunkSize),
            "transports": UInt64(board.transportsByID.count), "producers": UInt64(board.producers.count),
            "consumers": UInt64(board.consumers.count), "dataProducers": UInt64(board.dataProducers.count),
            "dataConsumers": UInt64(board.dataConsumers.count), "tuples": UInt64(board.tuples.count),
            "connections": UInt64(board.connections.count),
        ]
    }

    func dump(_ server: WebRtcServer) -> WebRtcServerDump {
        var fragments: [String: String] = [:]
        var tuples: [String: String] = [:]
        for transport in server.transports {
            for fragment in transport.link.usernameFragments { fragments[fragment] = transport.id }
            for tuple in transport.link.tuples { tuples[tuple.remote.description] = transport.id }
        }
        return WebRtcServerDump(
            id: server.id,
            sockets: server.sockets.map(\.address),
            webRtcTransportIds: server.transports.map(\.id),
            localIceUsernameFragments: fragments,
            tuples: tuples
        )
    }
}

extension Router {
    var dump: RouterDump {
        var consumers: [String: [String]] = [:]
        for transport in transports {
            for producer in transport.producers { consumers[producer.id] = producer.consumers.map(\.id) }
        }
        var dataConsumers: [String: [String]] = [:]
        for producer in transports.flatMap(\.dataProducers) {
            dataConsumers[producer.id] = producer.consumers.map(\.id)
        }
        return RouterDump(
            id: id,
            transportIds: transports.map(\.id),
            consumerIdsByProducerId: consumers,
            dataConsumerIdsByDataProducerId: dataConsumers
        )
    }
}

extension WebRtcTransport {
    var dump: TransportDump {
        var extensions: [String: UInt8] = [:]
        for kind in RTPExtensionKind.allCases where incoming.ids[kind] != 0 {
            extensions[kind.uri] = incoming.ids[kind]
        }
        let role: DtlsRole = link.localRole.map { $0 == .client ? .client : .server } ?? .auto
        let own = board.dtls.certificate.fingerprints.map {
            DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value)
        }
        return TransportDump(
            id: id,
            routerId: router.id,
            webRtcServerId: server?.id,
            sockets: server == nil ? sockets.map(\.address) : [],
            producerIds: producers.map(\.id),
            consumerIds: allConsumers.map(\.id),
            consumerIdsBySsrc: Dictionary(
                consumersBySSRC.map { (String($0.key), $0.value.id) },
                uniquingKeysWith: { first, _ in first }
            ),
            rtpListener: listenerDump,
            recvRtpHeaderExtensions: extensions,
            iceParameters: link.credentials.map { IceParameters($0) }
                ?? IceParameters(usernameFragment: "", password: "", iceLite: true),
            iceCandidates: candidates,
            iceState: IceState(link.iceState),
            iceSelectedTuple: link.selectedTuple.map(describe),
            dtlsParameters: DtlsParameters(role: role, fingerprints: own),
            dtlsState: DtlsState(link.dtlsState),
            srtpProfile: link.profile.map { SrtpCryptoSuite($0).rawValue },
            sctpParameters: channels?.parameters,
            sctpState: channels?.state,
            dataProducerIds: dataProducers.map(\.id),
            dataConsumerIds: dataConsumers.map(\.id),
            maxIncomingBitrate: maxIncomingBitrate,
            counters: counters
        )
    }

    private var counters: [String: UInt64] {
        var counters = [
            "bytesReceived": traffic.received.bytes, "bytesSent": traffic.sent.bytes, "linkDropped": link.dropped,
            "unknownStreams": streamRouter.unknownCount, "intentsWaiting": UInt64(intents?.count ?? 0),
        ]
        guard let channels else { return counters }
        counters["dataStrays"] = channels.strays
        guard let counted = channels.association?.counters else { return counters }
        counters["sctpPacketsSent"] = counted.packetsSent
        counters["sctpPacketsReceived"] = counted.packetsReceived
        counters["sctpRetransmissions"] = counted.retransmissions
        counters["sctpTimeouts"] = counted.timeouts
        counters["sctpMessagesAbandoned"] = counted.abandonedMessages
        counters["sctpProtocolErrors"] = counted.protocolErrors
        counters["sctpChecksumErrors"] = counted.checksumErrors
        return counters
    }

    private var listenerDump: RtpListenerDump {
        var (bySSRC, byMID, byRID): ([String: String], [String: String], [String: String]) = ([:], [:], [:])
        for producer in producers {
            if let mid = producer.parameters.mid { byMID[mid] = producer.id }
            for encoding in producer.parameters.encodings {
                if let rid = encoding.rid { byRID[rid] = producer.id }
                for ssrc in [encoding.ssrc, encoding.rtx?.ssrc].compactMap(\.self) {
                    bySSRC[String(ssrc)] = producer.id
                }
            }
            for stream in producer.streams {
                guard let stream else { continue }
                bySSRC[String(stream.ssrc)] = producer.id
                if let rtx = stream.receive.rtxSSRC { bySSRC[String(rtx)] = producer.id }
            }
        }
        return RtpListenerDump(ssrcTable: bySSRC, midTable: byMID, ridTable: byRID)
    }
}

extension Producer {
    var dump: ProducerDump {
        ProducerDump(
            id: id,
            transportId: transport.id,
            kind: kind,
            type: type,
            rtpParameters: parameters,
            rtpMapping: mapping,
            paused: isPaused,
            rtpStreams: streams.compactMap { $0?.dump },
            counters: [
                "consumers": UInt64(consumers.count),
                "stored": streams.reduce(0) { $0 + UInt64($1?.receive.store.count ?? 0) },
                "storeRefused": streams.reduce(0) { $0 + UInt64($1?.receive.store.refused ?? 0) },
            ]
        )
    }
}

extension ProducerStream {
    var dump: RtpStreamDump {
        RtpStreamDump(
            ssrc: ssrc,
            rtxSsrc: receive.rtxSSRC,
            rid: rid,
            payloadType: codec.payloadType,
            mimeType: codec.parameters.mimeType,
            clockRate: codec.parameters.clockRate,
            score: Int(receive.score),
            useNack: codec.usesNack,
            usePli: codec.usesPLI,
            useFir: codec.usesFIR
        )
    }
}

extension Consumer {
    var dump: ConsumerDump {
        let codec = parameters.codecs.first { $0.payloadType == send.parameters.payloadType }
        let has = { (type: String, parameter: String) in
            codec?.rtcpFeedback.contains { $0.type == type && $0.parameter == parameter } ?? false
        }
        let stream = RtpStreamDump(
            ssrc: ssrc,
            rtxSsrc: send.parameters.rtxSSRC,
            payloadType: send.parameters.payloadType,
            mimeType: codec?.mimeType ?? "",
            clockRate: send.parameters.clockRate,
            score: Int(send.score),
            useNack: send.parameters.usesNack,
            usePli: has("nack", "pli"),
            useFir: has("ccm", "fir")
        )
        return ConsumerDump(
            id: id,
            transportId: transport.id,
            producerId: producer.id,
            kind: kind,
            type: type,
            rtpParameters: parameters,
            consumableRtpEncodings: producer.consumableEncodings,
            paused: isPaused,
            producerPaused: producer.isPaused,
            score: score,
            rtpStreams: [stream],
            counters: ["dropped": droppedCount, "packets": send.media.packets]
        )
    }
}

extension SrtpCryptoSuite {
    init(_ profile: SRTPProfile) {
        self =
            switch profile {
            case .gcm128: .aeadAes128Gcm
            case .gcm256: .aeadAes256Gcm
            case .cm80: .aesCm128HmacSha1_80
            case .cm32: .aesCm128HmacSha1_32
            }
    }
}
