// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletWire
import SwiftletWorkerProtocol

/// Values of everything that host and worker say, with every optional sometimes absent.
struct RandomValues {
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    mutating func uint<Number: FixedWidthInteger>() -> Number { Number(truncatingIfNeeded: random.next()) }
    mutating func bool() -> Bool { random.next() & 1 == 1 }
    mutating func double() -> Double { Double(int(0...1000)) / 8 }
    mutating func text() -> String {
        ["", "a", "émigré", "x-\(int(0...9999))", String(repeating: "long ", count: 40)][int(0...4)]
    }
    mutating func pick<Value: CaseIterable>(_ type: Value.Type) -> Value where Value.AllCases.Index == Int {
        let all = Value.allCases
        return all[int(0...all.count - 1)]
    }
    mutating func maybe<Value>(_ make: (inout RandomValues) -> Value) -> Value? { bool() ? make(&self) : nil }
    mutating func list<Value>(_ make: (inout RandomValues) -> Value) -> [Value] {
        (0..<int(0...3)).map { _ in make(&self) }
    }
    mutating func map<Value>(_ make: (inout RandomValues) -> Value) -> [String: Value] {
        Dictionary(list { ($0.text(), make(&$0)) }) { $1 }
    }

    // MARK: Parameters

    mutating func parameters() -> [String: CodecParameterValue] {
        map { $0.bool() ? .string($0.text()) : .integer(Int(truncatingIfNeeded: $0.random.next())) }
    }
    mutating func encoding() -> RtpEncodingParameters {
        RtpEncodingParameters(
            ssrc: maybe { $0.uint() },
            rid: maybe { $0.text() },
            codecPayloadType: maybe { $0.uint() },
            rtx: maybe { RtpEncodingParameters.Rtx(ssrc: $0.uint()) },
            dtx: bool(),
            scalabilityMode: maybe { $0.text() },
            scaleResolutionDownBy: maybe { $0.double() },
            maxBitrate: maybe { $0.int(0...1 << 40) },
            maxFramerate: maybe { $0.double() },
            adaptivePtime: maybe { $0.bool() }
        )
    }
    mutating func codec() -> RtpCodecParameters {
        let kind = pick(MediaKind.self)
        return RtpCodecParameters(
            mimeType: "\(kind.rawValue)/\(int(0...9))",
            payloadType: uint(),
            clockRate: uint(),
            channels: kind == .audio ? uint() : nil,
            parameters: parameters(),
            rtcpFeedback: list { RtcpFeedback(type: "t\($0.int(0...9))", parameter: $0.text()) }
        )
    }
    mutating func rtpParameters() -> RtpParameters {
        RtpParameters(
            mid: maybe { $0.text() },
            codecs: list { $0.codec() },
            headerExtensions: list {
                RtpHeaderExtensionParameters(
                    uri: "urn:\($0.int(0...9))",
                    id: $0.uint(),
                    encrypt: $0.bool(),
                    parameters: $0.parameters()
                )
            },
            encodings: list { $0.encoding() },
            rtcp: RtcpParameters(cname: maybe { $0.text() }, reducedSize: bool()),
            msid: maybe { $0.text() }
        )
    }
    mutating func codecMapping() -> RtpCodecMapping {
        RtpCodecMapping(payloadType: uint(), mappedPayloadType: uint())
    }
    mutating func mapping() -> RtpMapping {
        RtpMapping(
            codecs: list { $0.codecMapping() },
            encodings: list {
                RtpEncodingMapping(
                    ssrc: $0.maybe { $0.uint() },
                    rid: $0.maybe { $0.text() },
                    scalabilityMode: $0.maybe { $0.text() },
                    mappedSsrc: $0.uint()
                )
            }
        )
    }
    mutating func listenInfo() -> TransportListenInfo {
        TransportListenInfo(
            protocol: pick(TransportProtocol.self),
            ip: text(),
            announcedAddress: maybe { $0.text() },
            exposeInternalIp: bool(),
            port: uint(),
            portRange: TransportPortRange(min: uint(), max: uint()),
            flags: TransportSocketFlags(ipv6Only: bool(), udpReusePort: bool()),
            sendBufferSize: maybe { $0.int(0...1 << 30) },
            recvBufferSize: maybe { $0.int(0...1 << 30) }
        )
    }
    mutating func listenAddress() -> ListenAddress {
        ListenAddress(protocol: pick(TransportProtocol.self), ip: text(), port: uint())
    }
    mutating func tuple() -> TransportTuple {
        TransportTuple(
            localAddress: text(),
            localPort: uint(),
            remoteIp: maybe { $0.text() },
            remotePort: maybe { $0.uint() },
            protocol: pick(TransportProtocol.self)
        )
    }
    mutating func iceParameters() -> IceParameters {
        IceParameters(usernameFragment: text(), password: text(), iceLite: maybe { $0.bool() })
    }
    mutating func iceCandidate() -> IceCandidate {
        IceCandidate(
            foundation: text(),
            priority: uint(),
            address: text(),
            protocol: pick(TransportProtocol.self),
            port: uint(),
            type: pick(IceCandidate.CandidateType.self),
            tcpType: maybe { $0.pick(IceCandidate.TcpType.self) }
        )
    }
    mutating func dtlsParameters() -> DtlsParameters {
        DtlsParameters(
            role: pick(DtlsRole.self),
            fingerprints: list { DtlsFingerprint(algorithm: "sha-\($0.int(1...512))", value: "AB:\($0.int(0...9))") }
        )
    }
    mutating func consumerScore() -> ConsumerScore {
        ConsumerScore(score: int(0...10), producerScore: int(0...10), producerScores: list { $0.int(0...10) })
    }

