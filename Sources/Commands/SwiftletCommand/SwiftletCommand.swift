// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// The program `swiftlet`.
@main
struct SwiftletCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftlet",
        abstract: "Video meetings through your own server.",
        subcommands: [Serve.self, Load.self]
    )
}
