// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// A data channel that a peer opened in band, RFC 8832.
public struct InBandDataChannel: Codable, Hashable, Sendable {
    /// The stream, and how the peer's messages travel on it.
    public var sctpStreamParameters: SctpStreamParameters
    /// The channel's label.
    public var label: String
    /// The channel's protocol.
    public var `protocol`: String

    /// A value made of its parts.
    public init(sctpStreamParameters: SctpStreamParameters, label: String, protocol: String) {
        (self.sctpStreamParameters, self.label, self.protocol) = (sctpStreamParameters, label, `protocol`)
    }
}
