// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC

/// Sending producers' media out of the router.
extension TransportBody {
    /// A consumer whose numbers are taken, and what to ask of the worker for it.
    private struct Prepared: Sendable {
        let consumer: Consumer
        let request: ControlRequest.Consume
    }

    func consume(_ options: ConsumerOptions) async throws(SwiftletError) -> Consumer {
        let prepared = try prepare(options, in: try openRouter())
        let consumer = prepared.consumer
        await link.gate.enter(lane: .consumer)
        defer { link.gate.leave() }
        do throws(SwiftletError) {
            try requireOpen()
            try await link.request(.consume(prepared.request)) { reply -> Void? in
                guard case .consumed(let consumed) = reply else { return nil }
                return consumer.begin(consumed)
            }
        } catch {
            consumer.abandon()
            throw error
        }
        if isClosed { throw closedError }
        return consumer
    }

    /// Makes many, in few messages to the worker; one that fails changes nothing for the others.
    func consume(_ options: [ConsumerOptions]) async throws(SwiftletError) -> [Result<Consumer, SwiftletError>] {
        guard options.count <= ConsumerOptions.maximumCount else {
            let text = "\(options.count) consumers, at most \(ConsumerOptions.maximumCount) are allowed at once"
            throw SwiftletError(.invalidArgument, text)
        }
        try requireOpen()
        return await withTaskGroup { group in
            var results: [Result<Consumer, SwiftletError>] = []
            results.reserveCapacity(options.count)
            for first in stride(from: 0, to: options.count, by: ControlRequest.longestBatch) {
                let batch = options[first..<min(first + ControlRequest.longestBatch, options.count)]
                // Prepared behind the gate as well: a crowd's preparations would keep every thread of the host busy.
                await link.gate.enter(batch.count, lane: .batch)
                var prepared: [(place: Int, Prepared)] = []
                for one in batch {
                    do throws(SwiftletError) {
                        let ready = try prepare(one, in: try openRouter())
                        prepared.append((results.count, ready))
                        results.append(.success(ready.consumer))
                    } catch {
                        results.append(.failure(error))
                    }
                }
                group.addTask { [self, prepared, weight = batch.count] in
                    defer { link.gate.leave(weight) }
                    return zip(prepared, await ask(for: prepared.map(\.1))).map { ($0.place, $1) }
                }
            }
            for await batch in group {
                for (place, error) in batch { if let error { results[place] = .failure(error) } }
            }
            return results
        }
    }

    /// Takes everything that a consumer needs before the worker is asked.
    private func prepare(_ options: ConsumerOptions, in router: Router) throws(SwiftletError) -> Prepared {
        guard let producer = router.producer(options.producerId) else {
            throw SwiftletError(.notFound, "Producer with id \"\(options.producerId)\" not found")
        }
        try options.preferredLayers?.check()
        let consumable = producer.consumableRtpParameters
        let resolved = try reserve(options, consumable)
        let type = ConsumerType(producer.type)
        let consumer = Consumer(
            transport: self,
            producer: producer,
            type: type,
            rtpParameters: resolved.rtpParameters,
            options: options
        )
        link.enter(consumer.id, consumer)
        guard add(consumer) else {
            consumer.abandon()
            throw closedError
        }
        let request = ControlRequest.Consume(
            id: consumer.id,
            transportId: id,
            producerId: producer.id,
            kind: producer.kind,
            type: type,
            rtpParameters: resolved.rtpParameters,
            codecMapping: resolved.codecMapping,
            consumableRtpEncodings: consumable.encodings,
            paused: options.paused,
            preferredLayers: options.preferredLayers,
            ignoreDtx: options.ignoreDtx
        )
        return Prepared(consumer: consumer, request: request)
    }

    /// Asks the worker for one batch; what it refused is abandoned.
    ///
    /// - Returns: For each what is against it, if anything.
    private func ask(for batch: [Prepared]) async -> [SwiftletError?] {
        guard !batch.isEmpty else { return [] }
        let refusals: [SwiftletError?]
        do throws(SwiftletError) {
            try requireOpen()
            refusals = try await link.request(.consumeBatch(batch.map(\.request))) { reply in
                guard case .consumedBatch(let results) = reply, results.count == batch.count else { return nil }
                return zip(batch, results).map { one, result in
                    switch result {
                    case .success(let consumed):
                        one.consumer.begin(consumed)
                        return nil
                    case .failure(let refusal): return SwiftletError(refusal)
                    }
                }
            }
        } catch {
            refusals = Array(repeating: error, count: batch.count)
        }
        for (one, refusal) in zip(batch, refusals) where refusal != nil { one.consumer.abandon() }
        return isClosed ? Array(repeating: closedError, count: batch.count) : refusals
    }
}
