// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A meeting: transports whose producers their consumers may take.
final class Router {
    let id: String
    /// In order of creation.
    var transports: [Transport] = []
    /// In order of creation.
    var observers: [RtpObserver] = []

    init(id: String) { self.id = id }
}
