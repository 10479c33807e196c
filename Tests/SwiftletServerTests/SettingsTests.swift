// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation
import Logging
import NIOCore
import SwiftletORTC
import SwiftletServer
import Testing

@Suite("Settings") struct SettingsTests {
    private static func read(
        _ values: [String: ConfigContent],
        environment: [String: String] = [:]
    ) throws -> ServerSettings {
        var keyed: [AbsoluteConfigKey: ConfigValue] = [:]
        for (name, content) in values { keyed[AbsoluteConfigKey([name])] = ConfigValue(content, isSecret: false) }
        return try ServerSettings(
            reading: ConfigReader(providers: [
                InMemoryProvider(values: keyed),
                EnvironmentVariablesProvider(environmentVariables: environment, arraySeparator: ";").prefixKeys(
                    with: "swiftlet"
                ),
            ])
        )
    }

    @Test("The defaults run on this machine alone, without TLS") func defaults() throws {
        let settings = try Self.read([:])
        #expect((settings.host, settings.port, settings.mediaPort) == ("127.0.0.1", 8_080, 44_444))
        #expect(settings.tls == .off)
        #expect((settings.limits.rooms, settings.limits.peersPerRoom, settings.limits.peers) == (1_000, 100, 5_000))
        #expect((settings.limits.dataProducersPerPeer, settings.limits.messageBytes) == (8, 262_144))
        #expect((settings.limits.chatRetention, settings.flushWindow) == (60, 0))
        try settings.validate()
    }

    @Test("The environment has every setting, and options win over it") func sources() throws {
        let environment = [
            "SWIFTLET_HOST": "::1", "SWIFTLET_MEDIA_PORT": "5000", "SWIFTLET_TLS_SELF_SIGNED": "true",
            "SWIFTLET_PORT": "1",
            "SWIFTLET_ANNOUNCED_ADDRESSES": "192.0.2.1;2001:db8::1", "SWIFTLET_MAX_ROOMS": "7",
            "SWIFTLET_ICE_SERVERS": "stun:s:3478;turn:t:3478,u,p,w", "SWIFTLET_LOG_LEVEL": "debug",
            "SWIFTLET_WORKERS": "3", "SWIFTLET_MAX_DATA_PRODUCERS_PER_PEER": "3",
            "SWIFTLET_MAX_MESSAGE_SIZE": "16777216",
            "SWIFTLET_CHAT_RETENTION": "0", "SWIFTLET_FLUSH_WINDOW": "500",
        ]
        let settings = try Self.read(["port": .int(2)], environment: environment)
        #expect((settings.host, settings.port, settings.mediaPort, settings.workers) == ("::1", 2, 5_000, 3))
        #expect(settings.tls == .selfSigned)
        #expect(settings.announcedAddresses == ["192.0.2.1", "2001:db8::1"])
        #expect(settings.limits.rooms == 7)
        #expect((settings.limits.dataProducersPerPeer, settings.limits.messageBytes) == (3, 16 << 20))
        #expect((settings.limits.chatRetention, settings.flushWindow) == (0, 500))
        try settings.validate()
        #expect(settings.logLevel == .debug)
        #expect(settings.iceServers.map(\.url) == ["stun:s:3478", "turn:t:3478"])
        #expect(settings.iceServers[1].credential == "p,w")
    }

