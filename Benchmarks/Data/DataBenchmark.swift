// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The benchmark `data`: associations beside libusrsctp's, in turns, in one process.
struct DataBenchmark {
    var repetitions = 3

    func run() throws {
        say(
            """

            data: SCTP beside libusrsctp (Debian's), one core, the same packets' size and buffers, medians of \(repetitions) in turns.
            ratio_to_usrsctp: how many times as fast as libusrsctp; 1 means as fast.

            """
        )
        var lines: [String] = []
        for size in [16_384, 262_144] { lines += try associations(size: size) }
        for (size, rounds) in [(100, 2_000), (16_384, 200)] { lines.append(try fanOut(size: size, rounds: rounds)) }
        for (size, rounds) in [(100, 2_000), (16_384, 150)] { lines.append(try engine(size: size, rounds: rounds)) }
        say("")
        for line in lines { say(line) }
    }

    /// One association pair over a lossless link.
    private func associations(size: Int) throws -> [String] {
        let rate = AssociationRate(size: size)
        var (ours, unchecked, theirs): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<repetitions {
            theirs.append(try rate.usrsctp())
            ours.append(try rate.ours(checksum: true))
            unchecked.append(try rate.ours(checksum: false))
        }
        let (own, free, other) = (middle(ours), middle(unchecked), middle(theirs))
        say(
            "pair, messages of \(size) bytes: \(own.fixed(0)) MB/s of one core for both ends, libusrsctp "
                + "\(other.fixed(0)), ratio \((own / other).fixed(2)); without checksums \(free.fixed(0))"
        )
        return [
            json([
                #""case":"pair""#, #""bytes":\#(size)"#, #""checksum":"crc32c""#,
                #""mb_per_core_second":\#(own.fixed(1))"#, #""usrsctp_mb_per_core_second":\#(other.fixed(1))"#,
                #""ratio_to_usrsctp":\#((own / other).fixed(3))"#,
            ]),
            json([
                #""case":"pair""#, #""bytes":\#(size)"#, #""checksum":"none""#,
                #""mb_per_core_second":\#(free.fixed(1))"#,
            ]),
        ]
    }

    /// One message to 50 associations.
    private func fanOut(size: Int, rounds: Int) throws -> String {
        let fanOut = AssociationFanOut(size: size, rounds: rounds)
        var (ours, theirs): ([Double], [Double]) = ([], [])
        for _ in 0..<repetitions {
            theirs.append(try fanOut.usrsctp())
            ours.append(try fanOut.ours())
        }
        let (own, other) = (middle(ours), middle(theirs))
        say(
            "fan-out to \(fanOut.consumers) associations, messages of \(size) bytes: \(own.fixed(2)) µs a message and "
                + "receiver for the sending side, libusrsctp \(other.fixed(2)), ratio \((other / own).fixed(2))"
        )
        return json([
            #""case":"fan_out_associations""#, #""n":\#(fanOut.consumers)"#, #""bytes":\#(size)"#,
            #""cpu_us_per_message":\#(own.fixed(3))"#, #""messages_per_second":\#(Int(1e6 / own))"#,
            #""usrsctp_cpu_us_per_message":\#(other.fixed(3))"#,
            #""ratio_to_usrsctp":\#((other / own).fixed(3))"#,
        ])
    }

    /// One data producer to 50 data consumers through the whole engine.
    private func engine(size: Int, rounds: Int) throws -> String {
        let fanOut = EngineFanOut(size: size, rounds: rounds)
        let results = try (0..<repetitions).map { _ in try fanOut.run() }
        let cost = middle(results.map(\.microseconds))
        let (half, most) = (middle(results.map(\.median)), middle(results.map(\.percentile99)))
        say(
            "fan-out through the engine to \(fanOut.consumers) consumers over SCTP and DTLS, messages of \(size) bytes: "
                + "\(cost.fixed(2)) µs a delivered message, \(Int(1e6 / cost)) messages/s of one core, "
                + "engine delay p50 \(half.fixed(0)) µs, p99 \(most.fixed(0)) µs"
        )
        return json([
            #""case":"fan_out_engine""#, #""n":\#(fanOut.consumers)"#, #""bytes":\#(size)"#,
            #""cpu_us_per_message":\#(cost.fixed(3))"#, #""messages_per_second":\#(Int(1e6 / cost))"#,
            #""p50_us":\#(half.fixed(1))"#, #""p99_us":\#(most.fixed(1))"#,
        ])
    }

    private func middle(_ values: [Double]) -> Double { percentile(0.5, of: values.sorted()) }

    private func json(_ fields: [String]) -> String {
        "{" + ([#""bench":"data""#] + fields).joined(separator: ",") + "}"
    }
}
