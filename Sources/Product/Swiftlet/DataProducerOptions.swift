// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// What a data producer is made with.
public struct DataProducerOptions: Sendable {
    /// Bytes of a label or protocol.
    public static let maximumNameBytes = 1024

    /// The stream that the peer's messages come on, and how; needed on every transport but a direct one, which has no
    /// streams.
    public var sctpStreamParameters: SctpStreamParameters?
    /// What the messages are for, in the application's words; at most ``maximumNameBytes``.
    public var label: String
    /// The protocol that the messages follow, in the application's words; at most ``maximumNameBytes``.
    public var `protocol`: String
    /// A name of the application's choice, unique in the router; without one it is made.
    public var id: String?
    /// Whether it starts paused.
    public var paused: Bool
    /// The application's own data.
    public var appData: JSONValue

    /// Options for a data producer, all of them with a default.
    public init(
        sctpStreamParameters: SctpStreamParameters? = nil,
        label: String = "",
        protocol: String = "",
        id: String? = nil,
        paused: Bool = false,
        appData: JSONValue = [:]
    ) {
        (self.sctpStreamParameters, self.label, self.protocol) = (sctpStreamParameters, label, `protocol`)
        (self.id, self.paused, self.appData) = (id, paused, appData)
    }
}
