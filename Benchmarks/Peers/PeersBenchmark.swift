// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward
import Crowd
import Glibc
import SwiftletCrypto
import SwiftletDTLS
import SwiftletEventLoop
import SwiftletICE
import SwiftletORTC
import SwiftletWire

/// One stream to many WebRTC viewers: another server, which somebody else has started and signals to, beside ours.
///
/// `Benchmarks/Peers/janus.py` is that somebody. It reads our fingerprint and each viewer's ICE credentials from standard
/// output, and writes to standard input where the server listens for a viewer, and with which credentials. Viewers make
/// real connections; then their sockets close, and the one behind all addresses reads what they get.
struct PeersBenchmark {
    let viewers: Int
    /// The other server's process.
    let pid: Int32
    /// Where it takes plain RTP.
    let port: Int32
    let load: Load

    /// What is sent: one encoder's frames, and packets paced so that the other server is far from full.
    private var cases: [Case] {
        [
            Case(consumers: viewers, traffic: .trace, rate: 1),
            // Janus takes it for the same stream, whose numbers must not go back.
            Case(consumers: viewers, traffic: .bursts(1), rate: 10_000, sequence: 20_000),
        ]
    }
    private static let seconds = 4.0

    /// Connects the viewers, measures, and prints it.
    func run() throws {
        let certificate = try Certificate.generate(unixSeconds: 1_760_000_000)
        guard let own = certificate.fingerprints.first(where: { $0.algorithm == .sha256 }) else {
            throw Refusal(text: "no fingerprint")
        }
        say("ours \(own.value)")
        let context = try DTLSContext(certificate: certificate)
        for viewer in 0..<viewers {
            // The same that the viewer makes of its number.
            var random = SeededRandom(seed: UInt64(viewer) + 10)
            let credentials = ICECredentials(using: &random)
            say("\(credentials.usernameFragment) \(credentials.password)")
        }
        for viewer in 0..<viewers { try connect(viewer, context) }
        say("connected")
        for one in cases { try measure(one) }
    }

    private func measure(_ one: Case) throws {
        var one = one
        one.suite = .none
        let theirs = try Measurement(load: load).run(try write(one), to: Load.Target(port: port)) {
            Double(forward_cpu_ns(pid)) / 1e9
        }
        report("Janus", one, theirs)
        for suite in [Scenario.Suite.gcm, .cm] {
            one.suite = suite
            let ours = try Measurement(load: load).run(.worker, one.scenario, try write(one))
            report("Swiftlet, \(suite == .gcm ? "GCM" : "CM")", one, ours)
        }
    }

    private func write(_ one: Case) throws -> Measurement.Phases {
        // A few seconds of one publisher are all that is needed.
        try one.write(load.script, steadySeconds: Self.seconds, packets: 20_000)
        let first = load.script.first(at: Case.warmUp)
        let end = load.script.first(at: Case.warmUp + Int64(Self.seconds * 1e9))
        return Measurement.Phases(steady: first..<end, expected: (end - first) * viewers)
    }

    private func report(_ server: String, _ one: Case, _ sample: Sample) {
        say(
            "\(server), \(one.traffic.name): \(sample.microsecondsPerPacket.fixed(2)) µs per packet, "
                + "p50/p99 \(Int(sample.median))/\(Int(sample.percentile99)) µs, "
                + "\(Int(sample.left / Self.seconds)) packets/s out"
        )
        say(
            #"{"bench":"peers","server":"\#(server)","traffic":"\#(one.traffic.name)","viewers":\#(viewers),"#
                + #""packets_per_second":\#(Int(sample.left / Self.seconds)),"#
                + #""cpu_us_per_packet":\#(sample.microsecondsPerPacket.fixed(3)),"#
                + #""p50_us":\#(sample.median.fixed(1)),"p99_us":\#(sample.percentile99.fixed(1))}"#
        )
    }

    // MARK: Viewers

    /// Reads where a viewer finds its server, and connects it: `address port user password fingerprint`.
    private func connect(_ viewer: Int, _ context: DTLSContext) throws {
        let words = (readLine() ?? "").split(separator: " ").map(String.init)
        guard words.count == 5, let number = UInt16(words[1]), let server = SocketAddress(words[0], port: number),
            let known = Fingerprint(algorithm: "sha-256", value: words[4]), let fingerprint = RemoteFingerprint([known])
        else { throw Refusal(text: "no server for viewer \(viewer)") }
        let loop = try EventLoop()
        // Viewers stand behind the publisher.
        var options = SocketOptions(
            address: SocketAddress(ipv4: FORWARD_FIRST_PEER + UInt32(viewer + 1), port: UInt16(load.port))
        )
        options.reusePort = true
        let socket = try loop.bindUDP(options)
        defer { loop.close(socket.id) }
        let peer = CrowdPeer(
            viewer,
            address: socket.local,
            server: server,
            remote: IceParameters(usernameFragment: words[2], password: words[3]),
            context: context,
            hasData: false,
            now: loop.now
        )
        peer.connect(fingerprint, now: loop.now)
        var received = ReceiveBatch(capacity: EventLoop.receiveCapacity)
        var transmitted = TransmitBatch()
        let limit = loop.now + .seconds(5)
        while !peer.isConnected, loop.now < limit {
            peer.runTimers(now: loop.now)
            for datagram in peer.takeOutbox() {
                _ = transmitted.append(datagram.span, socket: socket.id, destination: server)
            }
            if !transmitted.isEmpty { _ = loop.send(&transmitted) }
            _ = loop.wait(until: loop.now + .milliseconds(2))
            while loop.receive(into: &received) {
                for entry in received.entries { peer.receive(received.bytes.extracting(entry.range), now: loop.now) }
            }
        }
        guard peer.isConnected else { throw Refusal(text: "viewer \(viewer) did not connect") }
    }
}
