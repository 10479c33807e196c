// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a client needs to authenticate its ICE checks (RFC 8445 §5.3).
public struct IceParameters: Codable, Hashable, Sendable {
    /// The user name fragment.
    public var usernameFragment: String
    /// The password.
    public var password: String
    /// Whether this side only answers checks (RFC 8445 §2.5).
    public var iceLite: Bool?

    /// Makes ICE parameters.
    public init(usernameFragment: String, password: String, iceLite: Bool? = nil) {
        (self.usernameFragment, self.password, self.iceLite) = (usernameFragment, password, iceLite)
    }
}

/// One address at which a transport can be reached.
public struct IceCandidate: Codable, Hashable, Sendable {
    /// How an address was found; a server has host candidates only.
    public enum CandidateType: String, Codable, Hashable, Sendable, CaseIterable {
        case host
        case srflx
        case prflx
        case relay
    }

    /// Who opens the connection of a TCP candidate (RFC 6544).
    public enum TcpType: String, Codable, Hashable, Sendable, CaseIterable {
        case active
        case passive
        case so
    }

    /// Equal for candidates of one kind and base.
    public var foundation: String
    /// The higher, the sooner it is tried.
    public var priority: UInt32
    /// An IP address or a host name.
    public var address: String
    /// The transport protocol.
    public var `protocol`: TransportProtocol
    /// The port.
    public var port: UInt16
    /// How the address was found.
    public var type: CandidateType
    /// Who opens the connection, with TCP.
    public var tcpType: TcpType?

    /// Makes a candidate.
    public init(
        foundation: String,
        priority: UInt32,
        address: String,
        protocol: TransportProtocol,
        port: UInt16,
        type: CandidateType = .host,
        tcpType: TcpType? = nil
    ) {
        (self.foundation, self.priority, self.address) = (foundation, priority, address)
        (self.protocol, self.port, self.type, self.tcpType) = (`protocol`, port, type, tcpType)
    }

    private enum CodingKeys: String, CodingKey {
        case foundation, priority, address, ip, `protocol`, port, type, tcpType
    }

    /// Reads a candidate whose address stands under `address` or, from older peers, under `ip`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        foundation = try container.decode(String.self, forKey: .foundation)
        priority = try container.decode(UInt32.self, forKey: .priority)
        let address = try container.decodeIfPresent(String.self, forKey: .address)
        self.address = try address ?? container.decode(String.self, forKey: .ip)
        `protocol` = try container.decode(TransportProtocol.self, forKey: .protocol)
        port = try container.decode(UInt16.self, forKey: .port)
        type = try container.decodeIfPresent(CandidateType.self, forKey: .type) ?? .host
        tcpType = try container.decodeIfPresent(TcpType.self, forKey: .tcpType)
    }

    /// Writes a candidate, its address under `address` and, for older peers, under `ip` too.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(foundation, forKey: .foundation)
        try container.encode(priority, forKey: .priority)
        try container.encode(address, forKey: .address)
        try container.encode(address, forKey: .ip)
        try container.encode(`protocol`, forKey: .protocol)
        try container.encode(port, forKey: .port)
        try container.encode(type, forKey: .type)
        try container.encodeIfPresent(tcpType, forKey: .tcpType)
    }
}

/// Which side nominates the path; a server is always controlled.
public enum IceRole: String, Codable, Hashable, Sendable, CaseIterable {
    case controlled
    case controlling
}

/// How far a transport's ICE has come.
public enum IceState: String, Codable, Hashable, Sendable, CaseIterable {
    /// No valid check has arrived.
    case new
    /// A valid check has arrived; media may flow.
    case connected
    /// The client has nominated a path.
    case completed
    /// Consent is lost, or the selected TCP connection ended.
    case disconnected
    case closed
}
