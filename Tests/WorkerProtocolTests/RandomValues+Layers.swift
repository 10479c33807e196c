// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletWorkerProtocol

/// What is said of layers, traces, speakers and demand.
extension RandomValues {
    mutating func layers() -> ConsumerLayers {
        ConsumerLayers(spatialLayer: int(0...3), temporalLayer: maybe { $0.int(0...3) })
    }

    mutating func traceTypes() -> Set<TraceEventType> { Set(list { $0.pick(TraceEventType.self) }) }

    mutating func traceEvent() -> TraceEvent {
        var info = TraceInfo(ssrc: uint())
        info.payloadType = maybe { $0.uint() }
        info.sequenceNumber = maybe { $0.uint() }
        info.rtpTimestamp = maybe { $0.uint() }
        info.marker = maybe { $0.bool() }
        info.size = maybe { $0.int(0...1500) }
        info.payloadSize = maybe { $0.int(0...1500) }
        info.spatialLayer = maybe { $0.int(0...3) }
        info.temporalLayer = maybe { $0.int(0...3) }
        info.isKeyFrame = maybe { $0.bool() }
        info.isRtx = maybe { $0.bool() }
        info.packets = maybe { $0.int(0...17) }
        info.ntp = maybe { $0.uint() }
        info.packetCount = maybe { $0.uint() }
        info.octetCount = maybe { $0.uint() }
        return TraceEvent(
            type: pick(TraceEventType.self),
            timestamp: int(0...1 << 50),
            direction: pick(TraceEvent.Direction.self),
            info: info
        )
    }

    mutating func layerRequest(_ id: String) -> ControlRequest {
        switch int(0...10) {
        case 0: .traceProducer(id: id, types: traceTypes())
        case 1: .traceConsumer(id: id, types: traceTypes())
        case 2: .setPreferredLayers(consumerId: id, layers: maybe { $0.layers() })
        case 3: .setPriority(consumerId: id, priority: uint())
        case 4:
            .createAudioLevelObserver(
                .init(
                    id: id,
                    routerId: text(),
                    maxEntries: uint(),
                    threshold: Int8(int(-127...0)),
                    interval: uint()
                )
            )
        case 5: .createActiveSpeakerObserver(.init(id: id, routerId: text(), interval: uint()))
        case 6: bool() ? .closeRtpObserver(id: id) : .dumpRtpObserver(id: id)
        case 7: .pauseRtpObserver(id: id)
        case 8: .resumeRtpObserver(id: id)
        case 9: .addProducerToRtpObserver(observerId: id, producerId: text())
        default: .removeProducerFromRtpObserver(observerId: id, producerId: text())
        }
    }

    mutating func layerReply() -> ControlReply {
        bool()
            ? .preferredLayers(maybe { $0.layers() })
            : .rtpObserverDump(
                RtpObserverDump(
                    id: text(),
                    routerId: text(),
                    type: text(),
                    paused: bool(),
                    producerIds: list { $0.text() }
                )
            )
    }

    mutating func layerNotification(_ id: String) -> ControlNotification {
        switch int(0...7) {
        case 0: .consumerLayersChanged(consumerId: id, layers: maybe { $0.layers() })
        case 1:
            .producerDemand(
                producerId: id,
                demand: ProducerDemand(
                    encodings: list { $0.bool() },
                    spatialLayer: int(-1...3),
                    temporalLayer: int(-1...3)
                )
            )
        case 2:
            .producerVideoOrientationChanged(
                producerId: id,
                orientation: ProducerVideoOrientation(camera: bool(), flip: bool(), rotation: int(0...3) * 90)
            )
        case 3: .producerTrace(producerId: id, event: traceEvent())
        case 4: .consumerTrace(consumerId: id, event: traceEvent())
        case 5:
            .audioLevels(
                observerId: id,
                volumes: list { AudioLevel(producerId: $0.text(), volume: $0.int(-127...0)) }
            )
        case 6: .audioSilence(observerId: id)
        default: .dominantSpeaker(observerId: id, producerId: text())
        }
    }
}
