// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP

/// A message as the host and other transports know it: an empty one has no bytes.
struct DataMessage {
    let payloadProtocol: SCTPPayloadProtocol
    /// Shared by everybody that it is for.
    let payload: [UInt8]

    /// What travels for no bytes, RFC 8831 §6.6.
    private static let placeholder: [UInt8] = [0]

    /// A message of the host; `nil` where `ppid` is none of a data channel's.
    init?(ppid: UInt32, payload: [UInt8]) {
        switch SCTPPayloadProtocol(rawValue: ppid) {
        case .string, .emptyString, .partialString: payloadProtocol = payload.isEmpty ? .emptyString : .string
        case .binary, .emptyBinary, .partialBinary: payloadProtocol = payload.isEmpty ? .emptyBinary : .binary
        default: return nil
        }
        self.payload = payload
    }

    /// A message of a peer; `nil` where it is none of a data channel's.
    ///
    /// Parts, which are obsolete, pass as wholes.
    init?(_ message: SCTPMessage) {
        self.init(
            ppid: message.payloadProtocol.rawValue,
            payload: message.payloadProtocol.isEmpty ? [] : message.payload
        )
    }

    /// The bytes that travel.
    var wirePayload: [UInt8] { payload.isEmpty ? Self.placeholder : payload }
}

/// For whom of a data producer's consumers a message is.
struct SubchannelFilter {
    /// One of these, where it is not `nil`.
    var any: [UInt16]?
    /// This too, where it is not `nil`.
    var required: UInt16?
    /// Not who has this.
    var ignored: UInt16?

    /// For everybody.
    static let none = SubchannelFilter()

    /// Whether it lets pass to one that has subscribed to `subchannels`.
    func passes(_ subchannels: Set<UInt16>) -> Bool {
        if let any, !any.contains(where: subchannels.contains) { return false }
        if let required, !subchannels.contains(required) { return false }
        if let ignored, subchannels.contains(ignored) { return false }
        return true
    }
}
