// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletRTP
import SwiftletSRTP
import SwiftletWire
import Testing

/// What every peer of a ``MediaWorld`` has: keys of its own, a path, and what it is about to send.
class KeyedPeer {
    let name: String
    let wall: WallClockAnchor
    var path = (up: NetworkWheel.Path(), down: NetworkWheel.Path())
    var outbox: [[UInt8]] = []
    private let sender: SRTPSender
    private let receiver: SRTPReceiver
    private var transportSequence: UInt16 = 0
    /// Packets that did not open or could not be read, duplicates aside.
    private(set) var brokenCount = 0

    init(name: String, keys: SRTPKeyingMaterial, wall: WallClockAnchor) throws {
        (self.name, self.wall) = (name, wall)
        (sender, receiver) = (try SRTPSender(keys), try SRTPReceiver(keys))
    }

    /// When to call ``advance(to:)``.
    var nextDeadline: Instant? { nil }

    func advance(to now: Instant) {}

    func receive(_ packet: borrowing RTPPacketView, now: Instant) {}

    func receive(_ packet: consuming RTCPPacket, now: Instant) {}

    /// Takes a datagram of the engine's.
    func receive(_ datagram: [UInt8], now: Instant) {
        var bytes = datagram
        var span = bytes.mutableSpan
        do throws(SRTPError) {
            guard !(192...223 ~= datagram[1]) else {
                let opened = try receiver.openRTCP(&span, 0..<datagram.count)
                var compound = RTCPCompound(span.span.extracting(0..<opened.length))
                while let packet = compound.next() { receive(packet, now: now) }
                brokenCount += compound.malformedCount
                return
            }
            let opened = try receiver.open(&span, 0..<datagram.count)
            guard let packet = try? RTPPacketView(parsing: span.span.extracting(0..<opened.length)) else {
                brokenCount += 1
                return
            }
            receive(packet, now: now)
        } catch {
            if error != .replayed { brokenCount += 1 }
        }
    }

    /// Writes, seals and sends one compound.
    func sendRTCP(_ write: (inout MutableSpan<UInt8>, Range<Int>) -> Int?) {
        var bytes = [UInt8](repeating: 0, count: 1300)
        var span = bytes.mutableSpan
        guard let length = write(&span, 0..<1200), length > 0 else { return }
        let sealed = sender.sealRTCP(into: &span, at: 0, length: length)
        outbox.append(Array(bytes.prefix(sealed)))
    }

    /// Seals and sends one RTP packet, with the transport's own extensions and those given.
    ///
    /// - Parameters:
    ///   - header: Its header.
    ///   - index: Rollovers and sequence number.
    ///   - prefix: What goes before the payload.
    ///   - payload: What goes behind.
    ///   - values: Values of further extensions by id.
    ///   - now: The time.
    func sendRTP(
        _ header: RTPHeader,
        index: UInt64,
        prefix: [UInt8] = [],
        payload: [UInt8],
        values: [(id: UInt8, value: [UInt8])],
        now: Instant
    ) {
        var block = RTPExtensionBlock()
        var source: [UInt8] = []
        block.appendTransportSequenceNumber(id: Extensions.transportSequence)
        block.appendAbsoluteSendTime(id: Extensions.sendTime)
        for (id, value) in values {
            block.append(id: id, copying: source.count..<source.count + value.count)
            source += value
        }
        var bytes = [UInt8](repeating: 0, count: 12 + block.encodedLength + prefix.count + payload.count + 32)
        var span = bytes.mutableSpan
        guard
            let layout = RTPHeaderWriter.write(
                header,
                extensions: block,
                copyingFrom: source.span,
                into: &span,
                at: 0
            )
        else { return }
        layout.setTransportSequenceNumber(transportSequence, in: &span, at: 0)
        layout.setAbsoluteSendTime(wall.ntp(at: now).absoluteSendTime, in: &span, at: 0)
        transportSequence &+= 1
        let length = sender.seal(
            into: &span,
            at: 0,
            headerLength: layout.headerLength,
            prefix: prefix.span,
            body: payload.span,
            padding: 0,
            ssrc: header.ssrc,
            index: index
        )
        outbox.append(Array(bytes.prefix(length)))
    }
}

/// The extension ids that publishers use.
enum Extensions {
    static let mid: UInt8 = 1
    static let rid: UInt8 = 2
    static let repairedRID: UInt8 = 3
    static let sendTime: UInt8 = 4
    static let transportSequence: UInt8 = 5
    static let audioLevel: UInt8 = 6
    static let dependencies: UInt8 = 8
}
