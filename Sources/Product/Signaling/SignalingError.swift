// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Why a request was refused, as protoo says it.
package struct SignalingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Like an HTTP status: 400 for a request that makes no sense, 404 for an unknown object, 500 for the rest.
    package var code: Int
    /// Why, for people.
    package var reason: String

    /// A refusal.
    package init(_ code: Int, _ reason: String) { (self.code, self.reason) = (code, reason) }

    package var description: String { "\(code): \(reason)" }
}
