// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletRTP
import SwiftletWire
import SwiftletSyntheticMedia

/// A peer that sends synthetic video, in one or several encodings, and audio beside it, as a browser does.
///
/// It answers NACKs through RTX and requests for key frames with the next picture, reports with one clock for all its
/// streams, and can stop, start and restart each encoding.
final class Publisher: KeyedPeer {
    /// What its video is.
    struct Options {
        var codec = SyntheticCodec.vp8
        var structure = LayerStructure(temporal: 3)
        /// Packets of a frame, by encoding, or by spatial layer of a single one.
        var packets = [1, 2, 3]
        var encodings = 3
        var hasDescriptor = false
        /// Whether encodings are told apart by RID alone, and their SSRCs not signalled.
        var usesRIDs = true
        /// Key frames come so often without being asked for.
        var keyInterval = Duration.seconds(10)
        var hasAudio = false
        /// Milliseconds that an encoding's packets leave after the lowest's.
        var lag = [0, 3, 7]

        var isSVC: Bool { encodings == 1 && structure.spatial > 1 }

        static func simulcast(_ codec: SyntheticCodec, descriptor: Bool = false, temporal: Int = 3) -> Options {
            var options = Options()
            (options.codec, options.structure) = (codec, LayerStructure(temporal: temporal))
            options.hasDescriptor = descriptor
            return options
        }

        static func scalable(_ codec: SyntheticCodec, _ structure: LayerStructure) -> Options {
            var options = Options()
            (options.codec, options.structure, options.encodings) = (codec, structure, 1)
            (options.hasDescriptor, options.usesRIDs) = (codec == .av1, false)
            return options
        }
    }

    /// One RTP stream of video.
    struct Encoding {
        var video: SyntheticVideo
        var ssrc: UInt32
        var rid: [UInt8]
        var offset: UInt32
        var sequence: UInt64
        var rtxSequence: UInt64
        var isActive = true
        var reports = true
        var wantsKeyFrame = true
        var nextKeyFrame: Instant
        var sent: UInt32 = 0
        var history: [Sent?] = Array(repeating: nil, count: 1024)
        /// When key frames were asked for.
        var requests: [Instant] = []
        var epoch: UInt8 = 0
    }

    struct Sent {
        var sequence: UInt16
        var timestamp: UInt32
        var packet: SyntheticPacket
    }

    static let videoType: UInt8 = 96
    static let rtxType: UInt8 = 97
    static let audioType: UInt8 = 111
    static let frameInterval = Duration.nanoseconds(33_333_333)
    static let audioInterval = Duration.milliseconds(20)
    static let reportInterval = Duration.seconds(1)

    let options: Options
    let firstSSRC: UInt32
    var encodings: [Encoding] = []
    private var random: SeededRandom
    private var nextPicture: Instant
    private var nextAudio: Instant?
    private var nextReport: Instant
    /// Pictures that wait for their encoding's lag.
    private var waiting: [(due: Instant, encoding: Int, timestamp: UInt32, packets: [SyntheticPacket])] = []
    private var audio: (sequence: UInt64, offset: UInt32, number: UInt32)
    private(set) var nackedCount = 0
    /// Whether anything is sent.
    var isSending = true
    /// Whether its reports say nothing of wall time.
    var hidesWallTime = false
    /// What a hostile sender does to its packets; it returns how many sequence numbers to leave out before one.
    var spoil: ((inout SyntheticPacket, inout UInt32) -> UInt64)?

    var videoID: String { "\(name)-video" }
    var audioID: String { "\(name)-audio" }
    var audioSSRC: UInt32 { firstSSRC + 90 }

    init(
        name: String,
        options: Options,
        firstSSRC: UInt32,
        keys: SRTPKeyingMaterial,
        wall: WallClockAnchor,
        seed: UInt64,
        now: Instant
    ) throws {
        var random = SeededRandom(seed: seed)
        (self.options, self.firstSSRC) = (options, firstSSRC)
        (nextPicture, nextReport) = (now, now + .milliseconds(200))
        nextAudio = options.hasAudio ? now : nil
        audio = (UInt64.random(in: 0..<0x8000, using: &random), UInt32.random(in: 0...UInt32.max, using: &random), 0)
        for index in 0..<options.encodings {
            encodings.append(
                Self.encoding(index, options, ssrc: firstSSRC + UInt32(index) * 2, epoch: 0, now: now, &random)
            )
        }
        self.random = random
        try super.init(name: name, keys: keys, wall: wall)
    }

