// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import SwiftletCrypto
import SwiftletDTLS
import SwiftletWire
import Testing

@Suite("DTLS handshake, RFC 6347 and RFC 8827 §6.5")
struct HandshakeTests {
    @Test("OpenSSL is 3.0: from 3.2 on the way its timers are driven may no longer hold")
    func version() {
        #expect(OPENSSL_version_major() == 3)
        #expect(OPENSSL_version_minor() == 0)
    }

    @Test("Both ends complete, see each other's certificate and hold the same keys mirrored")
    func completes() throws {
        let (client, server) = (try makeContext(), try makeContext())
        let link = VirtualLink(client: client, server: server)
        link.handshake()
        #expect(link.isConnected)
        let (ours, theirs) = (link.record(of: .client), link.record(of: .server))
        #expect(ours.certificate == server.certificate.der)
        #expect(theirs.certificate == client.certificate.der)
        let keys = try #require(ours.keys)
        #expect(keys.reversed == theirs.keys)
        #expect(keys.localKey != keys.remoteKey)
        #expect(keys.localSalt != keys.remoteSalt)
        #expect(link[.client].cipherName == "ECDHE-ECDSA-AES128-GCM-SHA256")
        #expect(link[.client].nextDeadline == nil && link[.server].nextDeadline == nil)
        // Two round trips of 10 ms.
        #expect(ours.completedAt == link.start + .milliseconds(20))
    }

    @Test("Every seed completes through loss, duplication and reordering", arguments: [0, 0.1, 0.3])
    func completesOverBadNetworks(loss: Double) throws {
        let (client, server) = (try makeContext(), try makeContext())
        var times: [Duration] = []
        for seed in 1...150 as ClosedRange<UInt64> {
            let link = VirtualLink(seed: seed, conditions: .rough(loss: loss), client: client, server: server)
            link.handshake()
            try #require(link.isConnected, "seed \(seed): \(link.records.map(\.failure))")
            let (ours, theirs) = (link.record(of: .client), link.record(of: .server))
            #expect(ours.keys == theirs.keys?.reversed)
            let end = try #require(ours.completedAt)
            times.append(end - link.start)
        }
        times.sort()
        #expect(times[times.count / 2] < (loss == 0 ? .milliseconds(400) : .seconds(5)), "median \(times[75])")
        #expect(try #require(times.last) < .seconds(30), "\(times.suffix(3))")
    }

    @Test("A peer with an RSA certificate is accepted, in either role", arguments: [Side.client, .server])
    func rsaPeer(side: Side) throws {
        let certificate = try Certificate(pem: Fixtures.rsaCertificate, privateKeyPEM: Fixtures.rsaKey)
        let (rsa, ours) = (try DTLSContext(certificate: certificate), try makeContext())
        let link = VirtualLink(client: side == .client ? rsa : ours, server: side == .server ? rsa : ours)
        link.handshake()
        #expect(link.isConnected)
        #expect(link.record(of: side.other).certificate == certificate.der)
    }

    @Test("A certificate of 4 kB leaves as several datagrams, each within the MTU", arguments: [256, 700, 1200])
    func largeCertificate(mtu: Int) throws {
        let large = try Certificate(pem: Fixtures.largeCertificate, privateKeyPEM: Fixtures.largeKey)
        #expect(large.der.count > 4096)
        let context = try DTLSContext(certificate: large)
        let link = VirtualLink(client: context, server: context, mtu: mtu)
        link.handshake()
        #expect(link.isConnected)
        for side in Side.allCases {
            let sizes = link.record(of: side).sent.map(\.datagram.count)
            #expect(sizes.allSatisfy { $0 <= mtu }, "\(sizes)")
            #expect(sizes.count > 4096 / mtu)
        }
        // Filled, not one record a datagram: the server's flight of 4.6 kB needs little more than its bytes.
        #expect(link.record(of: .server).sent.count <= 4700 / (mtu - 70) + 3)
    }

    @Test("Our ClientHello is one small fragment, which peers without reassembly read")
    func helloIsSmall() throws {
        let link = try VirtualLink()
        link.startBoth()
        let sent = link.record(of: .client).sent
        #expect(sent.count == 1)
        #expect(sent[0].datagram.count < 256)
    }

    @Test("A version below 1.2 is refused with an alert, and both ends say why")
    func oldVersion() throws {
        let link = try VirtualLink()
        link.tamper = { side, datagram in
            var datagram = datagram
            // client_version of the ClientHello becomes DTLS 1.0.
            if side == .client, datagram[0] == 22 { datagram[26] = 0xFF }
            return [datagram]
        }
        link.handshake()
        #expect(link[.server].state == .failed)
        guard case .refused = link.record(of: .server).failure else {
            Issue.record("\(String(describing: link.record(of: .server).failure))")
            return
        }
        #expect(link.record(of: .client).failure == .remoteAlert(70))
    }

    @Test("An endpoint that was not started drops what comes, and starting twice changes nothing")
    func starting() throws {
        let link = try VirtualLink()
        link[.client].start(now: link.start)
        guard case .send(let hello)? = link[.client].poll() else {
            Issue.record("no hello")
            return
        }
        link[.client].start(now: link.start)
        #expect(link[.client].poll() == nil)
        link.deliver(hello, to: .server)
        #expect(link.record(of: .server).sent.isEmpty)
        link[.server].start(now: link.start)
        link.deliver(hello, to: .server)
        #expect(!link.record(of: .server).sent.isEmpty)
    }
}
