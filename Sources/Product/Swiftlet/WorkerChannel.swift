// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl

/// What joins a host to one worker: a process over a socketpair, a thread of this process, or a test's script.
///
/// It calls its handler, and the completions of its requests, one at a time and in the order in which the worker
/// spoke. Neither ever waits.
package protocol WorkerChannel: Sendable {
    /// The worker's process.
    var pid: Int32 { get }

    /// Asks the worker; `completion` is called exactly once, with ``SwiftletError/Code/workerLost`` when the worker ends
    /// first.
    func send(
        _ request: ControlRequest,
        completion: @escaping @Sendable (Result<ControlReply, SwiftletError>) -> Void
    )

    /// Ends the worker; asking again does nothing. The handler still hears ``WorkerChannelEvent/exited(status:)``.
    func close()
}

/// What a channel tells unasked.
package enum WorkerChannelEvent: Sendable {
    case notification(ControlNotification)
    /// The channel is at its end and nothing more will be heard; said once, after every pending request was failed.
    case ended(reason: String)
    /// The process or thread is gone; said once, behind ``ended(reason:)``, with how it went, for people.
    case exited(status: String)
}
