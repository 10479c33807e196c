// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletLoad
import Testing

@Suite("The command swiftlet load", .serialized, .timeLimit(.minutes(1))) struct CommandTests {
    private struct Ended {
        var code: Int32
        var output: String
        var errors: String
    }

    /// The program that was built with these tests: under its product's name, or its target's where products are not.
    private static var program: URL? {
        let arguments = ProcessInfo.processInfo.arguments
        let environment = ProcessInfo.processInfo.environment
        let beside = [environment["SWIFTLET_WORKER"]] + arguments.filter { $0.hasPrefix("/") }.map { $0 }
        for path in beside.compactMap(\.self) {
            let folder = URL(filePath: path).deletingLastPathComponent()
            for name in ["swiftlet", "SwiftletCommand"] {
                let file = folder.appending(path: name)
                if FileManager.default.isExecutableFile(atPath: file.path) { return file }
            }
        }
        return nil
    }

    private static func run(_ arguments: [String]) async throws -> Ended {
        let process = Process()
        let program: URL = try #require(Self.program)
        process.executableURL = program
        process.arguments = ["load"] + arguments
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        // Its answers are shorter than what a pipe takes.
        return await Task.detached {
            process.waitUntilExit()
            func text(_ pipe: Pipe) -> String {
                String(decoding: (try? pipe.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
            }
            return Ended(code: process.terminationStatus, output: text(output), errors: text(errors))
        }
        .value
    }

    @Test("Help has every option's name and examples") func help() async throws {
        let ended = try await Self.run(["--help"])
        #expect(ended.code == 0)
        for name in [
            "<server>", "--rooms", "--publishers", "--watch", "--layers", "--loss-down", "--metrics", "--json",
            "--html",
            "--max-delay-p99", "--token", "swiftlet load wss://",
        ] { #expect(ended.output.contains(name), "\(name)") }
    }

    @Test("An option that cannot be used is named, and ends it as wrong usage") func usage() async throws {
        for (arguments, option) in [
            (["nowhere"], "server"), (["ws://127.0.0.1:1", "--layers", "L9T9"], "--layers"),
            (["ws://127.0.0.1:1", "--loss-up", "101"], "--loss-up"), (["ws://127.0.0.1:1", "--rooms", "0"], "--rooms"),
        ] {
            let ended = try await Self.run(arguments)
            #expect(ended.code == 64 && ended.errors.contains("\(option): "), "\(ended.errors)")
        }
    }

    @Test("Nobody who could join is 1, a broken limit 2, and all well 0, with the report where it was asked for")
    func codes() async throws {
        let nobody = try await Self.run(["ws://127.0.0.1:1", "--duration", "1", "--join-rate", "100"])
        #expect(nobody.code == 1 && nobody.output.contains("0 of 4") && nobody.output.contains("unreachable"))

        let server = try await LoadedServer()
        let small = [server.url, "--media", "audio", "--duration", "1", "--publishers", "1", "--subscribers", "1"]
        let page = FileManager.default.temporaryDirectory.appending(path: "swiftlet-load-\(UUID()).html")
        let good = try await Self.run(small + ["--json", "-", "--html", page.path, "--max-loss", "50"])
        #expect(good.code == 0, "\(good.errors)")
        let report = try LoadReport(json: Data(good.output.utf8))
        #expect(report.clients.joined == 2 && report.received.packets > 0 && report.broken.isEmpty)
        #expect(try String(contentsOf: page, encoding: .utf8).contains("</html>"))
        try? FileManager.default.removeItem(at: page)
        let broken = try await Self.run(small + ["--max-join-p99", "0"])
        await server.stop()
        #expect(broken.code == 2 && broken.output.contains("Limits broken"))
    }
}
