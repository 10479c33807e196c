// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// A socket that could not be opened.
package struct SocketError: Error, Sendable {
    /// What was asked for.
    package enum Operation: String, Sendable {
        case bind
        case listen
        case epoll
    }

    package let operation: Operation
    /// The address, or `nil` where none was involved.
    package let address: SocketAddress?
    /// The system's `errno`.
    package let errno: Int32

    package init(_ operation: Operation, _ address: SocketAddress?, errno: Int32) {
        (self.operation, self.address, self.errno) = (operation, address, errno)
    }
}
