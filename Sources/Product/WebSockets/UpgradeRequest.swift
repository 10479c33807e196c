// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The head of an HTTP request that asks for a WebSocket, RFC 6455 §4.1.
public struct UpgradeRequest: Sendable {
    /// The path and query as they came.
    public let target: String
    private let headers: [(name: String, value: String)]

    /// Reads a request head that ends with an empty line; `nil` when it is no GET of HTTP/1.1 with well-formed fields.
    init?(head: [UInt8]) {
        var lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard let first = lines.first else { return nil }
        let request = first.split(separator: " ", omittingEmptySubsequences: false)
        guard request.count == 3, request[0] == "GET", request[2] == "HTTP/1.1", request[1].hasPrefix("/") else {
            return nil
        }
        var headers: [(name: String, value: String)] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { return nil }
            let name = line[..<colon]
            guard !name.contains(where: \.isWhitespace) else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers.append((name.lowercased(), value))
        }
        self.target = String(request[1])
        self.headers = headers
    }

    /// The path without its query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The first value of a query parameter, percent-decoded.
    public func query(_ name: String) -> String? {
        URLComponents(string: target)?.queryItems?.first { $0.name == name }?.value
    }

    /// The value of a field that may stand only once; `nil` when it is absent or stands twice.
    public func header(_ name: String) -> String? {
        let values = headers.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }

    /// The comma-separated items of a field that may stand several times.
    public func items(of name: String) -> [String] {
        headers.filter { $0.name == name }.flatMap { $0.value.split(separator: ",") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// Whether the head asks for a WebSocket at all, well-formed or not.
    var asksForWebSocket: Bool { items(of: "upgrade").contains { $0.lowercased() == "websocket" } }

    /// What keeps the head from being a valid opening handshake, RFC 6455 §4.2.1, or `nil`.
    var flaw: String? {
        if !items(of: "connection").contains(where: { $0.lowercased() == "upgrade" }) {
            return "no Connection: Upgrade"
        }
        if header("sec-websocket-version") != "13" { return "Sec-WebSocket-Version is not 13" }
        if header("host") == nil { return "no Host" }
        guard let key = header("sec-websocket-key"), let nonce = Data(base64Encoded: key), nonce.count == 16 else {
            return "Sec-WebSocket-Key is not 16 bytes of base64"
        }
        return nil
    }
}
