// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Shifts a source's media time so that consecutive sources make one line, modulo 2³².
package struct TimestampRewriter: Sendable {
    /// What is added to the source's media time.
    package private(set) var offset: UInt32 = 0
    /// The newest output, or `nil` before the first.
    package private(set) var newest: UInt32?

    package init() {}

    /// From now on `input` comes out as `output`.
    package mutating func synchronize(_ input: UInt32, to output: UInt32) { offset = output &- input }

    /// The output time of `input`.
    package mutating func map(_ input: UInt32) -> UInt32 {
        let output = input &+ offset
        if let newest, Int32(bitPattern: output &- newest) < 0 { return output }
        newest = output
        return output
    }
}
