// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Packet types of RTCP that we read or write.
package enum RTCPType {
    /// RFC 3550 §12.1.
    package static let senderReport: UInt8 = 200
    package static let receiverReport: UInt8 = 201
    package static let sourceDescription: UInt8 = 202
    package static let goodbye: UInt8 = 203
    package static let application: UInt8 = 204
    /// RFC 4585 §6.1.
    package static let transportLayerFeedback: UInt8 = 205
    package static let payloadSpecificFeedback: UInt8 = 206
    /// RFC 3611 §2.
    package static let extendedReport: UInt8 = 207
}

/// Feedback formats: the five bits that stand where reports have a count.
package enum RTCPFeedbackFormat {
    /// Generic NACK, RFC 4585 §6.2.1; transport layer.
    package static let genericNACK: UInt8 = 1
    /// Transport-wide feedback, draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1; transport layer.
    package static let transportFeedback: UInt8 = 15
    /// Picture loss indication, RFC 4585 §6.3.1; payload-specific.
    package static let pictureLossIndication: UInt8 = 1
    /// Full intra request, RFC 5104 §4.3.1; payload-specific.
    package static let fullIntraRequest: UInt8 = 4
    /// Application layer feedback such as REMB, RFC 4585 §6.4; payload-specific.
    package static let application: UInt8 = 15
}

/// One packet of a compound, read in place.
package enum RTCPPacket: ~Escapable {
    case senderReport(RTCPSenderReportView)
    case receiverReport(RTCPReceiverReportView)
    case sourceDescription(RTCPSourceDescriptionView)
    case goodbye(RTCPGoodbyeView)
    case extendedReport(RTCPExtendedReportView)
    case pictureLossIndication(senderSSRC: UInt32, mediaSSRC: UInt32)
    case fullIntraRequest(RTCPFullIntraRequestView)
    case genericNACK(RTCPGenericNACKView)
    case receiverEstimate(RTCPReceiverEstimateView)
    case transportFeedback(RTCPTransportFeedbackView)
    /// One we do not read: its type and the five bits beside the version.
    case other(type: UInt8, format: UInt8)
}

/// The packets of one RTCP datagram, in order.
///
/// Reduced-size compounds (RFC 5506) are fine. A packet whose length field is right but whose inside is not is left
/// out and counted; a length past the end or a wrong version ends the walk, and what came before it stays.
///
/// - Note: RFC 3550 §6.1, appendix A.2 relaxed as RFC 5506 §3.4.2 says.
package struct RTCPCompound: ~Escapable {
    private let bytes: Span<UInt8>
    private var offset = 0
    /// How many packets were left out for being malformed, the unreadable tail counting as one.
    package private(set) var malformedCount = 0

    /// - Parameter bytes: A whole decrypted datagram.
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// The next readable packet, or `nil` at the end.
    @_lifetime(copy self)
    package mutating func next() -> RTCPPacket? {
        while offset < bytes.count {
            guard let length = packetLength() else {
                malformedCount += 1
                offset = bytes.count
                return nil
            }
            let start = offset
            offset += length
            let (flags, type) = (bytes[start], bytes[start + 1])
            var bodyEnd = start + length
            if flags & 0x20 != 0 {
                let padding = Int(bytes[bodyEnd - 1])
                guard padding > 0, padding <= length - 4 else {
                    malformedCount += 1
                    continue
                }
                bodyEnd -= padding
            }
            let body = bytes.extracting(start + 4..<bodyEnd)
            if let packet = Self.read(type: type, format: flags & 0x1F, body: body) { return packet }
            malformedCount += 1
        }
        return nil
    }

    private func packetLength() -> Int? {
        guard bytes.count - offset >= 4, bytes[offset] >> 6 == 2 else { return nil }
        let length = 4 + Int(bytes.uint16(at: offset + 2)) * 4
        return length <= bytes.count - offset ? length : nil
    }

    @_lifetime(copy body)
    private static func read(type: UInt8, format: UInt8, body: Span<UInt8>) -> RTCPPacket? {
        switch type {
        case RTCPType.senderReport:
            guard let view = RTCPSenderReportView(body, count: Int(format)) else { return nil }
            return .senderReport(view)
        case RTCPType.receiverReport:
            guard let view = RTCPReceiverReportView(body, count: Int(format)) else { return nil }
            return .receiverReport(view)
        case RTCPType.sourceDescription:
            return .sourceDescription(RTCPSourceDescriptionView(body, count: Int(format)))
        case RTCPType.goodbye:
            guard let view = RTCPGoodbyeView(body, count: Int(format)) else { return nil }
            return .goodbye(view)
        case RTCPType.extendedReport:
            guard let view = RTCPExtendedReportView(body) else { return nil }
            return .extendedReport(view)
        case RTCPType.transportLayerFeedback, RTCPType.payloadSpecificFeedback:
            return readFeedback(type: type, format: format, body: body)
        default:
            return .other(type: type, format: format)
        }
    }

    @_lifetime(copy body)
    private static func readFeedback(type: UInt8, format: UInt8, body: Span<UInt8>) -> RTCPPacket? {
        guard body.count >= 8 else { return nil }
        switch (type, format) {
        case (RTCPType.transportLayerFeedback, RTCPFeedbackFormat.genericNACK):
            return .genericNACK(RTCPGenericNACKView(body))
        case (RTCPType.transportLayerFeedback, RTCPFeedbackFormat.transportFeedback):
            guard let view = RTCPTransportFeedbackView(body) else { return nil }
            return .transportFeedback(view)
        case (RTCPType.payloadSpecificFeedback, RTCPFeedbackFormat.pictureLossIndication):
            return .pictureLossIndication(senderSSRC: body.uint32(at: 0), mediaSSRC: body.uint32(at: 4))
        case (RTCPType.payloadSpecificFeedback, RTCPFeedbackFormat.fullIntraRequest):
            return .fullIntraRequest(RTCPFullIntraRequestView(body))
        case (RTCPType.payloadSpecificFeedback, RTCPFeedbackFormat.application):
            guard RTCPReceiverEstimateView.isREMB(body) else { return .other(type: type, format: format) }
            guard let view = RTCPReceiverEstimateView(body) else { return nil }
            return .receiverEstimate(view)
        default:
            return .other(type: type, format: format)
        }
    }
}
