// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// Runs a worker as a child process, whose standard input is one end of a socketpair and thereby its channel.
enum WorkerProcess {
    /// How long a worker whose channel has ended may take to exit before it is killed.
    static let graceful = Duration.seconds(2)

    /// A process that has been started.
    struct Running: Sendable {
        let pid: Int32
        /// Our end of the channel.
        let descriptor: CInt
        /// Ends with the process, with how it went; cancelling it kills the process.
        let exit: Task<String, Never>

        /// Waits for the process, which has lost its channel, and kills it when it lingers.
        func exitOrKill() async -> String {
            let killer = Task {
                try await Task.sleep(for: graceful)
                exit.cancel()
            }
            defer { killer.cancel() }
            return await exit.value
        }
    }

    /// Starts the program at `path` and opens its channel.
    ///
    /// - Parameters:
    ///   - path: The program.
    ///   - handler: Told what the worker says.
    /// - Returns: The channel.
    /// - Throws: ``SwiftletError/Code/workerStart`` when the system refuses.
    static func connect(
        _ path: String,
        handler: @escaping @Sendable (WorkerChannelEvent) -> Void
    ) async throws(SwiftletError) -> WorkerConnection {
        let running = try await launch(path)
        do {
            return try await WorkerConnection.open(
                descriptor: running.descriptor,
                pid: running.pid,
                awaitExit: { await running.exitOrKill() },
                handler: handler
            )
        } catch {
            running.exit.cancel()
            throw error
        }
    }

    /// Starts the program at `path`.
    ///
    /// - Throws: ``SwiftletError/Code/workerStart`` when the system refuses.
    static func launch(_ path: String) async throws(SwiftletError) -> Running {
        let (ours, theirs) = try SocketPair.make()
        let (started, continuation) = AsyncStream<Result<Int32, SwiftletError>>.makeStream()
        // Not structured, since the process outlives this call; the connection that owns our end awaits its end.
        let exit = Task<String, Never> {
            do {
                let outcome = try await run(
                    .path(FilePath(path)),
                    environment: environment(),
                    input: .fileDescriptor(FileDescriptor(rawValue: theirs), closeAfterSpawningProcess: true),
                    output: .discarded,
                    error: .currentStandardError
                ) { execution in
                    continuation.yield(.success(execution.processIdentifier.value))
                    continuation.finish()
                }
                return "\(outcome.terminationStatus)"
            } catch {
                continuation.yield(.failure(SwiftletError(.workerStart, "\(path) could not be started: \(error)")))
                continuation.finish()
                return "\(error)"
            }
        }
        for await result in started {
            do throws(SwiftletError) {
                return Running(pid: try result.get(), descriptor: ours, exit: exit)
            } catch {
                Glibc.close(ours)
                throw error
            }
        }
        exit.cancel()
        Glibc.close(ours)
        throw SwiftletError(.workerStart, "the start of \(path) was cancelled")
    }

    /// Ours, and for the worker no backtracer, which would hold a crashed worker's channel open while it writes.
    private static func environment() -> Environment {
        let isSet = ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"] != nil
        return isSet ? .inherit : .inherit.updating(["SWIFT_BACKTRACE": "enable=no"])
    }
}
