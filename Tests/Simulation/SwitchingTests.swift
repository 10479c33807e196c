// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import SyntheticMedia
import Testing

@Suite("Viewers that switch layers at random")
struct SwitchingTests {
    @Test("On a fair network every switch is seamless")
    func fair() throws {
        var options = Publisher.Options.simulcast(.vp8)
        options.hasAudio = true
        let world = try MediaWorld.run(Meeting(options: options, viewers: 10, duration: .seconds(60)))
        print("REPORT", world.summary)
        world.expectSound(strictGaps: true)
    }
}
