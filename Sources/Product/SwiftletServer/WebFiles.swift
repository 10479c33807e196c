// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import SwiftletCrypto

/// The files of the page and the client library, read once; what is not in the table does not exist.
package struct WebFiles: Sendable {
    /// A file as it is served.
    package struct File: Sendable {
        package let bytes: [UInt8]
        package let contentType: String
        /// Changes with the content.
        package let etag: String
    }

    /// Bytes of a file, and of all of them; a folder with more is not ours.
    static let maximumBytes = 64 << 20

    private let files: [String: File]

    /// No files: an installation without the page.
    init() { files = [:] }

    /// Reads what lies under `client/` and `app/` of a folder.
    package init(root: URL) {
        var files: [String: File] = [:]
        var total = 0
        for top in ["app", "client"] {
            let folder = root.appending(path: top, directoryHint: .isDirectory)
            guard let names = FileManager.default.enumerator(atPath: folder.path) else { continue }
            for case let name as String in names {
                let url = folder.appending(path: name)
                guard let contentType = Self.contentType(of: url.pathExtension.lowercased()),
                    !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }),
                    let data = try? Data(contentsOf: url)
                else { continue }
                total += data.count
                guard total <= Self.maximumBytes else { break }
                let bytes = [UInt8](data)
                let digest = Digest.sha256.hash(bytes.span).prefix(12)
                let etag = "\"" + digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\""
                files["/\(top)/\(name)"] = File(bytes: bytes, contentType: contentType, etag: etag)
            }
        }
        for path in ["/", "/index.html"] { files[path] = files["/app/index.html"] }
        files["/favicon.ico"] = files["/app/favicon.ico"] ?? files["/app/favicon.svg"]
        self.files = files
    }

    /// The file at a path, by its exact name.
    package subscript(path: String) -> File? { files[path] }

    /// Whether there is a page.
    var hasPage: Bool { files["/"] != nil }

    private static func contentType(of pathExtension: String) -> String? {
        switch pathExtension {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json", "map": "application/json; charset=utf-8"
        case "webmanifest": "application/manifest+json"
        // Type declarations are text for people and tools.
        case "ts", "txt", "md": "text/plain; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "ico": "image/x-icon"
        case "webp": "image/webp"
        case "woff2": "font/woff2"
        case "wasm": "application/wasm"
        case "mp3": "audio/mpeg"
        case "wav": "audio/wav"
        default: nil
        }
    }
}
