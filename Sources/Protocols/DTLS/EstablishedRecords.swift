// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire

/// The records of a connection after its handshake, sealed and opened without OpenSSL's connection.
///
/// What OpenSSL keeps for a connection is 41 kB and more; this is less than one, or five once data flows, which costs
/// half the time. It takes over with the first record after our Finished, under the same keys: sequence numbers and nonces go on
/// where OpenSSL's ended, so none is used twice.
///
/// - Note: Records per RFC 6347 §4.1, protected per RFC 5288 §3.
final class EstablishedRecords {
    /// An opened record.
    struct Opened {
        let type: UInt8
        let bytes: [UInt8]
    }

    /// Where a record that was sealed stands: its sequence number, and the explicit part of its nonce.
    struct Position {
        var sequence: UInt64
        var nonce: UInt64

        /// Reads them off a record; `nil` unless it is protected, and long enough.
        init?(of record: Span<UInt8>) {
            guard record.count >= EstablishedRecords.overhead, record.uint16(at: 3) == EstablishedRecords.epoch else {
                return nil
            }
            (sequence, nonce) = (record.uint64(at: 3) & EstablishedRecords.lastSequence, record.uint64(at: 13))
        }
    }

    /// Bytes that a record adds to its content: header, explicit nonce, tag.
    static let overhead = RecordFilter.headerLength + 8 + AESGCM.tagLength
    /// The longest content, RFC 5246 §6.2.1.
    static let maximumContent = 16384
    /// The epoch after the one handshake that there is.
    private static let epoch: UInt16 = 1
    /// The largest sequence number, RFC 6347 §4.1.
    private static let lastSequence: UInt64 = 1 << 48 - 1
    /// DTLS 1.2, RFC 6347 §4.1.
    private static let version: UInt16 = 0xFEFD

    private let keys: RecordKeys
    /// Our last record.
    private var last: Position
    private var sealing: Cipher?
    private var opening: Cipher?
    private var window = SequenceWindow()

    /// A context, which costs more than all else here: made when it is first needed, since media alone needs none.
    private final class Cipher {
        let gcm: AESGCM

        init?(_ side: RecordKeys.Side, _ direction: AESGCM.Direction) {
            guard let gcm = AESGCM(key: side.key.span, direction: direction) else { return nil }
            self.gcm = gcm
        }
    }

    /// - Parameters:
    ///   - keys: The connection's.
    ///   - last: The last record that was sealed under them.
    init(keys: RecordKeys, after last: Position) { (self.keys, self.last) = (keys, last) }

    /// The record with `content`, or `nil` when the numbers are used up or the library fails.
    func seal(_ content: Span<UInt8>, type: UInt8) -> [UInt8]? {
        guard last.sequence < Self.lastSequence else { return nil }
        if sealing == nil { sealing = Cipher(keys.local, .sealing) }
        guard let sealing else { return nil }
        last.sequence += 1
        last.nonce &+= 1
        var record = [UInt8](repeating: 0, count: content.count + Self.overhead)
        var bytes = record.mutableSpan
        bytes[0] = type
        bytes.store(Self.version, at: 1)
        bytes.store(UInt64(Self.epoch) << 48 | last.sequence, at: 3)
        bytes.store(UInt16(truncatingIfNeeded: bytes.count - RecordFilter.headerLength), at: 11)
        bytes.store(last.nonce, at: 13)
        bytes.store(content, at: 21)
        let header = Self.additionalData(bytes.span, length: content.count)
        let isSealed = sealing.gcm.seal(
            Self.nonce(keys.local.salt, last.nonce),
            header: header.span,
            body: 21..<21 + content.count,
            in: &bytes
        )
        return isSealed ? record : nil
    }

    /// What a whole record of the peer holds, or `nil` if it is not authentic or came before.
    func open(_ record: Span<UInt8>) -> Opened? {
        guard let position = Position(of: record), record.uint16(at: 1) == Self.version,
            record.count - Self.overhead <= Self.maximumContent, window.isFresh(position.sequence)
        else { return nil }
        if opening == nil { opening = Cipher(keys.remote, .opening) }
        guard let opening else { return nil }
        let length = record.count - Self.overhead
        let header = Self.additionalData(record, length: length)
        var bytes = record.extracting(21..<record.count).copied()
        var target = bytes.mutableSpan
        let isAuthentic = opening.gcm.open(
            Self.nonce(keys.remote.salt, position.nonce),
            header: header.span,
            body: 0..<length,
            in: &target
        )
        guard isAuthentic else { return nil }
        window.record(position.sequence)
        bytes.removeLast(AESGCM.tagLength)
        return Opened(type: record[0], bytes: bytes)
    }

    /// What is authenticated beside the content: number, type, version, length, RFC 5246 §6.2.3.3.
    private static func additionalData(_ record: Span<UInt8>, length: Int) -> InlineArray<13, UInt8> {
        var data = InlineArray<13, UInt8>(repeating: 0)
        var bytes = data.mutableSpan
        bytes.store(record.uint64(at: 3), at: 0)
        bytes[8] = record[0]
        bytes.store(version, at: 9)
        bytes.store(UInt16(truncatingIfNeeded: length), at: 11)
        return data
    }

    /// The salt and the explicit part, RFC 5288 §3.
    private static func nonce(_ salt: UInt32, _ explicit: UInt64) -> AESGCM.Nonce {
        AESGCM.Nonce(UInt64(salt) << 32 | explicit >> 32, UInt32(truncatingIfNeeded: explicit))
    }
}

/// Which of the newest 64 records have been opened, RFC 6347 §4.1.2.6.
struct SequenceWindow {
    /// The number after the newest that was opened.
    private var end: UInt64 = 0
    /// Bit n stands for the number `end - 1 - n`.
    private var seen: UInt64 = 0

    /// Whether a record of this number has not been opened yet; of one behind the window nobody knows.
    func isFresh(_ sequence: UInt64) -> Bool {
        guard sequence < end else { return true }
        let age = end - 1 - sequence
        return age < 64 && seen & 1 << age == 0
    }

    /// Takes note of an authentic record.
    mutating func record(_ sequence: UInt64) {
        if sequence >= end {
            // Shifts of 64 and more leave nothing.
            seen = seen << (sequence + 1 - end) | 1
            end = sequence + 1
        } else if end - 1 - sequence < 64 {
            seen |= 1 << (end - 1 - sequence)
        }
    }
}
