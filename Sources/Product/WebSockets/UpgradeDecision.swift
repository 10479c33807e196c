// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a server answers to a request for a WebSocket.
public enum UpgradeDecision: Sendable {
    /// Open it, with this sub-protocol of those the client offered.
    ///
    /// The ticket goes with the connection to whoever serves it.
    case accept(subprotocol: String?, ticket: (any Sendable)? = nil)
    /// Answer with an HTTP status and close; the reason is the body.
    case refuse(status: Int, reason: String)
}
