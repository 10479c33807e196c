// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
public import Swiftlet
import SwiftletWorker

/// Workers on threads of this process: the same objects and the same protocol, without a process to start.
///
/// A crash of such a worker is a crash of the whole program, which is what the process of ``Worker/start(_:)`` is for.
public enum EmbeddedWorker {
    /// Starts a worker on a thread of its own.
    ///
    /// - Parameter settings: How to start it; there is no program to find, so `workerBinary` means nothing.
    /// - Returns: A worker that takes requests; its `pid` is this process's.
    /// - Throws: ``SwiftletError`` with ``SwiftletError/Code/workerStart`` when the system refuses a socket, or with
    ///   ``SwiftletError/Code/invalidArgument`` when the worker refuses its settings.
    public static func start(_ settings: WorkerSettings = WorkerSettings()) async throws(SwiftletError) -> Worker {
        try await Worker.start(settings) { handler throws(SwiftletError) in
            let (ours, theirs) = try SocketPair.make()
            let (endings, continuation) = AsyncStream<String>.makeStream()
            let thread = Thread {
                continuation.yield(run(theirs))
                continuation.finish()
            }
            thread.name = "swiftlet-worker"
            thread.stackSize = 8 << 20
            thread.start()
            return try await WorkerConnection.open(
                descriptor: ours,
                pid: getpid(),
                awaitExit: {
                    for await ending in endings { return ending }
                    return "ended"
                },
                handler: handler
            )
        }
    }

    /// On the thread: works until the channel ends, and says how it went.
    private static func run(_ descriptor: CInt) -> String {
        do {
            return "\(try WorkerRuntime(channel: descriptor).run())"
        } catch {
            close(descriptor)
            return "\(error)"
        }
    }
}
