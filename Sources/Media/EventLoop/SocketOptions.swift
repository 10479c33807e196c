// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// What a socket should be like.
package struct SocketOptions: Sendable {
    /// Bytes of kernel buffer asked for in each direction where nothing else is said: 4 MiB, about 30 ms of a
    /// gigabit link.
    package static let defaultBufferSize = 4 << 20

    /// The address to bind; port 0 lets the system or ``portRange`` choose.
    package var address: SocketAddress
    /// Ports to choose from at random when the address names none.
    package var portRange: ClosedRange<UInt16>?
    package var sendBufferSize = Self.defaultBufferSize
    package var receiveBufferSize = Self.defaultBufferSize
    /// Whether an IPv6 socket refuses IPv4.
    package var ipv6Only = false
    /// Whether several sockets may share the port.
    package var reusePort = false

    package init(address: SocketAddress) { self.address = address }
}
