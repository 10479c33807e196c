// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Cuts datagrams into records and refuses those that the handshake could not want, before OpenSSL sees them.
///
/// OpenSSL ends a handshake on many a forged plaintext record, keeps up to a hundred records of the epoch to come,
/// 16 kB each, before it can tell who sent them, and throws away a ChangeCipherSpec that overtook the messages before
/// it. So what comes too early is kept here, a little of it, until it is its turn.
struct RecordFilter {
    /// How far the handshake has come, as far as it decides what may arrive.
    enum Phase {
        /// A server before the ClientHello.
        case awaitingHello
        /// Everything is still in plaintext.
        case plaintext
        /// The peer's ChangeCipherSpec comes next.
        case changeExpected
        /// The peer's ChangeCipherSpec was processed, its Finished was not.
        case cipherChanged
        case established
    }

    /// What to do with a record.
    enum Verdict {
        case admit
        /// It may be wanted later in the handshake.
        case hold
        case drop
    }

    /// Bytes of a record's header, RFC 6347 §4.1.
    static let headerLength = 13
    /// The longest protected record, RFC 5246 §6.2.3.
    static let maximumRecord = 16384 + 2048
    /// The longest handshake message taken; a certificate chain of 16 kB is more than any peer has.
    ///
    /// OpenSSL assembles at most ten messages ahead of the one it waits for, so 180 kB bound a handshake's memory.
    static let maximumHandshakeMessage = 16384

    let isClient: Bool

    /// Where the record that starts at `offset` ends, `nil` if no whole record starts there.
    static func endOfRecord(in datagram: Span<UInt8>, at offset: Int) -> Int? {
        guard offset >= 0, datagram.count - offset >= headerLength else { return nil }
        let version = datagram.uint16(at: offset + 1)
        guard version == 0xFEFD || version == 0xFEFF else { return nil }
        let length = Int(datagram.uint16(at: offset + 11))
        let end = offset + headerLength + length
        return length <= maximumRecord && end <= datagram.count ? end : nil
    }

    /// Whether to hand `record`, a whole one, to OpenSSL.
    func judge(_ record: Span<UInt8>, in phase: Phase) -> Verdict {
        guard record.count > Self.headerLength else { return .drop }
        let body = record.extracting(Self.headerLength..<record.count)
        switch record.uint16(at: 3) {
        case 0: return judgePlaintext(body, type: record[0], in: phase)
        case 1:
            guard record[0] >= ContentType.changeCipherSpec, record[0] <= ContentType.applicationData else {
                return .drop
            }
            return switch phase {
            case .established: .admit
            // Data waits for the end, so that who opens it knows all that was opened.
            case .cipherChanged: record[0] == ContentType.applicationData ? .hold : .admit
            case .plaintext, .changeExpected: .hold
            case .awaitingHello: .drop
            }
        default: return .drop
        }
    }

    private func judgePlaintext(_ body: Span<UInt8>, type: UInt8, in phase: Phase) -> Verdict {
        switch (type, phase) {
        case (_, .established): return .drop
        case (ContentType.handshake, _):
            return admitsHandshake(body, in: phase) ? .admit : .drop
        case (ContentType.changeCipherSpec, .plaintext), (ContentType.changeCipherSpec, .changeExpected):
            guard body.count == 1, body[0] == 1 else { return .drop }
            return phase == .changeExpected ? .admit : .hold
        case (ContentType.alert, .plaintext), (ContentType.alert, .changeExpected):
            // Level 2 is fatal, description 0 is close_notify, RFC 5246 §7.2; other warnings say nothing to us.
            return body.count == 2 && (body[0] == 2 || body[0] == 1 && body[1] == 0) ? .admit : .drop
        default: return .drop
        }
    }

    /// Whether a plaintext record holds nothing but whole fragments of messages that the peer's role sends.
    private func admitsHandshake(_ body: Span<UInt8>, in phase: Phase) -> Bool {
        var offset = 0
        while offset < body.count {
            // Header of a fragment, RFC 6347 §4.2.2: type, length, message_seq, fragment_offset, fragment_length.
            guard body.count - offset >= 12 else { return false }
            let length = Int(body.uint24(at: offset + 1))
            let sequence = body.uint16(at: offset + 4)
            let fragmentStart = Int(body.uint24(at: offset + 6))
            let fragmentLength = Int(body.uint24(at: offset + 9))
            guard length <= Self.maximumHandshakeMessage, fragmentStart + fragmentLength <= length,
                fragmentLength <= body.count - offset - 12,
                admits(messageType: body[offset], sequence: sequence, in: phase)
            else { return false }
            offset += 12 + fragmentLength
        }
        return true
    }

    private func admits(messageType: UInt8, sequence: UInt16, in phase: Phase) -> Bool {
        // Types as in RFC 5246 §7.4 and RFC 6347 §4.3.2.
        switch messageType {
        case 1: !isClient && sequence == 0  // client_hello; a second one would be a renegotiation
        case 2, 3, 12, 13, 14: isClient  // server_hello to server_hello_done
        case 11: phase != .awaitingHello  // certificate
        case 15, 16: !isClient && phase != .awaitingHello  // certificate_verify, client_key_exchange
        default: false
        }
    }
}

/// The types of records, RFC 5246 §6.2.1.
enum ContentType {
    static let changeCipherSpec: UInt8 = 20
    static let alert: UInt8 = 21
    static let handshake: UInt8 = 22
    static let applicationData: UInt8 = 23
}
