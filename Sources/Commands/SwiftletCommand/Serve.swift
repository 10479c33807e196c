// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import Foundation
import Logging
import SwiftletServer
import SystemPackage

/// `swiftlet serve`: a whole node, until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve meetings: the page, signalling and media.",
        discussion: """
            Every option can also be set by the environment, SWIFTLET_MEDIA_PORT for --media-port and so on, or in a \
            YAML file, mediaPort there; options win over the environment, and that over the file. Lists have plural \
            names there: announcedAddresses in a file, SWIFTLET_ANNOUNCED_ADDRESSES, with semicolons between, in the \
            environment.
            """
    )

    @Option(help: "YAML file with settings.") var config: String?
    @Option(help: "Address that HTTP listens on. (default: 127.0.0.1)") var host: String?
    @Option(help: "Port of HTTP. (default: 8080)") var port: Int?
    @Option(help: "Port of metrics for Prometheus, at /metrics. (default: none)") var metricsPort: Int?
    @Option(help: "Address that metrics listen on. (default: 127.0.0.1)") var metricsHost: String?
    @Option(help: "PEM file with the certificate chain for TLS.") var tlsCert: String?
    @Option(help: "PEM file with the key for TLS.") var tlsKey: String?
    @Flag(help: "Speak TLS with a certificate made at start; browsers warn about it.") var tlsSelfSigned = false
    @Flag(help: "Allow other machines in, though there are no access tokens yet.") var insecure = false
    @Flag(help: "Serve the local network: --host 0.0.0.0 --tls-self-signed --insecure.") var lan = false
    @Option(name: .customLong("allow-origin"), help: "Origin whose pages may connect, or *; repeatable.")
    var allowOrigins: [String] = []
    @Option(help: "UDP and TCP port of the first worker's media; others follow. (default: 44444)") var mediaPort: Int?
    @Option(
        name: .customLong("media-address"),
        help: "Address that media listens on; repeatable. (default: all of this machine)"
    )
    var mediaAddresses: [String] = []
    @Option(
        name: .customLong("announced-address"),
        help: "Public address or host name to tell clients, in the order of the media addresses; repeatable."
    )
    var announcedAddresses: [String] = []
    @Option(help: "Number of media workers. (default: one per core)") var workers: Int?
    @Option(help: "Microseconds that packets wait for others to the same viewer, 0 to 5000. (default: 0)")
    var flushWindow: Int?
    @Option(help: "Path of the swiftlet-worker program. (default: beside this one)") var workerBinary: String?
    @Option(
        name: .customLong("ice-server"),
        help: "STUN or TURN server for clients, as URL or URL,username,credential; repeatable."
    )
    var iceServers: [String] = []
    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)") var logLevel: String?
    @Option(help: "Rooms at most. (default: 1000)") var maxRooms: Int?
    @Option(help: "Peers in a room at most. (default: 100)") var maxPeersPerRoom: Int?
    @Option(help: "Peers at most. (default: 5000)") var maxPeers: Int?
    @Option(help: "Transports of a peer at most. (default: 8)") var maxTransportsPerPeer: Int?
    @Option(help: "Producers of a peer at most. (default: 16)") var maxProducersPerPeer: Int?
    @Option(help: "Data producers of a peer at most. (default: 8)") var maxDataProducersPerPeer: Int?
    @Option(help: "Bytes of a message on a data channel at most. (default: 262144)") var maxMessageSize: Int?
    @Option(help: "Seconds that a room's chat is kept once everybody has left. (default: 60)") var chatRetention: Int?
    @Option(help: "TCP connections at most. (default: 20000)") var maxConnections: Int?

    func run() async throws {
        do {
            let settings = try ServerSettings(reading: try await reader())
            LoggingSystem.bootstrap { LogfmtHandler(label: $0, level: settings.logLevel) }
            let server = try SignalingServer(settings: settings, logger: Logger(label: "swiftlet")) { running in
                FileHandle.standardOutput.write(Data(Self.greeting(running).utf8))
            }
            try await server.run()
        } catch let error as SettingsError {
            FileHandle.standardError.write(Data("swiftlet: \(error.message)\n".utf8))
            throw ExitCode(78)  // EX_CONFIG of sysexits.h.
        }
    }

    /// What a person sees once the server is up.
    static func greeting(_ running: SignalingServer.Running) -> String {
        var text = "Swiftlet is running. Media: \(running.media).\n"
        if !running.addressesLeftOut.isEmpty {
            text +=
                "Not listening on \(running.addressesLeftOut.joined(separator: ", ")); choose with --media-address.\n"
        }
        text += running.hasPage ? "Open " : "Signalling only, no page is installed: "
        text += running.urls.joined(separator: "\n  or ") + "\n"
        if let metrics = running.metricsURL { text += "Metrics: \(metrics)\n" }
        return text + "Stop with Ctrl-C.\n"
    }

    /// The settings from options, environment and file, in this order.
    private func reader() async throws -> ConfigReader {
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "options", values: options),
            EnvironmentVariablesProvider(arraySeparator: ";").prefixKeys(with: "swiftlet"),
        ]
        if let path = config ?? ProcessInfo.processInfo.environment["SWIFTLET_CONFIG"] {
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(path)))
            } catch {
                throw ValidationError("config \(path) cannot be read as YAML: \(error)")
            }
        }
        return ConfigReader(providers: providers)
    }

    private var options: [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        func set(_ name: String, _ content: ConfigContent?) {
            if let content { values[AbsoluteConfigKey([name])] = ConfigValue(content, isSecret: name == "iceServers") }
        }
        let texts = [
            "host": host, "metricsHost": metricsHost, "tlsCert": tlsCert, "tlsKey": tlsKey,
            "workerBinary": workerBinary, "logLevel": logLevel,
        ]
        for (name, value) in texts { set(name, value.map { .string($0) }) }
        let numbers = [
            "port": port, "metricsPort": metricsPort, "mediaPort": mediaPort, "workers": workers,
            "flushWindow": flushWindow, "maxRooms": maxRooms,
            "maxPeersPerRoom": maxPeersPerRoom, "maxPeers": maxPeers, "maxTransportsPerPeer": maxTransportsPerPeer,
            "maxProducersPerPeer": maxProducersPerPeer, "maxDataProducersPerPeer": maxDataProducersPerPeer,
            "maxMessageSize": maxMessageSize, "chatRetention": chatRetention, "maxConnections": maxConnections,
        ]
        for (name, value) in numbers { set(name, value.map { .int($0) }) }
        for (name, value) in ["tlsSelfSigned": tlsSelfSigned, "insecure": insecure, "lan": lan] where value {
            set(name, .bool(true))
        }
        let lists = [
            "allowOrigins": allowOrigins, "mediaAddresses": mediaAddresses, "announcedAddresses": announcedAddresses,
            "iceServers": iceServers,
        ]
        for (name, value) in lists where !value.isEmpty { set(name, .stringArray(value)) }
        return values
    }
}
