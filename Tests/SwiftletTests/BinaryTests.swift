// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Which program a worker runs")
struct BinaryTests {
    private static func find(
        _ setting: String? = nil,
        _ environment: [String: String] = [:],
        folder: String? = "/app",
        there: Set<String>
    ) throws -> String {
        try WorkerBinary(environment: environment, programFolder: folder, isExecutable: there.contains).find(
            setting: setting
        )
    }

    @Test("A setting comes before the variable, that before the program's folder, that before the PATH")
    func order() throws {
        let everywhere: Set = ["/set", "/variable", "/app/swiftlet-worker", "/bin/swiftlet-worker"]
        let environment = ["SWIFTLET_WORKER": "/variable", "PATH": "/usr/bin:/bin"]
        #expect(try Self.find("/set", environment, there: everywhere) == "/set")
        #expect(try Self.find(nil, environment, there: everywhere) == "/variable")
        #expect(try Self.find(nil, ["PATH": "/usr/bin:/bin"], there: everywhere) == "/app/swiftlet-worker")
        #expect(try Self.find(nil, ["PATH": "/usr/bin:/bin"], folder: nil, there: everywhere) == "/bin/swiftlet-worker")
    }

    @Test("A program that was asked for and is not there is an error, not another program")
    func explicit() {
        let there: Set = ["/app/swiftlet-worker"]
        #expect(throws: SwiftletError.self) { try Self.find("/set", there: there) }
        #expect(throws: SwiftletError.self) { try Self.find(nil, ["SWIFTLET_WORKER": "/variable"], there: there) }
    }

    @Test("The error names every path that was tried; relative ones on the PATH are not")
    func error() async throws {
        let thrown = await failure { _ = try Self.find(nil, ["PATH": "/usr/bin:.:/bin"], there: []) }
        let message = try #require(thrown?.message)
        for path in ["/app/swiftlet-worker", "/usr/bin/swiftlet-worker", "/bin/swiftlet-worker"] {
            #expect(message.contains(path))
        }
        #expect(!message.contains(" ./"))
        #expect(thrown?.code == .workerStart)
    }
}