    @Test(
        "A value of the wrong form is an error, not a default",
        arguments: [
            "port": "eighty", "insecure": "perhaps", "logLevel": "loud", "iceServers": "http://x",
            "tlsCert": "only-one.pem",
            "workers": "1.5",
        ]
    ) func wrongForm(name: String, text: String) {
        #expect(throws: SettingsError.self) {
            try Self.read([name: name == "iceServers" ? .stringArray([text]) : .string(text)])
        }
    }

    @Test("Other machines are let in only with TLS, and only who says that it is insecure") func insecure() throws {
        var settings = ServerSettings()
        settings.host = "0.0.0.0"
        #expect { try settings.validate() } throws: {
            ($0 as? SettingsError)?.message.contains("--tls-self-signed") == true
        }
        settings.insecure = true
        #expect(throws: SettingsError.self) { try settings.validate() }
        (settings.insecure, settings.tls) = (false, .selfSigned)
        #expect { try settings.validate() } throws: { ($0 as? SettingsError)?.message.contains("--insecure") == true }
        settings.insecure = true
        try settings.validate()
        let lan = try Self.read(["lan": .bool(true)])
        #expect((lan.host, lan.tls, lan.insecure) == ("0.0.0.0", .selfSigned, true))
        try lan.validate()
    }

    @Test("Ports and counts stay in their ranges") func ranges() {
        for change in [
            { $0.port = 70_000 }, { $0.port = -1 }, { $0.mediaPort = 0 }, { ($0.mediaPort, $0.workers) = (65_535, 2) },
            { $0.workers = 0 }, { $0.limits.rooms = 0 }, { $0.limits.dataProducersPerPeer = 0 },
            { $0.limits.messageBytes = 1_023 }, { $0.limits.messageBytes = (16 << 20) + 1 },
            { $0.limits.chatRetention = -1 }, { $0.limits.chatRetention = 86_401 }, { $0.flushWindow = -1 },
            { $0.flushWindow = 5_001 },
        ] as [(inout ServerSettings) -> Void] {
            var settings = ServerSettings()
            change(&settings)
            #expect(throws: SettingsError.self) { try settings.validate() }
        }
    }
}

@Suite("Where media listens") struct MediaAddressesTests {
    private static func addresses(_ texts: [String]) throws -> [SocketAddress] {
        try texts.map { try SocketAddress(ipAddress: $0, port: 0) }
    }

    @Test("Every address but link-local ones, IPv4 first and loopback last") func automatic() throws {
        let machine = try Self.addresses([
            "127.0.0.1", "::1", "fe80::1", "2001:db8::5", "169.254.3.4", "10.0.0.2", "10.0.0.2", "192.0.2.9",
        ])
        let chosen = try MediaAddresses(settings: ServerSettings(), machine: machine)
        #expect(chosen.places.map(\.ip) == ["10.0.0.2", "192.0.2.9", "2001:db8::5", "127.0.0.1", "::1"])
        #expect(chosen.leftOut.isEmpty)
        let infos = chosen.listenInfos(port: 44_444)
        #expect(infos.map(\.protocol) == Array(repeating: .udp, count: 5) + Array(repeating: .tcp, count: 5))
        #expect(infos.allSatisfy { $0.port == 44_444 && !$0.exposeInternalIp && $0.announcedAddress == nil })
    }

    @Test("Too many addresses lose the last ones, but not loopback") func tooMany() throws {
        let machine = try Self.addresses((1...20).map { "10.0.0.\($0)" } + ["127.0.0.1"])
        let chosen = try MediaAddresses(settings: ServerSettings(), machine: machine)
        #expect(chosen.places.count == MediaAddresses.maximumCount)
        #expect(chosen.places.last?.ip == "127.0.0.1")
        #expect(chosen.leftOut.count == 21 - MediaAddresses.maximumCount)
    }

    @Test("What is announced goes with the first address of its family") func announced() throws {
        var settings = ServerSettings()
        settings.announcedAddresses = ["2001:db8::99", "203.0.113.7"]
        let machine = try Self.addresses(["10.0.0.2", "2001:db8::5", "127.0.0.1"])
        let automatic = try MediaAddresses(settings: settings, machine: machine)
        #expect(automatic.places.map(\.announced) == ["203.0.113.7", "2001:db8::99", nil])
        // Found by itself: clients on this side of the NAT still hear of it.
        #expect(automatic.listenInfos(port: 1).prefix(2).allSatisfy { $0.exposeInternalIp })
        (settings.mediaAddresses, settings.announcedAddresses) = (["127.0.0.1"], ["relay.example.org"])
        let named = try MediaAddresses(settings: settings, machine: machine)
        #expect(named.places.map(\.announced) == ["relay.example.org"])
        #expect(!named.listenInfos(port: 1)[0].exposeInternalIp)
        settings.announcedAddresses.append("203.0.113.8")
        #expect(throws: SettingsError.self) { try MediaAddresses(settings: settings, machine: machine) }
    }