    private static func encoding(
        _ index: Int,
        _ options: Options,
        ssrc: UInt32,
        epoch: UInt8,
        now: Instant,
        _ random: inout SeededRandom
    ) -> Encoding {
        let packets = options.isSVC ? options.packets : [options.packets[min(index, options.packets.count - 1)]]
        let configuration = SyntheticVideo.Configuration(
            options.codec,
            options.structure,
            packets: packets,
            hasDescriptor: options.hasDescriptor,
            source: UInt8(index) | epoch << 4
        )
        return Encoding(
            video: SyntheticVideo(configuration, using: &random),
            ssrc: ssrc,
            rid: Array("r\(index)".utf8),
            offset: UInt32.random(in: 0...UInt32.max, using: &random),
            sequence: UInt64.random(in: 0..<0x8000, using: &random),
            rtxSequence: UInt64.random(in: 0..<0x8000, using: &random),
            nextKeyFrame: now + options.keyInterval,
            epoch: epoch
        )
    }

    // MARK: Commands

    func stop(_ index: Int) { encodings[index].isActive = false }

    func start(_ index: Int) {
        encodings[index].isActive = true
        encodings[index].wantsKeyFrame = true
    }

    /// Goes on under another SSRC, with other numbers and times, as after a change of the track.
    func restart(_ index: Int, ssrc: UInt32, now: Instant) {
        let epoch = encodings[index].epoch + 1
        let requests = encodings[index].requests
        encodings[index] = Self.encoding(index, options, ssrc: ssrc, epoch: epoch, now: now, &random)
        encodings[index].requests = requests
    }

    // MARK: Time

    override var nextDeadline: Instant? {
        var next = min(nextPicture, nextReport)
        if let nextAudio { next = min(next, nextAudio) }
        for one in waiting { next = min(next, one.due) }
        return next
    }

    override func advance(to now: Instant) {
        while nextPicture <= now {
            let capture = nextPicture
            nextPicture = nextPicture + Self.frameInterval
            guard isSending else { continue }
            for index in encodings.indices where encodings[index].isActive { take(index, capture: capture, now: now) }
        }
        waiting.removeAll { one in
            guard one.due <= now else { return false }
            for packet in one.packets { send(packet, timestamp: one.timestamp, of: one.encoding, now: now) }
            return true
        }
        while let due = nextAudio, due <= now {
            nextAudio = due + Self.audioInterval
            if isSending { sendAudio(capture: due, now: now) }
        }
        if nextReport <= now {
            nextReport = now + Self.reportInterval
            if isSending { report(now: now) }
        }
    }

