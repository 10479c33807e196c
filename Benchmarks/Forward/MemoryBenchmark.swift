// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward
import Crowd

/// What transports, consumers and workers cost in memory.
///
/// An object's cost is heap in use with a thousand of them less with none, after what they share is there; a worker's is
/// what the system says is resident of its process.
struct MemoryBenchmark {
    /// Objects of each kind.
    var count = 1000
    /// Packets a second while retransmissions are kept.
    var rate = 500
    var seconds = 4

    /// Measures and prints.
    func run() throws {
        say("memory: heap in use with \(count) objects less with none, per object, transports excluded for consumers")
        let unconnected = try each(Crowd()) { try $0.addTransports($1) }
        let connected = try each(Crowd(), connect)
        let channels = try each(Crowd(hasData: true), connect)
        say("  transport: not connected \(unconnected.fixed(2)) kB, connected \(connected.fixed(2)) kB")
        say("  with a data channel's association \(channels.fixed(2)) kB")
        let idle = try each(Crowd()) { try $0.addConsumers($1) }
        let nack = try each(Crowd()) {
            try $0.addConsumers($1)
            try $0.forward(rate * seconds, rate: rate)
        }
        say("  consumer: idle \(idle.fixed(2)) kB, at \(rate) packets/s with retransmissions kept \(nack.fixed(2)) kB")
        let viewer = try each(Crowd()) {
            try $0.addViewers($1)
            try $0.forward(rate * seconds, rate: rate)
        }
        say("  the same with a transport of its own, handshake apart \(viewer.fixed(2)) kB")
        let worker = try WorkerMemory(transports: count).measure()
        let resident = Double(worker.loaded.resident - worker.idle.resident) / Double(count)
        say("  worker: idle \(mb(worker.idle.resident)) MB resident, \(mb(worker.idle.proportional)) MB proportional")
        say("  with \(count) connected transports \(mb(worker.loaded.resident)) MB, \(resident.fixed(2)) kB each")
        say("  after they have closed \(mb(worker.after.resident)) MB")
        say(
            #"{"bench":"memory","kb_per_unconnected_transport":\#(unconnected.fixed(2)),"#
                + #""kb_per_connected_transport":\#(connected.fixed(2)),"#
                + #""kb_per_channel_transport":\#(channels.fixed(2)),"#
                + #""kb_resident_per_connected_transport":\#(resident.fixed(2)),"#
                + #""kb_per_idle_consumer":\#(idle.fixed(2)),"kb_per_nack_consumer":\#(nack.fixed(2)),"#
                + #""kb_per_viewer":\#(viewer.fixed(2)),"#
                + #""idle_worker_mb":\#(mb(worker.idle.resident)),"#
                + #""idle_worker_pss_mb":\#(mb(worker.idle.proportional)),"#
                + #""mb_loaded":\#(mb(worker.loaded.resident)),"mb_after_load":\#(mb(worker.after.resident))}"#
        )
    }

    private func connect(_ crowd: Crowd, _ count: Int) throws {
        try crowd.addTransports(count)
        try crowd.connectAll()
    }

    /// Kilobytes of heap for each of ``count`` objects.
    private func each(_ crowd: Crowd, _ add: (Crowd, Int) throws -> Void) throws -> Double {
        // What the first one brings for all: tables, queues, stores, and what OpenSSL loads.
        try add(crowd, 1)
        let before = forward_heap_in_use()
        try add(crowd, count)
        return withExtendedLifetime(crowd) { Double(forward_heap_in_use() - before) / Double(count) / 1024 }
    }

    private func mb(_ kilobytes: Int) -> String { (Double(kilobytes) / 1024).fixed(2) }
}
