// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a transport's packets travel over.
public enum TransportProtocol: String, Codable, Hashable, Sendable, CaseIterable {
    case udp
    case tcp
}

/// An inclusive range of ports; 0 to 0 stands for the worker's.
public struct TransportPortRange: Codable, Hashable, Sendable {
    /// The first port.
    public var min: UInt16
    /// The last port.
    public var max: UInt16

    /// Makes a range.
    public init(min: UInt16 = 0, max: UInt16 = 0) { (self.min, self.max) = (min, max) }
}

/// Options of a listening socket.
public struct TransportSocketFlags: Codable, Hashable, Sendable {
    /// Whether an IPv6 socket refuses IPv4.
    public var ipv6Only: Bool
    /// Whether several sockets may share a UDP port.
    public var udpReusePort: Bool

    /// Makes socket options.
    public init(ipv6Only: Bool = false, udpReusePort: Bool = false) {
        (self.ipv6Only, self.udpReusePort) = (ipv6Only, udpReusePort)
    }

    /// Reads socket options, absent ones as off.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        ipv6Only = try container.decodeIfPresent(Bool.self, forKey: .ipv6Only) ?? false
        udpReusePort = try container.decodeIfPresent(Bool.self, forKey: .udpReusePort) ?? false
    }
}

/// Where a transport or server listens, and what it says of it.
public struct TransportListenInfo: Codable, Hashable, Sendable {
    /// The transport protocol.
    public var `protocol`: TransportProtocol
    /// The address to bind.
    public var ip: String
    /// The address or host name to tell clients in its place; needed where ``ip`` is 0.0.0.0 or ::.
    public var announcedAddress: String?
    /// Whether to tell clients of ``ip`` beside ``announcedAddress``.
    public var exposeInternalIp: Bool
    /// The port to bind; 0 picks one of ``portRange``.
    public var port: UInt16
    /// The ports to pick from.
    public var portRange: TransportPortRange
    /// Options of the socket.
    public var flags: TransportSocketFlags
    /// The kernel's send buffer in bytes; absent, the worker's default.
    public var sendBufferSize: Int?
    /// The kernel's receive buffer in bytes; absent, the worker's default.
    public var recvBufferSize: Int?

    /// Makes a place to listen.
    public init(
        protocol: TransportProtocol,
        ip: String,
        announcedAddress: String? = nil,
        exposeInternalIp: Bool = false,
        port: UInt16 = 0,
        portRange: TransportPortRange = TransportPortRange(),
        flags: TransportSocketFlags = TransportSocketFlags(),
        sendBufferSize: Int? = nil,
        recvBufferSize: Int? = nil
    ) {
        (self.protocol, self.ip, self.announcedAddress) = (`protocol`, ip, announcedAddress)
        (self.exposeInternalIp, self.port, self.portRange) = (exposeInternalIp, port, portRange)
        (self.flags, self.sendBufferSize, self.recvBufferSize) = (flags, sendBufferSize, recvBufferSize)
    }

    /// Reads a place to listen, absent settings at their defaults.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        `protocol` = try container.decode(TransportProtocol.self, forKey: .protocol)
        ip = try container.decode(String.self, forKey: .ip)
        announcedAddress = try container.decodeIfPresent(String.self, forKey: .announcedAddress)
        exposeInternalIp = try container.decodeIfPresent(Bool.self, forKey: .exposeInternalIp) ?? false
        port = try container.decodeIfPresent(UInt16.self, forKey: .port) ?? 0
        portRange = try container.decodeIfPresent(TransportPortRange.self, forKey: .portRange) ?? TransportPortRange()
        flags = try container.decodeIfPresent(TransportSocketFlags.self, forKey: .flags) ?? TransportSocketFlags()
        sendBufferSize = try container.decodeIfPresent(Int.self, forKey: .sendBufferSize)
        recvBufferSize = try container.decodeIfPresent(Int.self, forKey: .recvBufferSize)
    }
}

/// The two ends of the path that a transport uses.
public struct TransportTuple: Codable, Hashable, Sendable {
    /// Our address, or the one announced in its place.
    public var localAddress: String
    /// Our port.
    public var localPort: UInt16
    /// The peer's address, once it is known.
    public var remoteIp: String?
    /// The peer's port, once it is known.
    public var remotePort: UInt16?
    /// The transport protocol.
    public var `protocol`: TransportProtocol

    /// Makes a tuple.
    public init(
        localAddress: String,
        localPort: UInt16,
        remoteIp: String? = nil,
        remotePort: UInt16? = nil,
        protocol: TransportProtocol = .udp
    ) {
        (self.localAddress, self.localPort) = (localAddress, localPort)
        (self.remoteIp, self.remotePort, self.protocol) = (remoteIp, remotePort, `protocol`)
    }
}
