// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Why bytes from the network were refused.
///
/// One byte wide and trivial, so that refusing a packet costs no allocation: the typed throw is a register, not a box.
@usableFromInline
package enum WireError: Error, Equatable, Sendable {
    /// The buffer ended before the field did.
    case truncated
    /// A field held a value its specification forbids.
    case malformed
    /// The version or type is not one this parser reads.
    case unsupported
}
