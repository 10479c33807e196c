// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP

// The expectation macros take no spans, so the tests read arrays.

extension VP8Descriptor {
    init?(bytes: [UInt8]) { self.init(bytes.span) }
}

extension VP9Descriptor {
    init?(bytes: [UInt8]) { self.init(bytes.span) }
}

extension AV1Aggregation {
    init?(bytes: [UInt8]) { self.init(bytes.span) }
}

extension REDPayload {
    init?(bytes: [UInt8]) { self.init(bytes.span) }
}

extension DependencyStructure {
    convenience init?(bytes: [UInt8]) { self.init(bytes.span) }
}

extension DependencyDescriptor {
    static func read(bytes: [UInt8], structure: DependencyStructure?) -> DependencyDescriptor? {
        read(bytes.span, structure: structure)
    }
}
