// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import SwiftletEmbedded
import Testing

@Suite("RTP and RTCP of the application, over a real worker", .serialized, .timeLimit(.minutes(2)))
struct DirectMediaTests {
    /// A packet of the only stream of a producer.
    private static func packet(type: UInt8, sequence: UInt16, ssrc: UInt32, payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x80, type, UInt8(sequence >> 8), UInt8(sequence & 0xFF)]
        let timestamp = UInt32(sequence) * 960
        for number in [timestamp, ssrc] {
            bytes += [24, 16, 8, 0].map { shift in UInt8(truncatingIfNeeded: number >> UInt32(shift)) }
        }
        return bytes + payload
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    @Test("Packets pass from producer to consumer, under the consumer's numbers", arguments: RealWorker.allCases)
    func audio(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let direct = try await router.createDirectTransport()
        let producer = try await direct.produce(RealWorker.opus(ssrc: 1111))
        let consumer = try await direct.consume(
            .init(producerId: producer.id, rtpCapabilities: router.rtpCapabilities)
        )
        let events = consumer.events()
        for sequence in 100..<120 as Range<UInt16> {
            let payload = [UInt8](repeating: UInt8(sequence), count: 80)
            try await producer.send(rtp: Self.packet(type: 111, sequence: sequence, ssrc: 1111, payload: payload))
        }
        let ssrc = try #require(consumer.rtpParameters.encodings.first?.ssrc)
        let type = try #require(consumer.rtpParameters.codecs.first?.payloadType)
        var received = 0
        for await event in events {
            guard case .rtp(let packet) = event else { continue }
            #expect(packet[0] >> 6 == 2 && packet[1] & 0x7F == type && Self.number(packet[8..<12]) == ssrc)
            #expect(packet.suffix(80) == ArraySlice([UInt8](repeating: UInt8(100 + received), count: 80)))
            received += 1
            if received == 20 { break }
        }
        #expect(try await consumer.getStats().first?.packetCount == 20)
        #expect(try await producer.getStats().first?.packetCount == 20)
        await worker.close()
    }

    @Test("What is no RTP of the producer, or no packet at all, is refused or ignored, and nothing breaks")
    func garbage() async throws {
        let worker = try await RealWorker.thread.start()
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let direct = try await router.createDirectTransport()
        let producer = try await direct.produce(RealWorker.opus(ssrc: 1111))
        for bytes in [[], [0x80], [UInt8](repeating: 0x80, count: 5000)] as [[UInt8]] {
            #expect(await failure { try await producer.send(rtp: bytes) }?.code == .invalidArgument)
        }
        #expect(
            await failure { try await direct.sendRtcp([UInt8](repeating: 0x80, count: 5000)) }?.code == .invalidArgument
        )
        #expect(try await producer.getStats().first?.packetCount ?? 0 == 0)
        #expect(!worker.closed)
        await worker.close()
    }

    @Test("A request for a key frame goes from a consumer's side to the producer's", arguments: RealWorker.allCases)
    func keyFrame(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let (sending, watching) = (
            try await router.createDirectTransport(), try await router.createDirectTransport()
        )
        let producer = try await sending.produce(
            ProducerOptions(
                kind: .video,
                rtpParameters: RtpParameters(
                    codecs: [
                        RtpCodecParameters(
                            mimeType: "video/VP8",
                            payloadType: 96,
                            clockRate: 90000,
                            rtcpFeedback: [RtcpFeedback(type: "nack", parameter: "pli")]
                        )
                    ],
                    encodings: [RtpEncodingParameters(ssrc: 2222)]
                )
            )
        )
        let events = sending.events()
        let consumer = try await watching.consume(
            .init(producerId: producer.id, rtpCapabilities: router.rtpCapabilities)
        )
        // A delta frame, since nobody can ask a stream that was never seen.
        let payload: [UInt8] = [0x10, 0x01, 0, 0] + [UInt8](repeating: 0, count: 60)
        try await producer.send(rtp: Self.packet(type: 96, sequence: 1, ssrc: 2222, payload: payload))
        let ssrc = try #require(consumer.rtpParameters.encodings.first?.ssrc)
        let media = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ssrc >> UInt32($0)) }
        try await watching.sendRtcp([0x81, 206, 0, 2, 0, 0, 0, 1] + media)
        for await event in events {
            guard case .rtcp(let compound) = event else { continue }
            // PSFB with format 1: picture loss, RFC 4585 §6.3.1; perhaps behind a report.
            let isRequest = stride(from: 0, to: compound.count - 11, by: 4).contains { offset in
                compound[offset] == 0x81 && compound[offset + 1] == 206
                    && Self.number(compound[offset + 8..<offset + 12]) == 2222
            }
            if isRequest { break }
        }
        #expect(!sending.closed)
        await worker.close()
    }
}
