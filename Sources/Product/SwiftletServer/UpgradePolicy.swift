// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletWebSockets

/// Decides who may open a WebSocket: the right path, both ids, an origin that is welcome, and a place.
package struct UpgradePolicy: Sendable {
    /// Bytes of a room's or peer's id.
    package static let identifierBytes = 128

    let allowedOrigins: [String]
    let admission: Admission

    /// A policy that welcomes our own pages, those of some other origins, and programs that are no browsers.
    package init(allowedOrigins: [String], admission: Admission) {
        (self.allowedOrigins, self.admission) = (allowedOrigins, admission)
    }

    /// Answers a well-formed request for a WebSocket.
    func decide(_ request: UpgradeRequest) -> UpgradeDecision {
        guard request.path == "/" else { return .refuse(status: 404, reason: "WebSockets are opened at /") }
        guard let roomId = Self.identifier(request.query("roomId")),
            let peerId = Self.identifier(request.query("peerId"))
        else {
            return .refuse(
                status: 400,
                reason: "the URL needs roomId and peerId, 1 to \(Self.identifierBytes) bytes each"
            )
        }
        guard isWelcome(origins: request.items(of: "origin"), host: request.header("host") ?? "") else {
            return .refuse(status: 403, reason: "pages of this origin may not connect")
        }
        guard request.items(of: "sec-websocket-protocol").contains("protoo") else {
            return .refuse(status: 400, reason: "the sub-protocol protoo was not offered")
        }
        switch admission.admit(roomId: roomId, peerId: peerId) {
        case .success(let ticket): return .accept(subprotocol: "protoo", ticket: ticket)
        case .failure(let refusal): return .refuse(status: 503, reason: refusal.reason)
        }
    }

    /// Whether a page's origin is ours or allowed; programs that are no browsers send none.
    package func isWelcome(origins: [String], host: String) -> Bool {
        guard let origin = origins.first else { return true }
        guard origins.count == 1 else { return false }
        if allowedOrigins.contains("*") || allowedOrigins.contains(where: { $0.lowercased() == origin.lowercased() }) {
            return true
        }
        guard let url = URLComponents(string: origin), let scheme = url.scheme?.lowercased(), let name = url.host,
            ["http", "https"].contains(scheme), let own = URLComponents(string: "\(scheme)://\(host)"),
            let ownName = own.host
        else { return false }
        let standard = scheme == "https" ? 443 : 80
        return name.lowercased() == ownName.lowercased() && (url.port ?? standard) == (own.port ?? standard)
    }

    private static func identifier(_ text: String?) -> String? {
        guard let text, (1...identifierBytes).contains(text.utf8.count) else { return nil }
        // Control characters would only confuse logs.
        return text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ? text : nil
    }
}
