// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One protoo message: a JSON object in a text frame of a WebSocket.
///
/// Requests go both ways and are answered by a response with their id; notifications are not answered.
package enum SignalingFrame: Sendable {
    /// Asks for something.
    case request(id: Int, method: String, data: FrameData)
    /// Answers a request.
    case response(id: Int, Result<FrameData, SignalingError>)
    /// Tells something.
    case notification(method: String, data: FrameData)

    /// The WebSocket sub-protocol's name.
    package static let subprotocol = "protoo"

    /// Text that is no frame.
    package struct Malformed: Error, Hashable, Sendable {
        /// The request's id, where the text is a request that can at least be refused by its id.
        package var id: Int?
        /// What is wrong.
        package var reason: String
    }

    /// What every kind of frame has, each member as it comes.
    private struct Envelope: Decodable {
        var request: Bool?
        var response: Bool?
        var notification: Bool?
        var ok: Bool?
        var id: Int?
        var method: String?
        var errorCode: Int?
        var errorReason: String?

        enum CodingKeys: CodingKey { case request, response, notification, ok, id, method, errorCode, errorReason }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            // A member of the wrong type counts as absent: the object may still say which request to refuse.
            func value<Value: Decodable>(_ key: CodingKeys) -> Value? { try? container.decode(Value.self, forKey: key) }
            (request, response, notification, ok) = (
                value(.request), value(.response), value(.notification), value(.ok)
            )
            (id, method, errorCode, errorReason) = (value(.id), value(.method), value(.errorCode), value(.errorReason))
        }
    }

    /// Reads a frame.
    ///
    /// - Parameter text: The text of one WebSocket message.
    /// - Returns: The frame; its data is read later, as what the method needs.
    /// - Throws: ``Malformed`` for text that is no frame.
    package static func parse(_ text: String) throws(Malformed) -> SignalingFrame {
        let json = Data(text.utf8)
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: json) else {
            throw Malformed(id: nil, reason: "not a JSON object")
        }
        let data = FrameData(frame: json)
        if envelope.request == true {
            guard let id = envelope.id else {
                throw Malformed(id: nil, reason: "the request's id is missing or no number")
            }
            guard let method = envelope.method, !method.isEmpty else {
                throw Malformed(id: id, reason: "the request's method is missing or no string")
            }
            return .request(id: id, method: method, data: data)
        }
        if envelope.response == true {
            guard let id = envelope.id else {
                throw Malformed(id: nil, reason: "the response's id is missing or no number")
            }
            if envelope.ok == true { return .response(id: id, .success(data)) }
            let error = SignalingError(envelope.errorCode ?? 500, envelope.errorReason ?? "no reason given")
            return .response(id: id, .failure(error))
        }
        if envelope.notification == true {
            guard let method = envelope.method, !method.isEmpty else {
                throw Malformed(id: nil, reason: "the notification's method is missing or no string")
            }
            return .notification(method: method, data: data)
        }
        throw Malformed(id: nil, reason: "neither request, response nor notification")
    }

    /// Writes a request.
    package static func request(id: Int, _ method: String, _ data: some Encodable) -> String {
        text(Outgoing(request: true, id: id, method: method, data: data))
    }

    /// Writes a notification.
    package static func notification(_ method: String, _ data: some Encodable) -> String {
        text(Outgoing(notification: true, method: method, data: data))
    }

    /// Writes the answer to a request that was granted.
    package static func success(id: Int, _ data: some Encodable) -> String {
        text(Outgoing(response: true, id: id, ok: true, data: data))
    }

    /// Writes the answer to a request that was refused.
    package static func failure(id: Int, _ error: SignalingError) -> String {
        text(Outgoing<Nothing>(response: true, id: id, ok: false, errorCode: error.code, errorReason: error.reason))
    }

    private struct Outgoing<Payload: Encodable>: Encodable {
        var request: Bool?
        var response: Bool?
        var notification: Bool?
        var id: Int?
        var ok: Bool?
        var method: String?
        var data: Payload?
        var errorCode: Int?
        var errorReason: String?
    }

    private static func text(_ frame: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // Infinite numbers are all that JSON has no form for.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "0",
            negativeInfinity: "0",
            nan: "0"
        )
        do { return String(decoding: try encoder.encode(frame), as: UTF8.self) } catch {
            assertionFailure("a frame that cannot be written: \(error)")
            return "{}"
        }
    }
}

/// The data of a frame, not read yet.
package struct FrameData: Sendable {
    private let frame: Data

    private struct Member<Payload: Decodable>: Decodable {
        var data: Payload
    }

    private struct Presence: Decodable {
        var data: Anything?

        struct Anything: Decodable { init(from decoder: any Decoder) {} }
    }

    init(frame: Data) { self.frame = frame }

    /// Reads the data as what the method needs; absent data counts as an empty object.
    ///
    /// - Throws: 400 with the member that is wrong.
    package func decode<Payload: Decodable>(_ type: Payload.Type = Payload.self) throws(SignalingError) -> Payload {
        do {
            let decoder = JSONDecoder()
            guard let presence = try? decoder.decode(Presence.self, from: frame), presence.data != nil else {
                return try decoder.decode(type, from: Data("{}".utf8))
            }
            return try decoder.decode(Member<Payload>.self, from: frame).data
        } catch let error as DecodingError {
            throw SignalingError(400, Self.reason(of: error))
        } catch {
            throw SignalingError(400, "\(error)")
        }
    }

    private static func reason(of error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
            return path.isEmpty ? "data" : path
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(path(context)): \(key.stringValue) is missing"
        case .valueNotFound(_, let context): return "\(path(context)) is null"
        case .typeMismatch(_, let context), .dataCorrupted(let context):
            return "\(path(context)): \(context.debugDescription)"
        @unknown default: return "the data cannot be read"
        }
    }
}

/// Data with nothing in it.
package struct Nothing: Codable, Hashable, Sendable {
    /// An empty object.
    package init() {}
}
