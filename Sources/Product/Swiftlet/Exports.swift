// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The values that this API speaks in: users of Swiftlet need no import but Swiftlet.
@_exported public import SwiftletControl
@_exported public import SwiftletORTC
