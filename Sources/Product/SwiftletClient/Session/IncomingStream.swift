// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletRTP
import SwiftletStreams
import SwiftletSyntheticMedia
import SwiftletWire

/// One RTP stream that a client receives, with its retransmissions, and everything that is checked of it.
final class IncomingStream {
    /// Least time between two requests for key frames.
    static let requestSpacing = Duration.milliseconds(500)
    /// Packets that wait for a gap before them.
    static let window = 512
    /// Time without a picture that counts as a freeze.
    static let freeze = Duration.milliseconds(500)

    let id: String
    let plan: SubscriptionPlan
    let stream: ReceiveStream
    private let checker: StreamChecker?
    private let began: Instant
    private var counts = SubscriptionStatistics()
    /// What the profile swallowed, as long as nothing later came.
    private var swallowed: [UInt16] = []
    private var lastRequest: Instant?
    private var wantsKeyFrame = false
    /// Of what cannot be checked: when the last whole frame came.
    private var lastFrame: Instant?
    private var lastKeyTimestamp: UInt32?
    /// Whether the producer is paused, so that silence is no freeze.
    private var isPaused = false

    init(id: String, plan: SubscriptionPlan, pool: PacketPool, now: Instant) {
        (self.id, self.plan, began) = (id, plan, now)
        stream = ReceiveStream(
            ReceiveStream.Parameters(
                kind: plan.kind == .video ? .video : .audio,
                ssrc: plan.ssrc,
                payloadType: plan.payloadType,
                clockRate: plan.clockRate,
                usesNack: plan.usesNack
            ),
            pool: pool
        )
        stream.rtxSSRC = plan.rtxSSRC
        if case .syntheticVideo(let rules) = plan.check {
            checker = StreamChecker(rules, window: Self.window)
        } else {
            checker = nil
        }
    }

    // MARK: Packets

    /// Takes a packet of either SSRC.
    ///
    /// - Parameters:
    ///   - packet: The packet, opened.
    ///   - now: When it came.
    ///   - unixNow: The same in nanoseconds since 1970.
    func receive(_ packet: borrowing RTPPacketView, now: Instant, unixNow: Int64) {
        let isRetransmission = packet.ssrc == plan.rtxSSRC
        var payload = packet.payload
        let isKeyFrame = !isRetransmission && (plan.codec?.isKeyFrame(payload) ?? false)
        let described = ReceiveStream.Packet(
            sequence: packet.sequenceNumber,
            timestamp: packet.timestamp,
            size: packet.bytes.count,
            isKeyFrame: isKeyFrame,
            arrival: now
        )
        let reception =
            isRetransmission ? stream.receiveRetransmission(described, payload: payload) : stream.receive(described)
        switch reception {
        case .discarded(.duplicate): counts.duplicates &+= 1
        case .discarded: break
        case .accepted(let acceptance):
            if isRetransmission {
                payload = payload.extracting(RTXPayload.headerLength..<payload.count)
            } else {
                if !swallowed.isEmpty { countSwallowed(before: packet.sequenceNumber) }
                counts.packets &+= 1
                counts.bytes &+= UInt64(packet.bytes.count)
            }
            if acceptance.needsKeyFrame { wantsKeyFrame = true }
            if counts.timeToFirstPacket == nil { counts.timeToFirstPacket = now - began }
            accept(packet, UInt16(truncatingIfNeeded: acceptance.sequence), payload, now: now, unixNow: unixNow)
        }
    }

    private func accept(
        _ packet: borrowing RTPPacketView,
        _ sequence: UInt16,
        _ payload: Span<UInt8>,
        now: Instant,
        unixNow: Int64
    ) {
        switch plan.check {
        case .syntheticAudio:
            if let tag = FrameTag(payload, at: SyntheticAudioSource.tagOffset) {
                counts.delay.record(nanoseconds: unixNow &- tag.capture)
                noteFrame(isKeyFrame: false, now: now)
            } else if !payload.isEmpty {
                fault("sound without a tag, \(payload.count) bytes")
            }
        case .syntheticVideo(let rules):
            if let reading = PayloadReading(payload, rules.codec) {
                counts.delay.record(nanoseconds: unixNow &- reading.tag.capture)
            }
            checker?.receive(
                sequence: sequence,
                timestamp: packet.timestamp,
                marker: packet.marker,
                payload: payload,
                now: now
            )
            noteChecked(now: now)
        case .timedVideo(let codec):
            if let reading = PayloadReading(payload, codec) {
                counts.delay.record(nanoseconds: unixNow &- reading.tag.capture)
            }
            notePacket(packet, payload, now: now)
        case .none: notePacket(packet, payload, now: now)
        }
    }

