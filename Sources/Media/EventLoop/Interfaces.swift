// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CNetwork
package import SwiftletWire

/// The addresses of this host's network interfaces that are up.
package enum Interfaces {
    /// Addresses looked at, at most.
    static let limit = 256

    /// All addresses, loopback included, IPv6 link-local ones left out; port 0.
    package static func addresses() -> [SocketAddress] {
        var found = [cnet_address](repeating: cnet_address(), count: limit)
        let count = unsafe cnet_interface_addresses(&found, Int32(limit))
        guard count > 0 else { return [] }
        var unique: [SocketAddress] = []
        for address in found.prefix(min(Int(count), limit)).map({ SocketAddress($0) })
        where !(address.isIPv6 && address.isLinkLocal) && !unique.contains(address) {
            unique.append(address)
        }
        return unique
    }
}

extension SocketAddress {
    init(_ address: cnet_address) {
        if address.is_ipv6 {
            self.init(ipv6: address.high, address.low, scope: address.scope, port: address.port)
        } else {
            self.init(ipv4: UInt32(truncatingIfNeeded: address.low), port: address.port)
        }
    }
}

extension cnet_address {
    init(_ address: SocketAddress) {
        self.init(
            high: address.high,
            low: address.low,
            scope: address.scope,
            port: address.port,
            is_ipv6: address.isIPv6
        )
    }
}