    // MARK: Requests

    mutating func request() -> ControlRequest {
        let id = text()
        switch int(0...33) {
        case 0:
            return .start(
                .init(
                    logLevel: pick(WorkerLogLevel.self),
                    logTags: list { $0.pick(WorkerLogTag.self) },
                    dtlsCertificateFile: maybe { $0.text() },
                    dtlsPrivateKeyFile: maybe { $0.text() },
                    flushWindow: .nanoseconds(int(0...5_000_000))
                )
            )
        case 1:
            return .updateSettings(
                .init(
                    logLevel: maybe { $0.pick(WorkerLogLevel.self) },
                    logTags: maybe { $0.list { $0.pick(WorkerLogTag.self) } }
                )
            )
        case 2: return .createWebRtcServer(.init(id: id, listenInfos: list { $0.listenInfo() }))
        case 3:
            return .createWebRtcTransport(
                .init(
                    id: id,
                    routerId: text(),
                    listen: bool() ? .server(id: text()) : .infos(list { $0.listenInfo() }),
                    enableUdp: bool(),
                    enableTcp: bool(),
                    preferUdp: bool(),
                    preferTcp: bool(),
                    iceConsentTimeout: uint(),
                    initialAvailableOutgoingBitrate: uint(),
                    sctp: maybe { $0.sctpOptions() }
                )
            )
        case 4: return .connectWebRtcTransport(id: id, dtlsParameters: dtlsParameters())
        case 5: return .setMaxIncomingBitrate(transportId: id, bitrate: uint())
        case 6, 7:
            return .produce(
                .init(
                    id: id,
                    transportId: text(),
                    kind: pick(MediaKind.self),
                    rtpParameters: rtpParameters(),
                    rtpMapping: mapping(),
                    keyFrameRequestDelay: uint(),
                    paused: bool()
                )
            )
        case 8, 9:
            return bool() ? .consume(consume(id)) : .consumeBatch(list { $0.consume($0.text()) })
        case 10...17: return layerRequest(id)
        case 18...29: return dataRequest(id)
        default:
            let plain: [ControlRequest] = [
                .dumpWorker, .getResourceUsage, .closeWebRtcServer(id: id), .dumpWebRtcServer(id: id),
                .createRouter(id: id), .closeRouter(id: id), .dumpRouter(id: id), .restartIce(transportId: id),
                .closeTransport(id: id), .getTransportStats(id: id), .dumpTransport(id: id), .pauseProducer(id: id),
                .resumeProducer(id: id), .closeProducer(id: id), .getProducerStats(id: id), .dumpProducer(id: id),
                .pauseConsumer(id: id), .resumeConsumer(id: id), .closeConsumer(id: id),
                .requestKeyFrame(consumerId: id), .getConsumerStats(id: id), .dumpConsumer(id: id),
            ]
            return plain[int(0...plain.count - 1)]
        }
    }

    // MARK: Replies

