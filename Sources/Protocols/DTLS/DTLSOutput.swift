// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto

/// Who speaks first, RFC 8842 §5.2.
package enum DTLSRole: Equatable, Sendable {
    /// Sends the ClientHello: `setup:active`.
    case client
    /// Waits for it: `setup:passive`.
    case server
}

/// How far a connection has come; from ``failed`` and ``closed`` nothing follows.
package enum DTLSState: Equatable, Sendable {
    case new
    case connecting
    case connected
    case failed
    case closed
}

/// Why a connection ended against its owner's will.
package enum DTLSFailure: Error, Equatable, Sendable {
    /// The peer left a flight unanswered through ``RetransmissionTimer/maximumTimeouts`` waits.
    case timeout
    /// The peer sent a fatal alert of that description, RFC 5246 §7.2.
    case remoteAlert(UInt8)
    /// The peer broke the protocol or shares no parameters with us; OpenSSL's words, for people.
    case refused(String)
}

/// What an endpoint has for its owner.
package enum DTLSOutput: Equatable, Sendable {
    /// Send these bytes as one datagram.
    case send([UInt8])
    /// The handshake is done; said at most once.
    ///
    /// The owner compares the certificate, DER, with the ``RemoteFingerprint`` from signalling before it uses anything
    /// of it. Without keying material the peer does not speak SRTP with us.
    case handshakeComplete(SRTPKeyingMaterial?, remoteCertificate: [UInt8])
    /// One message from the peer, decrypted; never before ``handshakeComplete(_:remoteCertificate:)``.
    case applicationData([UInt8])
    /// We or the peer closed the connection; the last output but for a `send` of the farewell before it.
    case closed
    /// The connection is lost; the last output.
    case failed(DTLSFailure)
}
