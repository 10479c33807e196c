// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletServer
import Testing

@Suite("Metrics, Prometheus text form 0.0.4") struct MetricsTests {
    @Test("Help, kind, labels and values are written as readers expect them") func text() {
        var text = MetricsText()
        text.add("a_total", .counter, "One \\ two\nthree.", 3)
        text.add("b", .gauge, "B.", [([("x", "1"), ("y", "\"q\" \\ \n")], 0.25), ([], 1e18)])
        text.add("c", .gauge, "Nothing.", [])
        #expect(
            text.text == """
                # HELP a_total One \\\\ two\\nthree.
                # TYPE a_total counter
                a_total 3
                # HELP b B.
                # TYPE b gauge
                b{x="1",y="\\"q\\" \\\\ \\n"} 0.25
                b 1e+18

                """
        )
    }

    @Test("A process's use is read past any name, proc(5)") func process() throws {
        let fields = (3...52).map { "\($0)" }.joined(separator: " ")
        let use = try #require(ProcessUse(stat: "42 (a) b (c) \(fields)\n", ticks: 100, page: 4096))
        #expect(use.cpuSeconds == 0.29 && use.residentBytes == 24 * 4096)
        #expect(ProcessUse(stat: "42 (a) S 1 2", ticks: 100, page: 4096) == nil)
        #expect(ProcessUse(stat: "", ticks: 100, page: 4096) == nil)
        let own = try #require(ProcessUse(pid: ProcessInfo.processInfo.processIdentifier))
        #expect(own.residentBytes > 1e6)
        #expect(ProcessUse(pid: Int32.max) == nil)
    }

    @Test("Metrics are off unless asked for, and never on the port where people come") func off() async throws {
        let server = try await TestServer()
        #expect(try await server.get("/metrics").hasPrefix("HTTP/1.1 404 "))
        await server.stop()
    }

    @Test("A port that is taken is named with its option") func taken() async throws {
        let first = try await TestServer()
        do {
            let second = try await TestServer { $0.metricsPort = first.port }
            await second.stop()
            Issue.record("two listen on one port")
        } catch let error as SettingsError {
            #expect(error.message.contains("--metrics-port"), "\(error)")
        }
        await first.stop()
    }

    @Test("A port that is none is refused") func range() {
        var settings = ServerSettings()
        settings.metricsPort = 70_000
        #expect(throws: SettingsError.self) { try settings.validate() }
        (settings.metricsPort, settings.metricsHost) = (9_464, "")
        #expect(throws: SettingsError.self) { try settings.validate() }
        settings.metricsHost = "::1"
        #expect(throws: Never.self) { try settings.validate() }
    }
}
