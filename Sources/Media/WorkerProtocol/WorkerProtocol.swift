// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl
import SwiftProtobuf

/// How `Control` is written on the channel between host and worker.
///
/// The encoders return whole frames, ready to be sent; the decoders take the messages that a ``FrameDecoder`` cuts out.
/// No bytes trap.
package enum WorkerProtocol {
    /// What a worker sends.
    package enum FromWorker: Hashable, Sendable {
        case reply(Result<ControlReply, ControlError>, to: UInt64)
        case notification(ControlNotification)
    }

    /// A request as a frame.
    ///
    /// - Throws: ``WorkerProtocolError/messageTooLong``.
    package static func encode(request: ControlRequest, id: UInt64) throws(WorkerProtocolError) -> [UInt8] {
        try frame(PBRequest(request, id: id))
    }

    /// The answer to the request `id` as a frame.
    ///
    /// - Throws: ``WorkerProtocolError/messageTooLong``.
    package static func encode(
        reply: Result<ControlReply, ControlError>,
        to id: UInt64
    ) throws(WorkerProtocolError) -> [UInt8] {
        var message = PBFromWorker()
        message.reply = try PBReply(reply, to: id)
        return try frame(message)
    }

    /// A notification as a frame.
    ///
    /// - Throws: ``WorkerProtocolError/messageTooLong``.
    package static func encode(notification: ControlNotification) throws(WorkerProtocolError) -> [UInt8] {
        var message = PBFromWorker()
        message.notification = PBNotification(notification)
        return try frame(message)
    }

    /// The request in a message, and its number to answer to.
    ///
    /// A request that is not known here, from a newer host, or that has an impossible field, is a refusal ready to be
    /// sent.
    ///
    /// - Throws: ``WorkerProtocolError/malformed`` when it is no request at all; the channel is beyond use then.
    package static func decodeRequest(
        _ message: [UInt8]
    ) throws(WorkerProtocolError) -> (id: UInt64, request: Result<ControlRequest, ControlError>) {
        let request: PBRequest
        do { request = try PBRequest(serializedBytes: message) } catch { throw .malformed }
        guard request.body != nil else {
            return (request.id, .failure(ControlError(.unsupported, "a request that this worker does not know")))
        }
        do {
            return (request.id, .success(try request.decoded()))
        } catch {
            return (request.id, .failure(ControlError(.invalidArgument, "a field of the request cannot be read")))
        }
    }

    /// What a worker said in a message.
    ///
    /// - Throws: ``WorkerProtocolError/malformed``.
    package static func decodeFromWorker(_ message: [UInt8]) throws(WorkerProtocolError) -> FromWorker {
        let said: PBFromWorker
        do { said = try PBFromWorker(serializedBytes: message) } catch { throw .malformed }
        switch said.kind {
        case .reply(let reply): return .reply(try reply.decoded(), to: reply.requestID)
        case .notification(let notification): return .notification(try notification.decoded())
        case nil: throw .malformed
        }
    }

    private static func frame(_ message: some Message) throws(WorkerProtocolError) -> [UInt8] {
        var frame: FrameBytes
        do { frame = try message.serializedBytes() } catch { throw .malformed }
        return try frame.finished()
    }
}

/// A message that protobuf writes behind room for its length, so that a long one is not copied into its frame.
private struct FrameBytes: SwiftProtobufContiguousBytes {
    private var frame: [UInt8]

    init(repeating value: UInt8, count: Int) { frame = [UInt8](repeating: value, count: Framing.prefixBytes + count) }

    init(_ bytes: some Sequence<UInt8>) { frame = [UInt8](repeating: 0, count: Framing.prefixBytes) + bytes }

    var count: Int { frame.count - Framing.prefixBytes }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe frame.withUnsafeBytes {
            unsafe try body(UnsafeRawBufferPointer(rebasing: $0[Framing.prefixBytes...]))
        }
    }

    mutating func withUnsafeMutableBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try unsafe frame.withUnsafeMutableBytes {
            unsafe try body(UnsafeMutableRawBufferPointer(rebasing: $0[Framing.prefixBytes...]))
        }
    }

    /// The frame, once the message is written.
    mutating func finished() throws(WorkerProtocolError) -> [UInt8] {
        try Framing.writePrefix(to: &frame)
        return frame
    }
}
