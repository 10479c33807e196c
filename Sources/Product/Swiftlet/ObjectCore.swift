// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import Synchronization

/// What every object of the API has: the application's data, two kinds of events, and one end.
final class ObjectCore<Event: Sendable, ObserverEvent: Sendable>: Sendable {
    /// What befalls the object, for the application.
    let events: EventHub<Event>
    /// What is done to it as well, for monitoring tools.
    let observers = EventHub<ObserverEvent>()
    private let data: Mutex<JSONValue>
    private let ended = Mutex(false)

    /// - Parameters:
    ///   - appData: The application's own data.
    ///   - payloadBytes: How much an event carries, of an object whose events carry messages or packets.
    init(appData: JSONValue, payloadBytes: (@Sendable (Event) -> Int)? = nil) {
        data = Mutex(appData)
        events = EventHub(payloadBytes: payloadBytes)
    }

    var appData: JSONValue {
        get { data.withLock { $0 } }
        set { data.withLock { $0 = newValue } }
    }

    var isClosed: Bool { ended.withLock { $0 } }

    /// Marks the object as closed.
    ///
    /// - Returns: Whether it was open: whoever gets true does what else there is to do.
    func close() -> Bool {
        ended.withLock { ended in
            defer { ended = true }
            return !ended
        }
    }
}