    mutating func reply() -> Result<ControlReply, ControlError> {
        switch int(0...27) {
        case 0: .failure(ControlError(pick(ControlError.Code.self), text()))
        case 1: .success(.done)
        case 2:
            .success(
                .workerDump(
                    .init(
                        pid: uint(),
                        webRtcServerIds: list { $0.text() },
                        routerIds: list { $0.text() },
                        counters: map { $0.uint() }
                    )
                )
            )
        case 3:
            .success(
                .resourceUsage(
                    .init(
                        userTime: uint(),
                        systemTime: uint(),
                        maximumResidentSize: uint(),
                        minorFaults: uint(),
                        majorFaults: uint(),
                        blocksRead: uint(),
                        blocksWritten: uint(),
                        voluntarySwitches: uint(),
                        involuntarySwitches: uint()
                    )
                )
            )
        case 4: .success(.webRtcServer(list { $0.listenAddress() }))
        case 5:
            .success(
                .webRtcServerDump(
                    .init(
                        id: text(),
                        sockets: list { $0.listenAddress() },
                        webRtcTransportIds: list { $0.text() },
                        localIceUsernameFragments: map { $0.text() },
                        tuples: map { $0.text() }
                    )
                )
            )
        case 6:
            .success(
                .routerDump(
                    .init(
                        id: text(),
                        transportIds: list { $0.text() },
                        consumerIdsByProducerId: map { $0.list { $0.text() } },
                        dataConsumerIdsByDataProducerId: map { $0.list { $0.text() } }
                    )
                )
            )
        case 7:
            .success(
                .webRtcTransport(
                    .init(
                        iceParameters: iceParameters(),
                        iceCandidates: list { $0.iceCandidate() },
                        dtlsParameters: dtlsParameters(),
                        sctpParameters: maybe { $0.sctpParameters() }
                    )
                )
            )
        case 8: .success(.connected(localRole: pick(DtlsRole.self)))
        case 9: .success(.iceParameters(iceParameters()))
        case 10: .success(.transportStats(transportStat()))
        case 11: .success(.transportDump(transportDump()))
        case 12: .success(.produced(type: pick(ProducerType.self)))
        case 13: .success(.producerStats(list { $0.streamStat() }))
        case 14: .success(.producerDump(producerDump()))
        case 15:
            .success(
                bool()
                    ? .consumed(consumed())
                    : .consumedBatch(
                        list {
                            $0.bool()
                                ? .success($0.consumed())
                                : .failure(ControlError($0.pick(ControlError.Code.self), $0.text()))
                        }
                    )
            )
        case 16: .success(.consumerStats(list { $0.streamStat() }))
        case 17, 18: .success(layerReply())
        case 19...26: .success(dataReply())
        default: .success(.consumerDump(consumerDump()))
        }
    }

    private mutating func consume(_ id: String) -> ControlRequest.Consume {
        ControlRequest.Consume(
            id: id,
            transportId: text(),
            producerId: text(),
            kind: pick(MediaKind.self),
            type: pick(ConsumerType.self),
            rtpParameters: rtpParameters(),
            codecMapping: list { $0.codecMapping() },
            consumableRtpEncodings: list { $0.encoding() },
            paused: bool(),
            preferredLayers: maybe { $0.layers() },
            ignoreDtx: bool()
        )
    }

    private mutating func consumed() -> ControlReply.Consumed {
        ControlReply.Consumed(
            paused: bool(),
            producerPaused: bool(),
            score: consumerScore(),
            preferredLayers: maybe { $0.layers() }
        )
    }

    private mutating func transportStat() -> WebRtcTransportStat {
        WebRtcTransportStat(
            transportId: text(),
            timestamp: uint(),
            iceRole: pick(IceRole.self),
            iceState: pick(IceState.self),
            iceSelectedTuple: maybe { $0.tuple() },
            dtlsState: pick(DtlsState.self),
            sctpState: maybe { $0.pick(SctpState.self) },
            bytesReceived: uint(),
            recvBitrate: uint(),
            bytesSent: uint(),
            sendBitrate: uint(),
            rtpBytesReceived: uint(),
            rtpRecvBitrate: uint(),
            rtpBytesSent: uint(),
            rtpSendBitrate: uint(),
            rtxBytesReceived: uint(),
            rtxRecvBitrate: uint(),
            rtxBytesSent: uint(),
            rtxSendBitrate: uint(),
            probationBytesSent: uint(),
            probationSendBitrate: uint(),
            availableOutgoingBitrate: maybe { $0.uint() },
            availableIncomingBitrate: maybe { $0.uint() },
            maxIncomingBitrate: maybe { $0.uint() },
            maxOutgoingBitrate: maybe { $0.uint() },
            minOutgoingBitrate: maybe { $0.uint() },
            rtpPacketLossReceived: maybe { $0.double() },
            rtpPacketLossSent: maybe { $0.double() }
        )
    }

    private mutating func streamStat() -> RtpStreamStat {
        RtpStreamStat(
            type: pick(RtpStreamStat.StatType.self),
            timestamp: uint(),
            ssrc: uint(),
            rtxSsrc: maybe { $0.uint() },
            rid: maybe { $0.text() },
            kind: pick(MediaKind.self),
            mimeType: text(),
            packetCount: uint(),
            byteCount: uint(),
            bitrate: uint(),
            bitrateByLayer: maybe { $0.map { $0.uint() } },
            jitter: uint(),
            packetsLost: -int(0...9),
            fractionLost: uint(),
            packetsDiscarded: uint(),
            packetsRetransmitted: uint(),
            packetsRepaired: uint(),
            nackCount: uint(),
            nackPacketCount: uint(),
            pliCount: uint(),
            firCount: uint(),
            score: int(0...10),
            roundTripTime: maybe { $0.double() },
            rtxPacketsDiscarded: maybe { $0.uint() }
        )
    }

