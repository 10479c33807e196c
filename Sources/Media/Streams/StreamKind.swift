// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a stream carries, as far as timing and limits depend on it.
package enum StreamKind: UInt8, Sendable {
    case audio
    case video
}
