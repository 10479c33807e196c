// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import SwiftletClient
package import SwiftletLoad

// These have one name each, which is also what is typed.
extension LoadPlan.Media: ExpressibleByArgument {}
extension LoadPlan.Resolution: ExpressibleByArgument {}
extension VideoCodec: ExpressibleByArgument {}
