// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient
import SwiftletORTC

/// Who a client of a load test is.
package struct LoadPlace: Hashable, Sendable {
    /// Its room, from 0.
    package var room: Int
    /// From 0, among the publishers of its room or among those who only receive.
    package var index: Int
    /// Whether it sends.
    package var isPublisher: Bool
}

/// One client of a load test, from before it joins until after it has left.
actor LoadMember {
    /// Something that went wrong.
    struct Failure: Sendable {
        var step: String
        var error: SwiftletClientError
    }

    /// How long it took a client to get in, in milliseconds.
    struct Times: Sendable {
        var ready: Double?
        var signalling: Double?
        var ice: [Double] = []
        var dtls: [Double] = []
        var firstPackets: [Double] = []
        var firstFrames: [Double] = []
    }

    private enum State {
        case waiting
        case joining
        case joined(SwiftletClient)
        case lost(SwiftletClient)
        case failed
    }

    nonisolated let place: LoadPlace
    private nonisolated let plan: LoadPlan
    private nonisolated let threads: MediaThreads
    private var state = State.waiting
    private(set) var failures: [Failure] = []
    private var isLeaving = false
    /// Subscriptions whose layers were chosen, and data subscriptions that are read.
    private var known: Set<String> = []
    /// What was last seen of each subscription, to keep what was counted when it ends.
    private var lastSeen: [String: SubscriptionStatistics] = [:]
    private var ended = Tally()
    private nonisolated let traffic = MessageTraffic()

    init(_ place: LoadPlace, _ plan: LoadPlan, _ threads: MediaThreads) {
        (self.place, self.plan, self.threads) = (place, plan, threads)
    }

    private nonisolated var receives: Bool { !place.isPublisher || plan.publishersReceive }
    private nonisolated var publishes: Bool { place.isPublisher && plan.media != .none }

    // MARK: Coming and going

    /// Joins, publishes, and stays.
    func join() async {
        guard case .waiting = state else { return }
        state = .joining
        let client: SwiftletClient
        do throws(SwiftletClientError) {
            client = try await SwiftletClient.connect(
                to: plan.server,
                room: plan.room(place.room),
                peer: plan.peer(place),
                displayName: place.isPublisher ? "Publisher \(place.index + 1)" : "Viewer \(place.index + 1)",
                options: options
            )
        } catch {
            (state, failures) = (.failed, [Failure(step: "join", error: error)])
            return
        }
        state = .joined(client)
        watch(client)
        if place.isPublisher {
            await publish(client)
            await sendMessages(client)
        }
        if isLeaving { await client.leave() }
    }

    private func publish(_ client: SwiftletClient) async {
        for media in plan.outgoing {
            do throws(SwiftletClientError) {
                _ = try await client.publish(media)
            } catch {
                guard !isLeaving else { return }
                failures.append(Failure(step: "publish \(media.kind.rawValue)", error: error))
            }
        }
    }

    /// Opens a channel and sends by it, until the client ends.
    private func sendMessages(_ client: SwiftletClient) async {
        guard plan.messageRate > 0 else { return }
        let channel: DataPublication
        do throws(SwiftletClientError) {
            channel = try await client.publishData(label: MessageTraffic.label)
        } catch {
            if !isLeaving { failures.append(Failure(step: "publish data", error: error)) }
            return
        }
        let phase = Double(plan.seed(of: place) % 1000) / 1000
        // Ends with the channel, which ends with the client.
        Task { [traffic, plan] in
            await traffic.send(by: channel, rate: plan.messageRate, size: plan.messageBytes, phase: phase)
        }
    }

    private nonisolated var options: ClientOptions {
        var options = ClientOptions()
        options.receives = receives
        options.receivesData = receives && plan.messageRate > 0
        options.keepsMessages = plan.messageRate > 0
        options.checksMedia = plan.checksMedia
        options.network = plan.network
        options.verifiesCertificate = plan.verifiesCertificate
        options.requestTimeout = .seconds(10)
        options.threads = threads
        options.seed = plan.seed(of: place)
        if let token = plan.token { options.query["token"] = token }
        if plan.watch != nil {
            let watched = Set(plan.watched(by: place).map { plan.peer($0) })
            options.accepts = { peer, _ in watched.contains(peer) }
        }
        return options
    }

    /// Follows what befalls a client; ends with it.
    private func watch(_ client: SwiftletClient) {
        let events = client.events()
        Task { [weak self] in
            await self?.catchUp(client)
            for await event in events {
                switch event {
                case .subscribed(let subscription): await self?.choose(subscription)
                case .dataSubscribed(let subscription): await self?.listen(to: subscription)
                case .ended(let error?): await self?.end(client, error)
                default: break
                }
            }
        }
    }

    /// Takes up what events have not told: those of a crowd can be more than wait for their reader.
    private func catchUp(_ client: SwiftletClient) async {
        guard plan.watchedLayer != nil || plan.messageRate > 0 else { return }
        for subscription in client.dataSubscriptions { listen(to: subscription) }
        for subscription in client.subscriptions { await choose(subscription) }
    }

    private func choose(_ subscription: Subscription) async {
        guard let layer = plan.watchedLayer, subscription.kind == .video, subscription.type != .simple,
            known.insert(subscription.id).inserted
        else { return }
        try? await subscription.setPreferredLayers(spatial: layer)
    }

    private func listen(to subscription: DataSubscription) {
        guard plan.messageRate > 0, known.insert(subscription.id).inserted else { return }
        // Ends with the subscription.
        Task { [traffic] in await traffic.receive(from: subscription) }
    }

    private func end(_ client: SwiftletClient, _ error: SwiftletClientError) {
        guard !isLeaving, case .joined = state else { return }
        state = .lost(client)
        failures.append(Failure(step: "stay", error: error))
    }

    /// Lets everything through from now on, so that what was lost before shows by what comes behind it.
    func stopLosing() async {
        guard case .joined(let client) = state else { return }
        var network = plan.network
        (network.up.loss, network.down.loss) = (0, 0)
        await client.setNetwork(network)
    }

    /// Leaves.
    func leave() async {
        isLeaving = true
        traffic.stop()
        guard case .joined(let client) = state else { return }
        await client.leave()
    }

    // MARK: Counting

    /// What was counted up to now.
    func tally() async -> Tally {
        guard let client else { return ended }
        if case .joined = state { await catchUp(client) }
        let seen = await client.statistics()
        var tally = Tally()
        for (id, last) in lastSeen where seen.subscriptions[id] == nil { ended.add(last) }
        lastSeen = seen.subscriptions
        for one in seen.subscriptions.values { tally.add(one) }
        for one in seen.publications.values { tally.add(one) }
        if case .joined = state {
            (tally.joined, tally.subscriptions) = (1, seen.subscriptions.count)
            tally.publications = seen.publications.count
        }
        tally.merge(ended)
        let counts = traffic.counts
        (tally.messages, tally.messageDelay) = (counts.messages, counts.delay)
        return tally
    }

    private var client: SwiftletClient? {
        switch state {
        case .joined(let client), .lost(let client): client
        case .waiting, .joining, .failed: nil
        }
    }

    /// How far it came, for the report.
    func standing() -> (hasTried: Bool, hasJoined: Bool, isLost: Bool) {
        switch state {
        case .waiting: (false, false, false)
        case .joining, .failed: (true, false, false)
        case .joined: (true, true, false)
        case .lost: (true, true, true)
        }
    }

    /// How long it took; without a `ready` time it has not been connected.
    func times() async -> Times {
        var times = Times()
        guard let client else { return times }
        let seen = await client.statistics()
        times.signalling = seen.joinTime.milliseconds
        var ready = seen.joinTime
        var isReady = true
        let sides = [
            (receives, seen.receivingReadyTime, seen.receivingICETime, seen.receivingConnectTime),
            (publishes, seen.sendingReadyTime, seen.sendingICETime, seen.sendingConnectTime),
        ]
        for (isUsed, sideReady, ice, connected) in sides where isUsed {
            if let ice { times.ice.append(ice.milliseconds) }
            if let ice, let connected { times.dtls.append((connected - ice).milliseconds) }
            if let sideReady { ready = max(ready, sideReady) } else { isReady = false }
        }
        if isReady { times.ready = ready.milliseconds }
        for one in seen.subscriptions.values {
            if let first = one.timeToFirstPacket { times.firstPackets.append(first.milliseconds) }
            if let first = one.timeToFirstFrame { times.firstFrames.append(first.milliseconds) }
        }
        return times
    }
}

