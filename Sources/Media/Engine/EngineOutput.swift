// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl
package import SwiftletWire

/// What an engine wants done or known, besides the packets that ``Engine/transmit(into:now:)`` writes.
package enum EngineOutput: Sendable {
    /// Tell the host.
    case notify(ControlNotification)
    /// Close a bound socket or a listener, with every connection it accepted that is still open.
    case closeSocket(SocketID)
    /// Close one TCP connection.
    case closeConnection(SocketID)
}
