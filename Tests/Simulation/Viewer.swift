// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletRTP
import SwiftletWire
import SwiftletSyntheticMedia

/// A peer that views what a ``Publisher`` sends, checks it, asks for what it misses and reports on it.
final class Viewer: KeyedPeer {
    /// Received and expected packets of one SSRC, for reports.
    struct Count {
        private var unwrapper = SequenceUnwrapper()
        private var first: Int64?
        private var received: Int64 = 0
        private var before: (expected: Int64, received: Int64) = (0, 0)
        var report: (ntp: NTPTime, timestamp: UInt32, arrival: Instant)?

        mutating func add(_ sequence: UInt16) {
            let number = unwrapper.unwrap(sequence)
            first = min(first ?? number, number)
            received += 1
        }

        mutating func block(_ ssrc: UInt32, now: Instant) -> RTCPReportBlock? {
            guard let first, let newest = unwrapper.newest else { return nil }
            let expected = newest - first + 1
            let (more, came) = (expected - before.expected, received - before.received)
            before = (expected, received)
            let lost = max(0, more - came)
            let delay = report.map { (now - $0.arrival).wholeNanoseconds * 65_536 / 1_000_000_000 } ?? 0
            return RTCPReportBlock(
                ssrc: ssrc,
                fractionLost: more > 0 ? UInt8(min(255, lost * 256 / more)) : 0,
                cumulativeLost: Int32(truncatingIfNeeded: expected - received),
                extendedHighestSequence: UInt32(truncatingIfNeeded: newest),
                lastSenderReport: report?.ntp.compact ?? 0,
                delaySinceLastSenderReport: UInt32(truncatingIfNeeded: delay)
            )
        }
    }

    /// One consumer of video.
    final class Video {
        let id: String
        let ssrc: UInt32
        let checker: StreamChecker
        var count = Count()
        var nextRequest: Instant?

        init(id: String, ssrc: UInt32, checker: StreamChecker) {
            (self.id, self.ssrc, self.checker) = (id, ssrc, checker)
        }
    }

    /// One consumer of audio.
    final class Audio {
        let ssrc: UInt32
        var count = Count()
        var newest: (timestamp: UInt32, capture: Instant, number: UInt32)?
        var packetCount = 0

        init(ssrc: UInt32) { self.ssrc = ssrc }
    }

    static let videoType: UInt8 = 120
    static let rtxType: UInt8 = 121
    static let audioType: UInt8 = 109
    /// The ids it wants, and what MIDs it is told.
    static let mid: UInt8 = 9
    static let sendTime: UInt8 = 10
    static let transportSequence: UInt8 = 11
    static let audioLevel: UInt8 = 12

    var videos: [Video] = []
    var audio: Audio?
    private var nextReport: Instant
    /// Packets that were not as negotiated, in words.
    private(set) var violations: [String] = []
    private(set) var packetCount = 0
    /// The largest difference between the audio's and the video's capture times as sender reports map them.
    private(set) var worstSync = Duration.zero
    private(set) var syncCount = 0
    /// Least time between two requests for key frames.
    var requestSpacing = Duration.milliseconds(500)

    init(name: String, keys: SRTPKeyingMaterial, wall: WallClockAnchor, now: Instant) throws {
        nextReport = now + .seconds(1)
        try super.init(name: name, keys: keys, wall: wall)
    }

    override var nextDeadline: Instant? {
        var next = nextReport
        for video in videos {
            if let due = video.checker.nextDeadline { next = min(next, due) }
            if let due = video.nextRequest { next = min(next, due) }
        }
        return next
    }

    override func advance(to now: Instant) {
        for video in videos {
            if let due = video.checker.nextDeadline, due <= now { repair(video, now: now) }
            if let due = video.nextRequest, due <= now {
                video.nextRequest = nil
                askForKeyFrame(video, now: now)
            }
        }
        guard nextReport <= now else { return }
        nextReport = now + .seconds(1)
        var blocks = videos.compactMap { $0.count.block($0.ssrc, now: now) }
        if let audio, let block = audio.count.block(audio.ssrc, now: now) { blocks.append(block) }
        measureSync()
        guard !blocks.isEmpty else { return }
        sendRTCP { bytes, room in RTCPWriter.receiverReport(ssrc: 7, blocks: blocks.span, into: &bytes, in: room) }
    }

    private func repair(_ video: Video, now: Instant) {
        var nacks: [UInt16] = []
        video.checker.advance(now: now, nacks: &nacks)
        if !nacks.isEmpty {
            sendRTCP { bytes, room in
                RTCPWriter.genericNACK(
                    senderSSRC: 7,
                    mediaSSRC: video.ssrc,
                    sequences: nacks.span,
                    into: &bytes,
                    in: room
                )?.length
            }
        }
        askIfNeeded(video, now: now)
    }

