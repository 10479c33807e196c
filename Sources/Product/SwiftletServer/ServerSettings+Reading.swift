// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import Configuration
import Logging

extension ServerSettings {
    /// Reads settings under their names in camel case: `mediaPort`, `tlsSelfSigned`, `iceServers` and so on.
    ///
    /// - Parameter reader: Where they come from; what is absent stays at its default.
    /// - Throws: ``SettingsError`` for a value of the wrong form.
    public init(reading reader: ConfigReader) throws(SettingsError) {
        self.init()
        let source = SettingsSource(reader: reader)
        if let value = reader.string(forKey: "host") { host = value }
        if let value = try source.int("port") { port = value }
        metricsPort = try source.int("metricsPort")
        if let value = reader.string(forKey: "metricsHost") { metricsHost = value }
        if try source.bool("insecure") == true { insecure = true }
        if let value = reader.stringArray(forKey: "allowOrigins") { allowedOrigins = value }
        if let value = try source.int("mediaPort") { mediaPort = value }
        if let value = reader.stringArray(forKey: "mediaAddresses") { mediaAddresses = value }
        if let value = reader.stringArray(forKey: "announcedAddresses") { announcedAddresses = value }
        workers = try source.int("workers")
        if let value = try source.int("flushWindow") { flushWindow = value }
        workerBinary = reader.string(forKey: "workerBinary")
        for text in reader.stringArray(forKey: "iceServers", isSecret: true) ?? [] {
            iceServers.append(try IceServerSetting(parsing: text))
        }
        if let value = reader.string(forKey: "logLevel") {
            guard let level = Logger.Level(rawValue: value) else {
                let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw SettingsError("log-level \(value) is none of \(levels)")
            }
            logLevel = level
        }
        try readTLS(source)
        try readLimits(source)
        if try source.bool("lan") == true { openToLocalNetwork() }
    }

    private mutating func readTLS(_ source: SettingsSource) throws(SettingsError) {
        switch (source.reader.string(forKey: "tlsCert"), source.reader.string(forKey: "tlsKey")) {
        case (let certificate?, let key?): tls = .files(certificate: certificate, key: key)
        case (nil, nil): if try source.bool("tlsSelfSigned") == true { tls = .selfSigned }
        default: throw SettingsError("tls-cert and tls-key belong together: one of them is missing")
        }
    }

    private mutating func readLimits(_ source: SettingsSource) throws(SettingsError) {
        if let value = try source.int("maxRooms") { limits.rooms = value }
        if let value = try source.int("maxPeersPerRoom") { limits.peersPerRoom = value }
        if let value = try source.int("maxPeers") { limits.peers = value }
        if let value = try source.int("maxTransportsPerPeer") { limits.transportsPerPeer = value }
        if let value = try source.int("maxProducersPerPeer") { limits.producersPerPeer = value }
        if let value = try source.int("maxDataProducersPerPeer") { limits.dataProducersPerPeer = value }
        if let value = try source.int("maxMessageSize") { limits.messageBytes = value }
        if let value = try source.int("chatRetention") { limits.chatRetention = value }
        if let value = try source.int("maxConnections") { limits.connections = value }
    }
}

/// Reads numbers and switches so that a value of the wrong form is an error, not a default.
private struct SettingsSource {
    let reader: ConfigReader

    func int(_ key: ConfigKey) throws(SettingsError) -> Int? {
        if let value = reader.int(forKey: key) { return value }
        if let text = reader.string(forKey: key) { throw SettingsError("\(key): \"\(text)\" is not a whole number") }
        return nil
    }

    func bool(_ key: ConfigKey) throws(SettingsError) -> Bool? {
        if let value = reader.bool(forKey: key) { return value }
        if let text = reader.string(forKey: key) {
            throw SettingsError("\(key): \"\(text)\" is neither true nor false")
        }
        return nil
    }
}
