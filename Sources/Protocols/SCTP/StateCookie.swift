// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto
package import SwiftletWire

/// What an INIT ACK gives away for the peer to bring back, so that answering an INIT costs no state; RFC 9260 §5.1.3.
///
/// The peer holds it, so a MAC under a key of the association goes with it; what is inside is still only what the peer
/// said and what we drew.
package struct StateCookie: Hashable, Sendable {
    /// Bytes of a sealed cookie.
    package static let length = 44 + HMACSHA1.tagLength
    /// The form of the fields; a cookie of another is not ours.
    private static let version: UInt8 = 1

    /// When it was made.
    package var created: Instant
    /// The tag we chose, and the peer's.
    package var localTag: UInt32
    package var peerTag: UInt32
    /// Our first TSN, and the peer's.
    package var localInitialTSN: UInt32
    package var peerInitialTSN: UInt32
    /// The window that the peer advertised.
    package var peerWindow: UInt32
    /// The streams that the peer wants to send on, and those it grants.
    package var peerOutgoingStreams: UInt16
    package var peerIncomingStreams: UInt16
    /// What the peer can do.
    package var peerCapabilities: SCTPCapabilities
    /// The tags of the association that stood when it was made, zeros where none did; RFC 9260 §5.2.2.
    package var localTieTag: UInt32
    package var peerTieTag: UInt32

    package init(
        created: Instant,
        localTag: UInt32,
        localInitialTSN: UInt32,
        peer: InitChunk,
        localTieTag: UInt32 = 0,
        peerTieTag: UInt32 = 0
    ) {
        (self.created, self.localTag, self.localInitialTSN) = (created, localTag, localInitialTSN)
        (peerTag, peerInitialTSN, peerWindow) = (peer.initiateTag, peer.initialTSN, peer.advertisedWindow)
        (peerOutgoingStreams, peerIncomingStreams) = (peer.outgoingStreams, peer.incomingStreams)
        (peerCapabilities, self.localTieTag, self.peerTieTag) = (peer.capabilities, localTieTag, peerTieTag)
    }

    /// The cookie as it travels.
    package func sealed(with key: HMACSHA1) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.length)
        writer.write(Self.version)
        writer.write(peerCapabilities.rawValue)
        writer.write(0 as UInt16)
        writer.write(UInt64(bitPattern: created.nanoseconds))
        for value in [localTag, peerTag, localInitialTSN, peerInitialTSN, peerWindow] { writer.write(value) }
        writer.write(peerOutgoingStreams)
        writer.write(peerIncomingStreams)
        writer.write(localTieTag)
        writer.write(peerTieTag)
        var mac = key.begin()
        mac.update(writer.bytes.span)
        writer.write(mac.finish())
        return writer.bytes
    }

    /// What opening a cookie shows.
    package enum Opening: Hashable, Sendable {
        case valid(StateCookie)
        /// Ours, but so much older than it may be.
        case stale(StateCookie, by: Duration)
        /// Not ours, or not whole.
        case forged
    }

    /// Checks a cookie that came back; in constant time, as far as the MAC goes.
    package static func open(_ bytes: Span<UInt8>, key: HMACSHA1, now: Instant, lifetime: Duration) -> Opening {
        guard bytes.count == length else { return .forged }
        let fields = bytes.extracting(0..<length - HMACSHA1.tagLength)
        var mac = key.begin()
        mac.update(fields)
        guard mac.matches(bytes.extracting(length - HMACSHA1.tagLength..<length)), fields[0] == version else {
            return .forged
        }
        let cookie = StateCookie(reading: fields)
        let age = now - cookie.created
        return age > lifetime ? .stale(cookie, by: age - lifetime) : .valid(cookie)
    }

    /// Reads fields whose length and MAC have been checked.
    private init(reading fields: Span<UInt8>) {
        peerCapabilities = SCTPCapabilities(rawValue: fields[1])
        created = Instant(nanoseconds: Int64(bitPattern: fields.uint64(at: 4)))
        (localTag, peerTag) = (fields.uint32(at: 12), fields.uint32(at: 16))
        (localInitialTSN, peerInitialTSN) = (fields.uint32(at: 20), fields.uint32(at: 24))
        peerWindow = fields.uint32(at: 28)
        (peerOutgoingStreams, peerIncomingStreams) = (fields.uint16(at: 32), fields.uint16(at: 34))
        (localTieTag, peerTieTag) = (fields.uint32(at: 36), fields.uint32(at: 40))
    }
}
