// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import SwiftletCrypto
import Synchronization

/// The threads on which clients' media runs: a few for thousands of clients.
///
/// Each client belongs to one of them for its life. ``shared`` is there for most; a load tester makes its own.
public final class MediaThreads: Sendable {
    /// One thread for every two cores, but at least one; started with the first client, never stopped.
    public static let shared = MediaThreads(count: max(1, ProcessInfo.processInfo.activeProcessorCount / 2))

    /// How many threads.
    public let count: Int

    private enum State {
        case idle
        case running([MediaMailbox])
        case stopped
    }

    private let state = Mutex(State.idle)
    private let nextClient = Atomic<Int>(0)

    /// - Parameter count: How many threads, at least one; they start with the first client.
    public init(count: Int) { self.count = max(1, count) }

    /// Lets this process have as many sockets as the system allows it.
    ///
    /// A client takes three, and the usual limit of 1024 ends at some 340 clients: the first client of a process calls it.
    ///
    /// - Returns: How many files and sockets there may be from now on.
    @discardableResult
    public static func raiseSocketLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        let isRaised = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return Int(clamping: isRaised ? limit.rlim_cur : before)
    }

    /// The certificate of all clients of this process: made once, since a key costs more than a client.
    static let certificate = Result<Certificate, CertificateError> { () throws(CertificateError) in
        try Certificate.generate(unixSeconds: Int64(Date().timeIntervalSince1970), commonName: "SwiftletClient")
    }

    /// Ends the threads; their clients get nothing any more, so they should have left.
    public func stop() {
        let mailboxes = state.withLock { state in
            defer { state = .stopped }
            guard case .running(let mailboxes) = state else { return [MediaMailbox]() }
            return mailboxes
        }
        for mailbox in mailboxes { mailbox.end() }
    }

    /// How late the threads did what was due: what this machine adds to every delay that its clients measure.
    public func lag() async -> DelayHistogram {
        let mailboxes = state.withLock { state in
            if case .running(let mailboxes) = state { mailboxes } else { [MediaMailbox]() }
        }
        var whole = DelayHistogram()
        for mailbox in mailboxes {
            whole.merge(
                await withCheckedContinuation { continuation in
                    mailbox.post { loop in continuation.resume(returning: loop.lag) }
                }
            )
        }
        return whole
    }

    /// Done once, by the first client.
    private static let socketLimit = raiseSocketLimit()

    /// Gives a new client a number and a thread.
    func place() throws(SwiftletClientError) -> (id: Int, mailbox: MediaMailbox) {
        _ = Self.socketLimit
        let id = nextClient.wrappingAdd(1, ordering: .relaxed).newValue
        let mailboxes = try running()
        return (id, mailboxes[id % mailboxes.count])
    }

    private func running() throws(SwiftletClientError) -> [MediaMailbox] {
        let result: Result<[MediaMailbox], SwiftletClientError> = state.withLock { state in
            switch state {
            case .running(let mailboxes): return .success(mailboxes)
            case .stopped: return .failure(SwiftletClientError(.closed, "the media threads were stopped"))
            case .idle:
                do throws(SwiftletClientError) {
                    let mailboxes = try start()
                    state = .running(mailboxes)
                    return .success(mailboxes)
                } catch {
                    return .failure(error)
                }
            }
        }
        return try result.get()
    }

    private func start() throws(SwiftletClientError) -> [MediaMailbox] {
        let certificate: Certificate
        do throws(CertificateError) {
            certificate = try Self.certificate.get()
        } catch {
            throw SwiftletClientError(.resources, "no certificate: \(error)")
        }
        var mailboxes: [MediaMailbox] = []
        for index in 0..<count {
            let mailbox = try MediaMailbox()
            let thread = Thread {
                guard let loop = try? MediaLoop(mailbox: mailbox, certificate: certificate) else { return }
                loop.run()
            }
            thread.name = "swiftlet-client-\(index)"
            thread.stackSize = 4 << 20
            thread.start()
            mailboxes.append(mailbox)
        }
        return mailboxes
    }
}

/// A client's way to its session.
struct SessionHandle: Sendable {
    let id: Int
    let mailbox: MediaMailbox

    /// Does something with the session, on its thread.
    func post(_ body: @escaping @Sendable (MediaLoop, Int) -> Void) {
        let id = id
        mailbox.post { loop in body(loop, id) }
    }

    /// Does something with the session, on its thread, and waits for what comes of it; `nil` when the session is gone.
    func perform<Result: Sendable>(
        _ body: @escaping @Sendable (MediaLoop, Int) -> Result
    ) async -> Result {
        let id = id
        return await withCheckedContinuation { continuation in
            mailbox.post { loop in continuation.resume(returning: body(loop, id)) }
        }
    }
}
