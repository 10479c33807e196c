// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// swiftlet-fuzz: libFuzzer, which brings `main`, around the fuzz target that SWIFTLET_FUZZ_TARGET names; without it, a
// list of them. `Scripts/fuzz` runs it.

import FuzzTargets
import Glibc

/// The target of this process.
private let chosen = unsafe getenv("SWIFTLET_FUZZ_TARGET").flatMap { FuzzTarget(rawValue: unsafe String(cString: $0)) }

/// What libFuzzer calls once, before anything else.
@_cdecl("LLVMFuzzerInitialize")
func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    guard chosen == nil else { return 0 }
    for target in FuzzTarget.allCases { print(target.rawValue) }
    exit(0)
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
func test(_ start: UnsafePointer<UInt8>?, _ length: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: length))
    do throws(BrokenRule) {
        try chosen?.run(bytes)
    } catch {
        fatalError("broken rule: \(error)")
    }
    return 0
}
