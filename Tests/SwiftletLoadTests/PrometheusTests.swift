// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Testing

import SwiftletLoad

@Suite("Reading metrics, Prometheus text form 0.0.4") struct PrometheusTests {
    @Test("Values, labels, escapes and times are read; what is broken is passed over") func reading() {
        let text = PrometheusText(
            """
            # HELP a_total What is counted.
            # TYPE a_total counter
            a_total 3
            a_total{worker="0",name="x \\"y\\" \\\\ \\n z, {w}"} 4.5 1700000000000

            b{} -1e3
            c{open="no
            d
            e 1 2 3
            f NaNopes
            {} 3
            g +Inf
            """
        )
        #expect(text.samples.map(\.name) == ["a_total", "a_total", "b", "g"])
        #expect(text.samples[1].labels == ["worker": "0", "name": "x \"y\" \\ \n z, {w}"])
        #expect(text.sum("a_total") == 7.5 && text.sum("b") == -1000 && text.sum("nowhere") == nil)
        #expect(text.values("a_total", by: "worker") == ["": 3, "0": 4.5])
    }

    @Test("Any text is read to its end", arguments: 1...50) func total(seed: UInt64) {
        var random = Seeded(state: seed)
        let alphabet = Array("ab_{}\"\\=, \n#019.-")
        let text = String((0..<400).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
        #expect(PrometheusText(text).samples.count <= 400)
    }

    @Test("Cores are what was used between two samples, a new worker from its beginning") func cores() throws {
        var before = ServerSample(at: .now)
        (before.serverCPU, before.workerCPU) = (1, ["1": 5, "2": 9])
        var after = before
        after.at += .seconds(2)
        (after.serverCPU, after.workerCPU) = (1.5, ["1": 6, "3": 0.5])
        let used = try #require(after.cores(since: before))
        #expect(abs(used.all - 1) < 1e-9 && abs(used.busiest - 0.5) < 1e-9)
        #expect(before.cores(since: before) == nil)
    }
}
