// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Swiftlet

/// Chooses the addresses that media listens on, and what clients are told of them.
package struct MediaAddresses: Sendable, CustomStringConvertible {
    /// Addresses at most: a UDP and a TCP socket each, for every worker.
    package static let maximumCount = 8

    /// Where to listen, the best first, without ports.
    package private(set) var places: [(ip: String, announced: String?, exposesIP: Bool)] = []
    /// Addresses of this machine that were one too many.
    package private(set) var leftOut: [String] = []

    /// Chooses from the settings, or from every address of this machine.
    ///
    /// - Throws: ``SettingsError`` when nothing is left to listen on, or more is announced than listened on.
    package init(settings: ServerSettings, machine: [SocketAddress]) throws(SettingsError) {
        var addresses = settings.mediaAddresses
        let isAutomatic = addresses.isEmpty
        if isAutomatic {
            let usable = machine.compactMap { address in
                Self.rank(address).map { (rank: $0, ip: address.ipAddress ?? "") }
            }
            var seen: Set<String> = []
            for rank in 0...3 {
                addresses += usable.filter { $0.rank == rank && !$0.ip.isEmpty && seen.insert($0.ip).inserted }.map(
                    \.ip
                )
            }
        }
        guard !addresses.isEmpty else { throw SettingsError("no address for media: name one with --media-address") }
        for address in addresses where (try? SocketAddress(ipAddress: address, port: 0)) == nil {
            throw SettingsError("media-address \(address) is no IP address")
        }
        // Loopback is ranked last, and is what a browser on this machine without a network needs: it keeps its place.
        let loopback = isAutomatic ? addresses.filter { Self.isLoopback($0) }.prefix(2) : []
        let others = addresses.filter { !loopback.contains($0) }
        let kept = others.prefix(Self.maximumCount - loopback.count) + loopback
        leftOut = addresses.filter { !kept.contains($0) }

        var announced = settings.announcedAddresses[...]
        for ip in kept {
            let isV6 = ip.contains(":")
            // A host name fits either family.
            let index = announced.firstIndex { name in
                (try? SocketAddress(ipAddress: name, port: 0)).map { ($0.protocol == .inet6) == isV6 } ?? true
            }
            // Of an address found by itself its own stays known, for clients on this side of a NAT; of one that was
            // named, what is announced takes its place.
            let place = (ip, index.map { announced[$0] }, isAutomatic && !["0.0.0.0", "::"].contains(ip))
            if let index { announced.remove(at: index) }
            places.append((ip: place.0, announced: place.1, exposesIP: place.2))
        }
        if let name = announced.first {
            throw SettingsError("announced-address \(name): there is no listen address left that it could stand for")
        }
    }

    /// Listen infos for one worker: UDP first.
    package func listenInfos(port: UInt16) -> [TransportListenInfo] {
        [TransportProtocol.udp, .tcp].flatMap { transport in
            places.map { place in
                TransportListenInfo(
                    protocol: transport,
                    ip: place.ip,
                    announcedAddress: place.announced,
                    exposeInternalIp: place.announced != nil && place.exposesIP,
                    port: port,
                    flags: TransportSocketFlags(ipv6Only: place.ip.contains(":"))
                )
            }
        }
    }

    /// The addresses, for people.
    package var description: String {
        places.map { place in
            guard let announced = place.announced else { return place.ip }
            return "\(place.ip) as \(announced)"
        }.joined(separator: ", ")
    }

    /// IPv4 before IPv6 before loopback; `nil` for what no client could use.
    package static func rank(_ address: SocketAddress) -> Int? {
        guard let ip = address.ipAddress else { return nil }
        switch address {
        case .v4:
            if ip.hasPrefix("169.254.") || ip == "0.0.0.0" || address.isMulticast { return nil }
            return ip.hasPrefix("127.") ? 2 : 0
        case .v6:
            // fe80::/10 is link-local.
            let isLinkLocal = ["fe8", "fe9", "fea", "feb"].contains(where: ip.lowercased().hasPrefix)
            if isLinkLocal || ip == "::" || address.isMulticast { return nil }
            return ip == "::1" ? 3 : 1
        case .unixDomainSocket:
            return nil
        }
    }

    /// The addresses of this machine.
    static func ofThisMachine() -> [SocketAddress] {
        ((try? System.enumerateDevices()) ?? []).compactMap(\.address)
    }

    private static func isLoopback(_ ip: String) -> Bool { ip.hasPrefix("127.") || ip == "::1" }
}
