// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Reads the header extensions of received packets under the ids that a transport's producers announced.
struct IncomingExtensions {
    /// What one walk over a packet's elements finds.
    struct Found {
        var values = PacketExtensions()
        var transportSequence: UInt16?
        var absoluteSendTime: UInt32?
        /// Where names lie in the packet; empty where they do not.
        var mid = 0..<0
        var rid = 0..<0
        var repairedRID = 0..<0
        var dependencyDescriptor = 0..<0
    }

    /// The raw ``RTPExtensionKind`` by id; 0 for ids that nobody announced.
    private var kinds = [UInt8](repeating: 0, count: 256)
    private(set) var ids = RTPExtensionIDs()

    /// The uri that `id` has been announced for, if it is one that is read.
    func kind(of id: UInt8) -> RTPExtensionKind? { RTPExtensionKind(rawValue: kinds[Int(id)]) }

    /// Announces one; the caller has checked that the id is free or the same.
    mutating func add(_ kind: RTPExtensionKind, id: UInt8) {
        kinds[Int(id)] = kind.rawValue
        ids[kind] = id
    }

    /// Walks over the packet's elements once.
    @inline(__always)
    func read(_ packet: borrowing RTPPacketView) -> Found {
        var found = Found()
        guard packet.hasExtension else { return found }
        let bytes = packet.bytes
        var walk = packet.extensions
        while let element = walk.next() {
            let at = element.range.lowerBound
            let length = element.range.count
            switch RTPExtensionKind(rawValue: kinds[Int(element.id)]) {
            case .transportSequenceNumber where length == 2 || length == 4:
                found.transportSequence = bytes.uint16(at: at)
            case .absoluteSendTime where length == 3:
                found.absoluteSendTime = bytes.uint24(at: at)
            case .mid: found.mid = element.range
            case .rid: found.rid = element.range
            case .repairedRID: found.repairedRID = element.range
            case .dependencyDescriptor: found.dependencyDescriptor = element.range
            case .audioLevel where length >= 1:
                found.values.audioLevel = bytes[at]
                found.values.present.insert(.audioLevel)
            case .videoOrientation where length >= 1:
                found.values.videoOrientation = bytes[at]
                found.values.present.insert(.videoOrientation)
            case .playoutDelay where length == 3:
                found.values.playoutDelay = bytes.uint24(at: at)
                found.values.present.insert(.playoutDelay)
            case .absoluteCaptureTime where length == 8 || length == 16:
                found.values.absoluteCaptureTime = bytes.uint64(at: at)
                found.values.present.insert(.absoluteCaptureTime)
                if length == 16 {
                    found.values.captureClockOffset = bytes.uint64(at: at + 8)
                    found.values.present.insert(.captureClockOffset)
                }
            default: break
            }
        }
        return found
    }
}
