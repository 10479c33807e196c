// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// A local address that a worker listens on.
public struct ListenAddress: Codable, Hashable, Sendable {
    /// The protocol it listens with.
    public var `protocol`: TransportProtocol
    /// The bound address.
    public var ip: String
    /// The port it got.
    public var port: UInt16

    /// An address and port that are bound.
    public init(protocol: TransportProtocol, ip: String, port: UInt16) {
        (self.protocol, self.ip, self.port) = (`protocol`, ip, port)
    }
}

extension TransportListenInfo {
    /// Listen infos that one server or transport may have: UDP and TCP on sixteen addresses.
    package static let maximumCount = 32
}
