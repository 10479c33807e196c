// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Synchronization
import Testing

@Suite("The start of a worker")
struct StartTests {
    @Test("A worker is told its settings first of all")
    func settings() async throws {
        let said = Mutex<[ControlRequest]>([])
        let settings = WorkerSettings(
            logLevel: .debug,
            logTags: [.ice, .dtls],
            dtlsCertificateFile: "cert.pem",
            dtlsPrivateKeyFile: "key.pem",
            flushWindow: .microseconds(500),
            appData: ["core": 0]
        )
        let worker = try await Worker.start(settings) { handler in
            SilentChannel(handler: handler) { request, completion in
                said.withLock { $0.append(request) }
                completion(.success(.done))
            }
        }
        #expect(
            said.withLock { $0 } == [
                .start(
                    .init(
                        logLevel: .debug,
                        logTags: [.ice, .dtls],
                        dtlsCertificateFile: "cert.pem",
                        dtlsPrivateKeyFile: "key.pem",
                        flushWindow: .microseconds(500)
                    )
                )
            ]
        )
        #expect(worker.appData["core"] == 0)
        #expect(worker.pid == 17)
    }

    @Test("A worker that does not answer is ended, and its start fails")
    func silence() async throws {
        let refused = await failure {
            _ = try await Worker.start(WorkerSettings(), timeout: .milliseconds(20)) { handler in
                SilentChannel(handler: handler) { _, _ in }
            }
        }
        #expect(refused?.code == .workerStart)
        #expect(refused?.message.contains("0.02 seconds") == true)
    }

    @Test("A worker that refuses its settings is ended, and says why")
    func refusal() async throws {
        let made = Mutex<SilentChannel?>(nil)
        let refused = await failure {
            _ = try await Worker.start(WorkerSettings(dtlsCertificateFile: "nowhere")) { handler in
                let channel = SilentChannel(handler: handler) { _, completion in
                    completion(.failure(SwiftletError(.invalidArgument, "dtlsCertificateFile: nowhere")))
                }
                made.withLock { $0 = channel }
                return channel
            }
        }
        #expect(refused == SwiftletError(.invalidArgument, "dtlsCertificateFile: nowhere"))
        #expect(made.withLock { $0 }?.isClosed == true)
    }

    @Test("A flush window out of range is refused by name before a worker is started", arguments: [-1, 5_001])
    func flushWindow(microseconds: Int) async throws {
        let refused = await failure {
            _ = try await Worker.start(WorkerSettings(flushWindow: .microseconds(microseconds))) { handler in
                Issue.record("a channel was opened")
                return SilentChannel(handler: handler) { _, completion in completion(.success(.done)) }
            }
        }
        #expect(refused?.code == .invalidArgument)
        #expect(refused?.message.contains("flushWindow") == true)
    }

    @Test("A program that is not there is named in the error")
    func noProgram() async throws {
        let refused = await failure { _ = try await Worker.start(WorkerSettings(workerBinary: "/no/such/worker")) }
        #expect(refused?.code == .workerStart)
        #expect(refused?.message.contains("/no/such/worker") == true)
    }
}

/// A channel that answers as it is told, or not at all.
private final class SilentChannel: WorkerChannel {
    typealias Completion = @Sendable (Result<ControlReply, SwiftletError>) -> Void

    private struct State {
        var pending: [Completion] = []
        var isClosed = false
    }

    let pid: Int32 = 17
    private let handler: @Sendable (WorkerChannelEvent) -> Void
    private let answer: @Sendable (ControlRequest, @escaping Completion) -> Void
    private let state = Mutex(State())

    init(
        handler: @escaping @Sendable (WorkerChannelEvent) -> Void,
        answer: @escaping @Sendable (ControlRequest, @escaping Completion) -> Void
    ) {
        (self.handler, self.answer) = (handler, answer)
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func send(_ request: ControlRequest, completion: @escaping Completion) {
        let once = Once(completion)
        state.withLock { $0.pending.append { once.call($0) } }
        answer(request) { once.call($0) }
    }

    func close() {
        let pending = state.withLock { state -> [Completion] in
            state.isClosed = true
            defer { state.pending = [] }
            return state.pending
        }
        for completion in pending { completion(.failure(SwiftletError(.workerLost, "closed"))) }
        handler(.ended(reason: "closed"))
        handler(.exited(status: "exited(0)"))
    }

    private final class Once: Sendable {
        private let completion: Mutex<Completion?>

        init(_ completion: @escaping Completion) { self.completion = Mutex(completion) }

        func call(_ result: Result<ControlReply, SwiftletError>) { completion.withLock { $0.take() }?(result) }
    }
}
