// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletClient
import SwiftletServer
import Testing

@Suite("Data channels and TLS with a real server", .timeLimit(.minutes(2)))
struct RealDataTests {
    private func wait(_ condition: () async -> Bool) async throws {
        for _ in 0..<150 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("not so in time")
    }

    private func code(_ body: () async throws(SwiftletClientError) -> Void) async -> SwiftletClientError.Code? {
        do throws(SwiftletClientError) {
            try await body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test("Two clients talk both ways over lossy paths, and a channel that closes ends its readers")
    func bothWays() async throws {
        let server = try await RealServer()
        var options = ClientOptions()
        options.network = NetworkProfile(up: .init(loss: 0.03), down: .init(loss: 0.03, delay: .milliseconds(5)))
        let clients = [try await server.join("alice", options), try await server.join("bob", options)]
        var counting = options
        counting.keepsMessages = false
        let counter = try await server.join("counter", counting)
        var deaf = ClientOptions()
        deaf.receivesData = false
        let other = try await server.join("deaf", deaf)
        var publications: [DataPublication] = []
        for client in clients { publications.append(try await client.publishData(label: "talk", protocol: "v1")) }
        for client in clients + [counter] {
            try await wait { client.dataSubscriptions.count == (client.peer == "counter" ? 2 : 1) }
        }
        #expect(other.dataSubscriptions.isEmpty)
        for publication in publications {
            for index in 0..<100 {
                if index % 2 == 0 { try await publication.send("\(index)") } else { try await publication.send([7]) }
            }
            try await publication.send([UInt8](repeating: 1, count: 100_000))
        }
        let readers = clients.map { $0.dataSubscriptions[0] }
        #expect(readers.map(\.peer) == ["bob", "alice"] && readers.allSatisfy { $0.label == "talk" && $0.isOrdered })
        #expect(readers.allSatisfy { $0.protocol == "v1" })
        for reader in readers { try await wait { await reader.statistics().messages == 101 } }
        try await wait { await counter.statistics().dataReceived.messages == 202 }
        for publication in publications { try await publication.close() }
        #expect(await code { () throws(SwiftletClientError) in try await publications[0].send([1]) } == .closed)
        for reader in readers {
            var got: [DataMessage] = []
            for await message in reader.messages { got.append(message) }
            let words = got.compactMap(\.text)
            #expect(words == stride(from: 0, to: 100, by: 2).map { "\($0)" })
            #expect(got.count == 101 && got.last?.bytes.count == 100_000)
        }
        for client in clients + [counter] { try await wait { client.dataSubscriptions.isEmpty } }
        #expect(await counter.statistics().dataReceived.messages == 202)
        let seen = await clients[0].statistics()
        #expect(seen.dataSent == seen.dataReceived && seen.dataSent.messages == 101)
        let loose = try await clients[0].publishData(label: "loose", maxRetransmits: 0)
        try await wait { clients[1].dataSubscriptions.count == 1 }
        for _ in 0..<200 { try await loose.send([1, 2, 3]) }
        try await wait { await clients[1].dataSubscriptions[0].statistics().messages > 100 }
        #expect(!clients[1].dataSubscriptions[0].isOrdered)
        for client in clients + [counter, other] { await client.leave() }
        await server.stop()
    }

    @Test("When the server goes, messages end and sending is a typed error")
    func gone() async throws {
        let server = try await RealServer()
        let (alice, bob) = (try await server.join("alice"), try await server.join("bob"))
        let publication = try await alice.publishData(label: "talk")
        try await publication.send("hello")
        try await wait { await bob.statistics().dataReceived.messages == 1 }
        let reader = try #require(bob.dataSubscriptions.first)
        await server.stop()
        var words: [String?] = []
        for await message in reader.messages { words.append(message.text) }
        #expect(words == ["hello"])
        #expect(await code { () throws(SwiftletClientError) in try await bob.closed() } != nil)
        #expect(await code { () throws(SwiftletClientError) in try await alice.closed() } != nil)
        #expect(await code { () throws(SwiftletClientError) in try await publication.send([1]) } == .closed)
        #expect(await code { () throws(SwiftletClientError) in try await publication.drain() } == .closed)
    }

    @Test("A certificate that the server signed itself is refused, unless it is trusted or nobody looks")
    func secure() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.appending(path: "c.pem").path, folder.appending(path: "k.pem").path)
        try Data(Self.certificate.utf8).write(to: URL(filePath: certificate))
        try Data(Self.key.utf8).write(to: URL(filePath: key))
        let server = try await RealServer(tls: .files(certificate: certificate, key: key))
        func join(_ change: (inout ClientOptions) -> Void) async -> SwiftletClientError.Code? {
            var options = ClientOptions()
            change(&options)
            return await code { () throws(SwiftletClientError) in
                let client = try await SwiftletClient.connect(
                    to: server.url,
                    room: "room",
                    peer: "alice",
                    displayName: "alice",
                    options: options
                )
                await client.leave()
            }
        }
        #expect(await join { _ in } == .unreachable)
        #expect(await join { $0.trustedCertificates = certificate } == nil)
        #expect(await join { $0.verifiesCertificate = false } == nil)
        #expect(await join { $0.trustedCertificates = "/nowhere.pem" } == .invalidSource)
        await server.stop()
    }

    /// Signed by itself for 127.0.0.1, good until 2126; of no use to anybody.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBkDCCATegAwIBAgIUGr+CDRVAW3e+t8XDJ8ucBVtx7pEwCgYIKoZIzj0EAwIw
        DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjQwMTAzMjNaGA8yMTI2MTAzMTAxMDMy
        M1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAer
        YivYo4rYoE4i8xsHNjDwJ709XpBkXNelY6JfLHs0olpojX8WxhgReEDWrxdJsl0M
        OP9eOpKRH0e07SPxMjujbzBtMB0GA1UdDgQWBBQ0K1B4f2+aNUKM+f6cyUf/NmS5
        WDAfBgNVHSMEGDAWgBQ0K1B4f2+aNUKM+f6cyUf/NmS5WDAPBgNVHRMBAf8EBTAD
        AQH/MBoGA1UdEQQTMBGHBH8AAAGCCWxvY2FsaG9zdDAKBggqhkjOPQQDAgNHADBE
        AiBrdZwy1u+zKRPF4KpBYcXFuy+25sRFOrSHvCwrjtSCegIgJNyLb9uk5sUsUk/h
        wEshozwLkVcvnjVWb0q3mhAV49E=
        -----END CERTIFICATE-----
        """
    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2P4j2y32xz4REIn4
        sWEKXtpQLYn3ltNCkG6thcHR8AKhRANCAAQHq2Ir2KOK2KBOIvMbBzYw8Ce9PV6Q
        ZFzXpWOiXyx7NKJaaI1/FsYYEXhA1q8XSbJdDDj/XjqSkR9HtO0j8TI7
        -----END PRIVATE KEY-----
        """
}
