// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes JSON for the tests that read it back.
enum Coder {
    static func encode(_ value: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(value)) }
}