    private static func ticks(_ time: Instant, _ rate: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: time.nanoseconds / 1000 * rate / 1_000_000)
    }

    private func take(_ index: Int, capture: Instant, now: Instant) {
        let isDue = encodings[index].nextKeyFrame <= now
        let key = encodings[index].wantsKeyFrame || isDue
        encodings[index].wantsKeyFrame = false
        if key { encodings[index].nextKeyFrame = now + options.keyInterval }
        let packets = encodings[index].video.picture(capture: capture, key: key)
        let timestamp = encodings[index].offset &+ Self.ticks(capture, 90_000)
        let lag = options.lag[min(index, options.lag.count - 1)]
        waiting.append((now + .milliseconds(lag), index, timestamp, packets))
    }

    // MARK: Sending

    private func send(_ packet: SyntheticPacket, timestamp: UInt32, of index: Int, now: Instant) {
        var (packet, timestamp) = (packet, timestamp)
        if let spoil { encodings[index].sequence += spoil(&packet, &timestamp) }
        let number = encodings[index].sequence
        encodings[index].sequence += 1
        encodings[index].sent += 1
        let sequence = UInt16(truncatingIfNeeded: number)
        encodings[index].history[Int(sequence) % 1024] = Sent(
            sequence: sequence,
            timestamp: timestamp,
            packet: packet
        )
        let header = RTPHeader(
            payloadType: Self.videoType,
            marker: packet.marker,
            sequenceNumber: sequence,
            timestamp: timestamp,
            ssrc: encodings[index].ssrc
        )
        sendRTP(
            header,
            index: number,
            payload: packet.payload,
            values: values(index, packet, isRepair: false),
            now: now
        )
    }

    private func values(_ index: Int, _ packet: SyntheticPacket, isRepair: Bool) -> [(id: UInt8, value: [UInt8])] {
        var values: [(id: UInt8, value: [UInt8])] = [(Extensions.mid, Array("v".utf8))]
        if options.usesRIDs {
            values.append((isRepair ? Extensions.repairedRID : Extensions.rid, encodings[index].rid))
        }
        if !packet.descriptor.isEmpty { values.append((Extensions.dependencies, packet.descriptor)) }
        return values
    }

    private func resend(_ sequence: UInt16, of index: Int, now: Instant) {
        guard let sent = encodings[index].history[Int(sequence) % 1024], sent.sequence == sequence else { return }
        nackedCount += 1
        let number = encodings[index].rtxSequence
        encodings[index].rtxSequence += 1
        let header = RTPHeader(
            payloadType: Self.rtxType,
            marker: sent.packet.marker,
            sequenceNumber: UInt16(truncatingIfNeeded: number),
            timestamp: sent.timestamp,
            ssrc: encodings[index].ssrc + 1
        )
        sendRTP(
            header,
            index: number,
            prefix: [UInt8(sequence >> 8), UInt8(sequence & 0xFF)],
            payload: sent.packet.payload,
            values: values(index, sent.packet, isRepair: true),
            now: now
        )
    }

    private func sendAudio(capture: Instant, now: Instant) {
        var tag = FrameTag()
        (tag.frame, tag.capture) = (audio.number, capture.nanoseconds)
        var writer = ByteWriter(reservingCapacity: 48)
        // A 20 ms frame of one channel, RFC 6716 §3.1.
        writer.write(UInt8(0x78))
        tag.write(to: &writer)
        let header = RTPHeader(
            payloadType: Self.audioType,
            marker: false,
            sequenceNumber: UInt16(truncatingIfNeeded: audio.sequence),
            timestamp: audio.offset &+ Self.ticks(capture, 48_000),
            ssrc: audioSSRC
        )
        sendRTP(
            header,
            index: audio.sequence,
            payload: writer.bytes,
            values: [(Extensions.mid, Array("a".utf8)), (Extensions.audioLevel, [0x80 | 30])],
            now: now
        )
        audio.sequence += 1
        audio.number += 1
    }

    private func report(now: Instant) {
        let ntp = hidesWallTime ? NTPTime(rawValue: 0) : wall.ntp(at: now)
        for encoding in encodings where encoding.reports && encoding.isActive && encoding.sent > 0 {
            let info = RTCPSenderInfo(
                ntp: ntp,
                rtpTimestamp: encoding.offset &+ Self.ticks(now, 90_000),
                packetCount: encoding.sent,
                octetCount: 0
            )
            sendRTCP { bytes, room in RTCPWriter.senderReport(ssrc: encoding.ssrc, info: info, into: &bytes, in: room) }
        }
        guard options.hasAudio, audio.number > 0 else { return }
        let info = RTCPSenderInfo(
            ntp: ntp,
            rtpTimestamp: audio.offset &+ Self.ticks(now, 48_000),
            packetCount: audio.number,
            octetCount: 0
        )
        let ssrc = audioSSRC
        sendRTCP { bytes, room in RTCPWriter.senderReport(ssrc: ssrc, info: info, into: &bytes, in: room) }
    }

    // MARK: Receiving

    override func receive(_ packet: consuming RTCPPacket, now: Instant) {
        switch packet {
        case .pictureLossIndication(_, let media): askForKeyFrame(media, now: now)
        case .fullIntraRequest(let request):
            for index in 0..<request.count { askForKeyFrame(request[index].ssrc, now: now) }
        case .genericNACK(var nack):
            let media = nack.mediaSSRC
            guard let index = encodings.firstIndex(where: { $0.ssrc == media }) else { return }
            while let sequence = nack.next() { resend(sequence, of: index, now: now) }
        default: break
        }
    }

    private func askForKeyFrame(_ ssrc: UInt32, now: Instant) {
        guard let index = encodings.firstIndex(where: { $0.ssrc == ssrc }) else { return }
        encodings[index].requests.append(now)
        encodings[index].wantsKeyFrame = true
    }
}
