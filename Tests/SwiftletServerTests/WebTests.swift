// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import RawWebSocket
import SwiftletServer
import Testing

@Suite("HTTP and TLS", .timeLimit(.minutes(1))) struct WebTests {
    @Test("The page and the client library are served, with what browsers need to trust them") func files() async throws
    {
        let server = try await TestServer()
        for path in ["/", "/index.html", "/app/index.html"] {
            let answer = try await server.get(path)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Content-Type: text/html; charset=utf-8\r\n"))
            #expect(answer.contains("X-Content-Type-Options: nosniff\r\n"))
            #expect(answer.contains(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/))
            #expect(answer.contains("Content-Security-Policy: default-src 'none'; script-src 'self';"))
            #expect(answer.contains("Permissions-Policy: camera=(self), microphone=(self), display-capture=(self)"))
            #expect(answer.lowercased().contains("<!doctype html>"))
        }
        let script = try await server.get("/client/index.js")
        #expect(script.contains("Content-Type: text/javascript; charset=utf-8\r\n"))
        let head = try await server.get("/client/index.js", method: "HEAD")
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.hasSuffix("\r\n\r\n"))
        await server.stop()
    }

    @Test("A file that has not changed is not sent again") func unchanged() async throws {
        let server = try await TestServer()
        let first = try await server.get("/")
        #expect(first.contains("Cache-Control: no-cache\r\n"))
        let tag = try #require(first.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") }).dropFirst(6)
        let second = try await server.get("/", headers: ["If-None-Match: \"x\", \(tag)"])
        #expect(second.hasPrefix("HTTP/1.1 304 Not Modified\r\n"))
        #expect(second.hasSuffix("\r\n\r\n"))
        #expect(try await server.get("/", headers: ["If-None-Match: \"x\""]).hasPrefix("HTTP/1.1 200"))
        await server.stop()
    }

    @Test(
        "Nothing outside the two folders can be read",
        arguments: [
            "/app/../SwiftletWeb.swift", "/../../etc/passwd", "/app/%2e%2e/%2e%2e/etc/passwd",
            "/app/..%2f..%2fetc/passwd", "//etc/passwd",
            "/app", "/app/", "/client/", "/app/.gitkeep", "/APP/index.html", "/app/index.html%00.js", "/nothing",
        ]
    ) func traversal(path: String) async throws {
        let server = try await TestServer()
        let answer = try await server.get(path)
        #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        #expect(answer.hasSuffix("there is nothing here\n"))
        await server.stop()
    }

    @Test("Anything but reading is refused") func methods() async throws {
        let server = try await TestServer()
        let answer = try await server.get("/", headers: ["Content-Length: 0"], method: "POST")
        #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
        #expect(answer.contains("Allow: GET, HEAD\r\n"))
        await server.stop()
    }

    @Test("Several requests on one connection are answered, pipelined ones too") func keptAlive() async throws {
        let server = try await TestServer()
        let request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        let answer = try await server.http(
            request + request + "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
        #expect(answer.contains("HTTP/1.1 404 Not Found"))
        await server.stop()
    }

    @Test("The health endpoint counts") func health() async throws {
        let server = try await TestServer()
        #expect(
            try await server.get("/healthz").hasSuffix("{\"status\":\"ok\",\"workers\":1,\"rooms\":0,\"peers\":0}\n")
        )
        let (peer, _) = try await TestPeer.joined(server, peer: "p")
        #expect(try await server.get("/healthz").contains(#""rooms":1,"peers":1"#))
        await peer.socket.close()
        await server.stop()
    }

    @Test("With TLS, the page and signalling are on the same port, and without it nothing is said") func tls()
        async throws
    {
        let server = try await TestServer { $0.tls = .selfSigned }
        let page = try await server.http("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", tls: true)
        #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n"))
        let peer = try await TestPeer(server, room: "r", peer: "p", tls: true)
        #expect(try await peer.methodsSoFar().isEmpty)
        let plain = try await server.http("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(!plain.contains("HTTP/1.1"))
        await server.stop()
    }

    @Test("When the server stops, sockets are closed with 1001") func goingAway() async throws {
        let server = try await TestServer()
        let (peer, _) = try await TestPeer.joined(server, peer: "p")
        async let stopped: Void = server.stopGracefully()
        await #expect { let _: Int = try await peer.notification("x") } throws: {
            ($0 as? TestPeer.Closed)?.code == 1001
        }
        let start = ContinuousClock.now
        await stopped
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