    /// Takes a packet whose payload is not looked into: markers end frames.
    private func notePacket(_ packet: borrowing RTPPacketView, _ payload: Span<UInt8>, now: Instant) {
        let isKeyFrame = plan.codec?.isKeyFrame(payload) ?? false
        if isKeyFrame { lastKeyTimestamp = packet.timestamp }
        guard plan.kind == .audio || packet.marker, !payload.isEmpty else { return }
        noteFrame(isKeyFrame: lastKeyTimestamp == packet.timestamp, now: now)
    }

    private func noteChecked(now: Instant) {
        guard let checker else { return }
        if counts.timeToFirstFrame == nil, checker.pictureCount > 0 { counts.timeToFirstFrame = now - began }
        if checker.takeKeyFrameRequest() { wantsKeyFrame = true }
    }

    private func noteFrame(isKeyFrame: Bool, now: Instant) {
        counts.frames &+= 1
        if isKeyFrame { counts.keyFrames &+= 1 }
        if counts.timeToFirstFrame == nil, plan.kind == .audio || counts.keyFrames > 0 {
            counts.timeToFirstFrame = now - began
        }
        if let lastFrame, plan.kind == .video {
            counts.longestGap = max(counts.longestGap, now - lastFrame)
            if now - lastFrame > Self.freeze { counts.freezes &+= 1 }
        }
        lastFrame = now
    }

    private func fault(_ text: String) {
        counts.faults &+= 1
        if counts.faultDetails.count < 8 { counts.faultDetails.append(text) }
    }

    /// Notes a packet that never came here because of the client's own ``NetworkProfile``.
    ///
    /// It counts from when a later one comes, which is also when the loss can be known.
    func noteSwallowed(ssrc: UInt32, sequence: UInt16) {
        guard ssrc == plan.ssrc else { return }
        if swallowed.count == Self.window {
            swallowed.removeFirst()
            counts.packetsSwallowed &+= 1
        }
        swallowed.append(sequence)
    }

    private func countSwallowed(before sequence: UInt16) {
        let all = swallowed.count
        swallowed.removeAll { Int16(bitPattern: $0 &- sequence) < 0 }
        // What came before the first packet of all cannot be missed.
        if counts.packets > 0 { counts.packetsSwallowed &+= UInt64(all - swallowed.count) }
    }

    /// Notes that the producer pauses or goes on: what it says then has no relation to before.
    func setPaused(_ isPaused: Bool) {
        guard self.isPaused != isPaused else { return }
        self.isPaused = isPaused
        lastFrame = nil
        checker?.expectDiscontinuity(within: .milliseconds(200))
    }

    // MARK: Time

    var nextDeadline: Instant? { earliest(stream.nextDeadline, checker?.nextDeadline) }

    /// Appends the numbers to ask for.
    func advance(to now: Instant, nacks: inout [UInt16]) {
        stream.advance(to: now, nacks: &nacks)
        guard let checker, let due = checker.nextDeadline, due <= now else { return }
        // What it would ask for, the stream has asked for; it is told that time passes, to go on behind what is lost.
        var ignored: [UInt16] = []
        checker.advance(now: now, nacks: &ignored)
        noteChecked(now: now)
    }

    /// Whether to ask for a key frame now; each `true` counts as asked.
    func takeKeyFrameRequest(now: Instant) -> Bool {
        guard plan.usesKeyFrameRequests, !isPaused else { return false }
        let isBlind =
            counts.timeToFirstPacket != nil && counts.timeToFirstFrame == nil && now - began >= Self.requestSpacing
        guard wantsKeyFrame || isBlind else { return false }
        if let lastRequest, now - lastRequest < Self.requestSpacing { return false }
        (wantsKeyFrame, lastRequest) = (false, now)
        counts.keyFrameRequests &+= 1
        return true
    }

    /// Everything that was counted.
    func statistics(now: Instant) -> SubscriptionStatistics {
        var statistics = counts
        statistics.packetsLost = stream.packetsLost
        statistics.packetsRepaired = stream.repairedCount
        statistics.packetsRequested = stream.nackedPacketCount
        statistics.bitrate = stream.bitrate(now: now)
        statistics.jitter = .nanoseconds(Int64(stream.jitter) * 1_000_000_000 / Int64(max(1, plan.clockRate)))
        guard let checker else { return statistics }
        statistics.frames = UInt64(checker.frameCount)
        statistics.keyFrames = UInt64(checker.keyFrameCount)
        statistics.undecodableFrames = UInt64(checker.undecodableCount)
        statistics.faults = UInt64(checker.faultCount)
        statistics.faultDetails = checker.details
        statistics.freezes = UInt64(checker.freezeCount)
        statistics.longestGap = checker.longestGap
        (statistics.spatialLayer, statistics.temporalLayer) = (checker.layers?.spatial, checker.layers?.temporal)
        return statistics
    }
}
