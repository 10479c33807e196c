// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// The browser's side: the client library under `client/` and the meeting page under `app/`.
public enum SwiftletWeb {
    /// The folder that holds both, or `nil` where it was not installed.
    ///
    /// It is what `SWIFTLET_WEB` names, or the folder that the build puts beside the program, or `share/swiftlet/web`
    /// of an installation. `Bundle.module` is not asked: it ends the program where it finds nothing.
    public static var root: URL? {
        candidates.first { FileManager.default.fileExists(atPath: $0.appending(path: "app").path) }
    }

    private static var candidates: [URL] {
        var candidates: [URL] = []
        if let path = ProcessInfo.processInfo.environment["SWIFTLET_WEB"], !path.isEmpty {
            candidates.append(URL(filePath: path, directoryHint: .isDirectory))
        }
        if let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            let folder = URL(filePath: program).deletingLastPathComponent()
            candidates.append(folder.appending(path: "swiftlet_SwiftletWeb.resources"))
            candidates.append(folder.deletingLastPathComponent().appending(path: "share/swiftlet/web"))
        }
        return candidates
    }
}