    private mutating func streamDump() -> RtpStreamDump {
        RtpStreamDump(
            ssrc: uint(),
            rtxSsrc: maybe { $0.uint() },
            rid: maybe { $0.text() },
            payloadType: uint(),
            mimeType: text(),
            clockRate: uint(),
            score: int(0...10),
            useNack: bool(),
            usePli: bool(),
            useFir: bool()
        )
    }

    private mutating func transportDump() -> TransportDump {
        TransportDump(
            id: text(),
            routerId: text(),
            webRtcServerId: maybe { $0.text() },
            sockets: list { $0.listenAddress() },
            producerIds: list { $0.text() },
            consumerIds: list { $0.text() },
            consumerIdsBySsrc: map { $0.text() },
            rtpListener: .init(ssrcTable: map { $0.text() }, midTable: map { $0.text() }, ridTable: map { $0.text() }),
            recvRtpHeaderExtensions: map { $0.uint() },
            iceParameters: iceParameters(),
            iceCandidates: list { $0.iceCandidate() },
            iceState: pick(IceState.self),
            iceSelectedTuple: maybe { $0.tuple() },
            dtlsParameters: dtlsParameters(),
            dtlsState: pick(DtlsState.self),
            srtpProfile: maybe { $0.text() },
            sctpParameters: maybe { $0.sctpParameters() },
            sctpState: maybe { $0.pick(SctpState.self) },
            dataProducerIds: list { $0.text() },
            dataConsumerIds: list { $0.text() },
            maxIncomingBitrate: uint(),
            counters: map { $0.uint() }
        )
    }

    private mutating func producerDump() -> ProducerDump {
        ProducerDump(
            id: text(),
            transportId: text(),
            kind: pick(MediaKind.self),
            type: pick(ProducerType.self),
            rtpParameters: rtpParameters(),
            rtpMapping: mapping(),
            paused: bool(),
            rtpStreams: list { $0.streamDump() },
            counters: map { $0.uint() }
        )
    }

    private mutating func consumerDump() -> ConsumerDump {
        ConsumerDump(
            id: text(),
            transportId: text(),
            producerId: text(),
            kind: pick(MediaKind.self),
            type: pick(ConsumerType.self),
            rtpParameters: rtpParameters(),
            consumableRtpEncodings: list { $0.encoding() },
            paused: bool(),
            producerPaused: bool(),
            score: consumerScore(),
            rtpStreams: list { $0.streamDump() },
            counters: map { $0.uint() }
        )
    }

    // MARK: Notifications

    mutating func notification() -> ControlNotification {
        let id = text()
        return switch int(0...31) {
        case 0: .workerRunning(pid: uint())
        case 1: .log(level: pick(WorkerLogLevel.self), tag: maybe { $0.pick(WorkerLogTag.self) }, text: text())
        case 2: .iceStateChanged(transportId: id, state: pick(IceState.self))
        case 3: .iceSelectedTupleChanged(transportId: id, tuple: maybe { $0.tuple() })
        case 4:
            .dtlsStateChanged(transportId: id, state: pick(DtlsState.self), remoteCertificate: maybe { $0.text() })
        case 5: .listenServerClosed(transportId: id)
        case 6:
            .producerScore(
                producerId: id,
                scores: list {
                    ProducerScore(
                        encodingIdx: $0.int(0...9),
                        ssrc: $0.uint(),
                        rid: $0.maybe { $0.text() },
                        score: $0.int(0...10)
                    )
                }
            )
        case 7: .consumerScore(consumerId: id, score: consumerScore())
        case 8: .consumerProducerPaused(consumerId: id)
        case 9: .consumerProducerResumed(consumerId: id)
        case 10: .consumerProducerClosed(consumerId: id)
        case 11: .notificationsDropped(count: uint())
        case 12...19: layerNotification(id)
        default: dataNotification(id)
        }
    }

    /// Any message, without its frame.
    mutating func message() throws -> [UInt8] {
        let frame =
            switch int(0...2) {
            case 0: try WorkerProtocol.encode(request: request(), id: uint())
            case 1: try WorkerProtocol.encode(reply: reply(), to: uint())
            default: try WorkerProtocol.encode(notification: notification())
            }
        return Array(frame.dropFirst(Framing.prefixBytes))
    }
}