    private func askIfNeeded(_ video: Video, now: Instant) {
        guard video.checker.takeKeyFrameRequest(), video.nextRequest == nil else { return }
        askForKeyFrame(video, now: now)
    }

    private func askForKeyFrame(_ video: Video, now: Instant) {
        sendRTCP { bytes, room in
            RTCPWriter.pictureLossIndication(senderSSRC: 7, mediaSSRC: video.ssrc, into: &bytes, in: room)
        }
        if video.checker.takeKeyFrameRequest() { video.nextRequest = now + requestSpacing }
    }

    // MARK: Receiving

    override func receive(_ packet: borrowing RTPPacketView, now: Instant) {
        packetCount += 1
        let ssrc = packet.ssrc
        if let audio, audio.ssrc == ssrc { return receive(packet, audio) }
        for (index, video) in videos.enumerated() where video.ssrc == ssrc || video.ssrc + 1 == ssrc {
            let isRTX = video.ssrc != ssrc
            check(packet, type: isRTX ? Self.rtxType : Self.videoType, mid: UInt8(ascii: "0") + UInt8(index))
            var (sequence, payload) = (packet.sequenceNumber, packet.payload)
            if isRTX {
                guard payload.count >= 2 else { return violate("a retransmission of \(payload.count) bytes") }
                sequence = payload.uint16(at: 0)
                payload = payload.extracting(droppingFirst: 2)
            } else {
                video.count.add(sequence)
            }
            video.checker.receive(
                sequence: sequence,
                timestamp: packet.timestamp,
                marker: packet.marker,
                payload: payload,
                now: now
            )
            askIfNeeded(video, now: now)
            return
        }
        violate("unknown SSRC \(ssrc)")
    }

    private func receive(_ packet: borrowing RTPPacketView, _ audio: Audio) {
        check(packet, type: Self.audioType, mid: UInt8(ascii: "a"))
        audio.count.add(packet.sequenceNumber)
        guard let tag = FrameTag(packet.payload, at: 1) else { return violate("unreadable audio") }
        audio.packetCount += 1
        if let newest = audio.newest {
            guard tag.frame > newest.number else { return }
            let step = Int64(Int32(bitPattern: packet.timestamp &- newest.timestamp))
            let captured = (tag.capture - newest.capture.nanoseconds) / 1000 * 48 / 1000
            if abs(step - captured) > 96 { violate("audio went on by \(step) ticks instead of \(captured)") }
        }
        audio.newest = (packet.timestamp, Instant(nanoseconds: tag.capture), tag.frame)
    }

    /// Checks that a packet is as it was negotiated.
    private func check(_ packet: borrowing RTPPacketView, type: UInt8, mid: UInt8) {
        if packet.payloadType != type { violate("payload type \(packet.payloadType) on \(packet.ssrc)") }
        var extensions = packet.extensions
        while let element = extensions.next() {
            switch element.id {
            case Self.mid:
                if element.range.count != 1 || packet.bytes[element.range.lowerBound] != mid { violate("another MID") }
            case Self.sendTime, Self.transportSequence: break
            case Self.audioLevel:
                if type != Self.audioType { violate("an audio level on video") }
            default: violate("extension \(element.id)")
            }
        }
    }

    private func violate(_ text: String) { if violations.count < 8 { violations.append("\(name): \(text)") } }

    override func receive(_ packet: consuming RTCPPacket, now: Instant) {
        guard case .senderReport(let report) = packet else { return }
        let known = (ntp: report.info.ntp, timestamp: report.info.rtpTimestamp, arrival: now)
        for video in videos where video.ssrc == report.ssrc { video.count.report = known }
        if let audio, audio.ssrc == report.ssrc { audio.count.report = known }
    }

    // MARK: Lip sync

    /// Compares what the sender reports make of the newest picture's and the newest sound's capture time.
    private func measureSync() {
        guard let audio, let sound = audio.newest, let heard = audio.count.report, let video = videos.first,
            let picture = video.checker.shown, let seen = video.count.report
        else { return }
        let ear = error(sound.timestamp, sound.capture, heard.ntp, heard.timestamp, 48_000)
        let eye = error(picture.timestamp, picture.capture, seen.ntp, seen.timestamp, 90_000)
        let apart = ear > eye ? ear - eye : eye - ear
        worstSync = max(worstSync, apart)
        syncCount += 1
    }

    /// How far a report's mapping is from the truth.
    private func error(
        _ timestamp: UInt32,
        _ capture: Instant,
        _ ntp: NTPTime,
        _ reported: UInt32,
        _ rate: Int64
    ) -> Duration {
        let ticks = Int64(Int32(bitPattern: timestamp &- reported))
        let truth = Int64(bitPattern: wall.ntp(at: capture).rawValue &- ntp.rawValue)
        let mapped = ticks * 1_000_000_000 / rate
        return .nanoseconds(mapped - Int64((Double(truth) / 4.294967296).rounded()))
    }
}
