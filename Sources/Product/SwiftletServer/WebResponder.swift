// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// Answers plain HTTP: the page and its files, and whether the server is well.
struct WebResponder: Sendable {
    let files: WebFiles
    let pool: WorkerPool
    let admission: Admission

    /// Answers one request.
    func respond(to request: Request) -> Response {
        let method = request.method
        guard method == .get || method == .head else {
            return text(.methodNotAllowed, "only GET and HEAD are answered here", [.allow: "GET, HEAD"])
        }
        let response: Response
        // As it came, not decoded: none of our names needs an escape.
        switch request.uri.path {
        case "/healthz": response = health()
        case let path: response = file(path, request) ?? text(.notFound, "there is nothing here")
        }
        return method == .head ? response.createHeadResponse() : response
    }

    private func health() -> Response {
        let alive = pool.aliveCount
        let counts = admission.counts
        let status = alive > 0 ? "ok" : "no media worker is running"
        let json =
            #"{"status":"\#(status)","workers":\#(alive),"rooms":\#(counts.rooms),"peers":\#(counts.peers)}"# + "\n"
        return Response(
            status: alive > 0 ? .ok : .serviceUnavailable,
            headers: headers("application/json", [.cacheControl: "no-store"]),
            body: ResponseBody(byteBuffer: ByteBuffer(string: json))
        )
    }

    private func file(_ path: String, _ request: Request) -> Response? {
        guard let file = files[path] else { return nil }
        // Asked for again each time, and sent only when it changed: an upgrade is seen at once.
        let headers = headers(file.contentType, [.cacheControl: "no-cache", .eTag: file.etag])
        let known = request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }
            .map { $0.drop(while: \.isWhitespace).prefix { !$0.isWhitespace } }
        if known.contains(where: { $0 == file.etag || $0 == "W/\(file.etag)" || $0 == "*" }) {
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }

    private func text(_ status: HTTPResponse.Status, _ text: String, _ more: HTTPFields = [:]) -> Response {
        Response(
            status: status,
            headers: headers("text/plain; charset=utf-8", more),
            body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n"))
        )
    }

    private func headers(_ contentType: String, _ more: HTTPFields) -> HTTPFields {
        var fields = more
        fields[.contentType] = contentType
        fields[.date] = Date.now.formatted(Self.date)
        for (name, value) in Self.security { fields[name] = value }
        return fields
    }

    /// How RFC 9110 §5.6.7 writes a date.
    private static let date = Date.VerbatimFormatStyle(
        format: """
            \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \
            \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT
            """,
        locale: Locale(identifier: "en_US_POSIX"),
        timeZone: .gmt,
        calendar: Calendar(identifier: .gregorian)
    )

    /// What keeps a page from doing, or having done to it, anything it does not need.
    private static let security: [(HTTPField.Name, String)] = {
        let fields = [
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
                    + "media-src 'self' blob: mediastream:; font-src 'self'; connect-src 'self' ws: wss:; "
                    + "manifest-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
                    + "frame-ancestors 'self'"
            ),
            (
                "Permissions-Policy",
                "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), "
                    + "fullscreen=(self), geolocation=(), payment=(), usb=()"
            ),
        ]
        return fields.compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
    }()
}