    @Test("What is no address is refused, and so is a machine without any") func wrong() throws {
        var settings = ServerSettings()
        #expect(throws: SettingsError.self) { try MediaAddresses(settings: settings, machine: []) }
        settings.mediaAddresses = ["eth0"]
        #expect(throws: SettingsError.self) { try MediaAddresses(settings: settings, machine: []) }
    }
}

@Suite("Who may come in") struct DoorTests {
    @Test("Places are counted by room and in all, and come back with the ticket") func admission() throws {
        var limits = ServerLimits()
        (limits.rooms, limits.peersPerRoom, limits.peers) = (2, 2, 3)
        let admission = Admission(limits: limits)
        var tickets: [Admission.Ticket] = []
        for (room, peer) in [("a", "1"), ("a", "2"), ("b", "1")] {
            tickets.append(try admission.admit(roomId: room, peerId: peer).get())
        }
        #expect(throws: Admission.Refusal(reason: "the room is full")) {
            _ = try admission.admit(roomId: "a", peerId: "3").get()
        }
        #expect(throws: Admission.Refusal(reason: "the server is full")) {
            _ = try admission.admit(roomId: "b", peerId: "2").get()
        }
        #expect(throws: Admission.Refusal(reason: "there are too many rooms")) {
            _ = try admission.admit(roomId: "c", peerId: "1").get()
        }
        // A peer that comes again replaces itself: it takes no second place, but not without end either.
        for _ in 1..<Admission.connectionsPerPeer {
            tickets.append(try admission.admit(roomId: "a", peerId: "1").get())
        }
        #expect(throws: Admission.Refusal.self) { _ = try admission.admit(roomId: "a", peerId: "1").get() }
        #expect(admission.counts == (2, 3))
        tickets = []
        #expect(admission.counts == (0, 0))
        #expect(throws: Never.self) { _ = try admission.admit(roomId: "c", peerId: "1").get() }
    }

    @Test(
        "Origins are compared by host and port",
        arguments: [
            ([], "a:8080", true), (["http://a:8080"], "a:8080", true), (["https://A"], "a", true),
            (["https://a:443"], "a", true),
            (["http://a"], "a:80", true), (["https://a"], "a:80", false), (["http://a:8081"], "a:8080", false),
            (["http://b:8080"], "a:8080", false), (["http://a.evil.example:8080"], "a:8080", false),
            (["null"], "a", false),
            (["http://a", "http://a"], "a", false), (["file://"], "", false),
            (["http://[::1]:8080"], "[::1]:8080", true),
            (["https://friend.example"], "a", true), (["ftp://a"], "a", false), ([""], "a", false),
        ] as [([String], String, Bool)]
    ) func origins(origins: [String], host: String, isWelcome: Bool) {
        let policy = UpgradePolicy(
            allowedOrigins: ["https://Friend.example"],
            admission: Admission(limits: ServerLimits())
        )
        #expect(policy.isWelcome(origins: origins, host: host) == isWelcome)
    }

    @Test("A star welcomes every page") func star() {
        let policy = UpgradePolicy(allowedOrigins: ["*"], admission: Admission(limits: ServerLimits()))
        #expect(policy.isWelcome(origins: ["https://anybody.example"], host: "a"))
    }
}

@Suite("Log lines") struct LogTests {
    @Test("A line holds what it should and ends once, whatever a peer is called") func line() {
        let line = LogfmtHandler.line(
            Date(timeIntervalSince1970: 0),
            .info,
            "peer joined",
            "swiftlet",
            ["room": "r", "peer": "a b=\"c\"\nlevel=error\\\u{1B}", "empty": ""]
        )
        #expect(
            line == "time=1970-01-01T00:00:00.000Z level=info source=swiftlet msg=\"peer joined\" empty=\"\" "
                + "peer=\"a b=\\\"c\\\"\\nlevel=error\\\\\\u{1b}\" room=r\n"
        )
    }
}
