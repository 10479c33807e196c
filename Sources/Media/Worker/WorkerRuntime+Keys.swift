// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto
import SwiftletEngine
import SwiftletEventLoop
package import SwiftletWire

/// For benchmarks, in which handshakes do not matter.
extension WorkerRuntime {
    /// Makes a transport ready without ICE or DTLS: packets between the first socket and `remote` are its own.
    ///
    /// - Returns: Whether there is an engine and a socket.
    package func startWithKeys(transportId: String, keys: SRTPKeyingMaterial, remote: SocketAddress) -> Bool {
        guard let engine, let socket = loop.firstSocket else { return false }
        let tuple = Tuple(socket: socket, remote: remote)
        engine.startWithKeys(transportId: transportId, keys: keys, tuple: tuple, now: loop.now)
        return true
    }
}