extension LoadPlan {
    /// The name of a room.
    func room(_ number: Int) -> String { "\(roomPrefix)-\(number + 1)" }

    /// The id of a client; other testers have other seeds and so never the same.
    package func peer(_ place: LoadPlace) -> String {
        let run = String(UInt32(truncatingIfNeeded: seed ^ (seed >> 32)), radix: 36)
        return "\(run)-\(place.room + 1)-\(place.isPublisher ? "p" : "v")\(place.index + 1)"
    }

    /// A seed of a client's own.
    package func seed(of place: LoadPlace) -> UInt64 {
        let number = UInt64(place.room) << 32 | UInt64(place.index) << 1 | (place.isPublisher ? 1 : 0)
        return seed &+ (number &+ 1) &* 0x9E37_79B9_7F4A_7C15
    }

    /// Whom a client watches when it does not watch everybody: those after it in the round, so that each is watched by
    /// as many.
    package func watched(by place: LoadPlace) -> [LoadPlace] {
        let first = place.isPublisher ? place.index + 1 : place.index
        let others = place.isPublisher ? publishers - 1 : publishers
        let count = min(watch ?? others, others)
        guard count > 0 else { return [] }
        return (0..<count).map { step in
            LoadPlace(room: place.room, index: (first + step) % publishers, isPublisher: true)
        }
    }

    /// Everybody, in the order of joining: rooms fill evenly, publishers first.
    package var places: [LoadPlace] {
        var places: [LoadPlace] = []
        for index in 0..<publishers {
            for room in 0..<rooms { places.append(.init(room: room, index: index, isPublisher: true)) }
        }
        for index in 0..<subscribers {
            for room in 0..<rooms { places.append(.init(room: room, index: index, isPublisher: false)) }
        }
        return places
    }

    /// What each publisher sends.
    var outgoing: [OutgoingMedia] {
        var outgoing: [OutgoingMedia] = []
        if media == .both || media == .audio { outgoing.append(.audio(.synthetic(bitrate: audioBitrate))) }
        if media == .both || media == .video {
            outgoing.append(
                .video(.synthetic(bitrate: videoBits, frameRate: frameRate), codec: codec, layers: layers)
            )
        }
        return outgoing
    }
}
