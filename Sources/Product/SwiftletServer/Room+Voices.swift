// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import Swiftlet
import SwiftletSignaling

/// What a room knows of who is loud and who speaks.
struct Voices: Sendable {
    /// The two observers of the router.
    struct Observers: Sendable {
        let levels: AudioLevelObserver
        let speaker: ActiveSpeakerObserver
    }

    /// The observers, once there is sound to listen to; `nil` in it where the worker has none to give.
    var observers: Task<Observers?, Never>?
    /// The producer that has the word, or had it last.
    var dominant: String?
    /// Whether clients were told that nobody speaks.
    var isSilent = true
    /// How loud producers were in the last message.
    var volumes: [String: Int] = [:]
}

/// Who is loud and who speaks, told to everybody.
extension Room {
    /// Listens to a producer of sound, until it closes.
    func listen(to producer: Producer) async {
        guard let observers = await observers() else { return }
        do {
            try await observers.levels.addProducer(producerId: producer.id)
            try await observers.speaker.addProducer(producerId: producer.id)
        } catch {
            // It may have closed meanwhile.
            guard !producer.closed else { return }
            let why: Logger.Metadata = ["producer": "\(producer.id)", "why": "\(error)"]
            logger.notice("a producer's level is not known", metadata: why)
        }
    }

    /// Tells a newcomer who has the word.
    func tellSpeaker(to peer: Peer) {
        guard !voices.isSilent, let dominant = voices.dominant, let owner = owner(of: dominant) else { return }
        peer.session.notify("activeSpeaker", ActiveSpeakerNotice(peerId: owner, volume: voices.volumes[dominant]))
    }

    /// The observers of the room's router, made once.
    private func observers() async -> Voices.Observers? {
        if let making = voices.observers { return await making.value }
        guard let router = try? await host().router else { return nil }
        // Somebody else may have begun while the router was asked for.
        if let making = voices.observers { return await making.value }
        let (limits, logger) = (settings.limits, logger)
        let making = Task { [weak self] () -> Voices.Observers? in
            do {
                let levels = try await router.createAudioLevelObserver(
                    maxEntries: limits.loudPeers,
                    threshold: limits.loudnessThreshold,
                    interval: limits.levelInterval
                )
                let speaker = try await router.createActiveSpeakerObserver()
                self?.watch(levels, speaker)
                return Voices.Observers(levels: levels, speaker: speaker)
            } catch {
                logger.notice("levels are not observed", metadata: ["why": "\(error)"])
                return nil
            }
        }
        voices.observers = making
        return await making.value
    }

    /// Follows both observers; each task ends with its observer, which ends with the router.
    nonisolated private func watch(_ levels: AudioLevelObserver, _ speaker: ActiveSpeakerObserver) {
        let (volumes, words) = (levels.events(), speaker.events())
        Task { [weak self] in
            for await event in volumes { await self?.handle(event) }
        }
        Task { [weak self] in
            for await event in words { await self?.handle(event) }
        }
    }

    private func handle(_ event: AudioLevelObserver.Event) {
        switch event {
        case .volumes(let list):
            let loud = list.compactMap { entry in
                owner(of: entry.producer.id).map {
                    PeerVolume(peerId: $0, producerId: entry.producer.id, volume: entry.volume)
                }
            }
            voices.volumes = Dictionary(loud.map { ($0.producerId, $0.volume) }) { first, _ in first }
            tellEverybody("speakingPeers", SpeakingPeersNotice(peerVolumes: loud))
            // The same one goes on after a silence: the observer, for which the word never left, says nothing.
            if voices.isSilent, let dominant = voices.dominant, voices.volumes[dominant] != nil {
                tellSpeaker(dominant)
            }
        case .silence:
            voices.volumes = [:]
            voices.isSilent = true
            tellEverybody("speakingPeers", SpeakingPeersNotice(peerVolumes: []))
            tellEverybody("activeSpeaker", ActiveSpeakerNotice(peerId: nil))
        case .routerClose: break
        @unknown default: break
        }
    }

    private func handle(_ event: ActiveSpeakerObserver.Event) {
        switch event {
        case .dominantSpeaker(let producer):
            voices.dominant = producer.id
            tellSpeaker(producer.id)
        case .routerClose: break
        @unknown default: break
        }
    }

    private func tellSpeaker(_ producerId: String) {
        guard let owner = owner(of: producerId) else { return }
        voices.isSilent = false
        tellEverybody("activeSpeaker", ActiveSpeakerNotice(peerId: owner, volume: voices.volumes[producerId]))
    }

    private func owner(of producerId: String) -> String? {
        peers.values.first { $0.producers[producerId] != nil }?.info.id
    }

    private func tellEverybody(_ method: String, _ data: some Encodable) {
        tell(peers.values.lazy.filter(\.isJoined), method, data)
    }
}
