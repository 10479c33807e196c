// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import Testing

@Suite("SRTP keys from DTLS, RFC 5764")
struct SRTPNegotiationTests {
    @Test("Each profile can be negotiated, with keys of its lengths", arguments: SRTPProfile.allCases)
    func each(profile: SRTPProfile) throws {
        let link = VirtualLink(client: try makeContext(profiles: [profile]), server: try makeContext())
        link.handshake()
        let keys = try #require(link.record(of: .client).keys)
        #expect(keys.profile == profile)
        #expect(keys.localKey.count == profile.keyLength && keys.remoteKey.count == profile.keyLength)
        #expect(keys.localSalt.count == profile.saltLength && keys.remoteSalt.count == profile.saltLength)
        #expect(keys.reversed == link.record(of: .server).keys)
    }

    @Test("As a server our preference wins over the client's order")
    func serverPrefers() throws {
        let chromium: [SRTPProfile] = [.cm80, .gcm256, .gcm128]
        let link = VirtualLink(client: try makeContext(profiles: chromium), server: try makeContext())
        link.handshake()
        #expect(link.record(of: .server).keys?.profile == .gcm128)
        #expect(link.record(of: .client).keys?.profile == .gcm128)
    }

    @Test("As a client we get what the server prefers")
    func clientYields() throws {
        let link = VirtualLink(client: try makeContext(), server: try makeContext(profiles: [.cm80, .gcm256]))
        link.handshake()
        #expect(link.record(of: .client).keys?.profile == .cm80)
    }

    @Test("Without use_srtp on either side the handshake completes without keys", arguments: Side.allCases)
    func without(side: Side) throws {
        let (with, without) = (try makeContext(), try makeContext(profiles: []))
        let link = VirtualLink(
            client: side == .client ? without : with,
            server: side == .server ? without : with
        )
        link.handshake()
        #expect(link.isConnected)
        #expect(link.record(of: .client).keys == nil && link.record(of: .server).keys == nil)
        #expect(link.send([1], from: .client))
    }

    @Test("Without a common profile the handshake completes without keys")
    func nothingInCommon() throws {
        let link = VirtualLink(client: try makeContext(profiles: [.cm32]), server: try makeContext(profiles: [.gcm128]))
        link.handshake()
        #expect(link.isConnected)
        #expect(link.record(of: .client).keys == nil && link.record(of: .server).keys == nil)
    }

    @Test("Two connections under the same certificates get keys of their own")
    func fresh() throws {
        let (client, server) = (try makeContext(), try makeContext())
        let links = (0..<2).map { _ in VirtualLink(client: client, server: server) }
        for link in links { link.handshake() }
        #expect(links[0].record(of: .client).keys?.localKey != links[1].record(of: .client).keys?.localKey)
    }

    @Test("The owner finds out that the certificate is not the announced one")
    func fingerprintMismatch() throws {
        let (client, server, other) = (try makeContext(), try makeContext(), try makeContext())
        let link = VirtualLink(client: client, server: server)
        link.handshake()
        let shown = try #require(link.record(of: .client).certificate)
        let announced = try #require(RemoteFingerprint(server.certificate.fingerprints))
        let wrong = try #require(RemoteFingerprint(other.certificate.fingerprints))
        #expect(announced.matches(certificateDER: shown))
        #expect(!wrong.matches(certificateDER: shown))
    }
}
