// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Video layers allocation, version 00")
struct VideoLayersAllocationTests {
    /// Two streams of one spatial layer with one temporal layer, 2500 and 1500 kbit/s, with resolutions.
    static let simulcast: [UInt8] =
        [0x51, 0x00, 0xC4, 0x13, 0xDC, 0x0B] + [0x04, 0xFF, 0x02, 0xCF, 30] + [0x02, 0x7F, 0x01, 0x67, 15]

    @Test("Streams with the same spatial layers share a mask")
    func simulcast() throws {
        let allocation = try #require(VideoLayersAllocation(bytes: Self.simulcast))
        #expect(allocation.streamIndex == 1 && allocation.streamCount == 2)
        let (first, second) = (allocation.layer(stream: 0, spatial: 0), allocation.layer(stream: 1, spatial: 0))
        #expect(first?.targetBitrates == [2500, 0, 0, 0] && first?.temporalLayerCount == 1)
        #expect(first?.resolution == VideoResolution(width: 1280, height: 720) && first?.frameRate == 30)
        #expect(second?.targetBitrates == [1500, 0, 0, 0] && second?.frameRate == 15)
        #expect(second?.resolution == VideoResolution(width: 640, height: 360))
        #expect(allocation.layer(stream: 0, spatial: 1) == nil && allocation.layer(stream: 2, spatial: 0) == nil)
        #expect(allocation.layer(stream: -1, spatial: 0) == nil && allocation.layer(stream: 0, spatial: 4) == nil)
    }

    @Test("Streams with different spatial layers have masks of their own; resolutions may be missing")
    func ownMasks() throws {
        // Three streams: layers {0, 1}, none, {2}, with 3, 1 and 2 temporal layers.
        let value: [UInt8] = [0x20, 0x30, 0x40, 0b10_00_01_00, 100, 101, 102, 103, 104, 0x81, 0x01]
        let allocation = try #require(VideoLayersAllocation(bytes: value))
        #expect(allocation.streamCount == 3)
        #expect((0..<4).map { allocation.spatialLayers(of: $0) } == [0b11, 0, 0b100, 0])
        let layer = allocation.layer(stream: 0, spatial: 0)
        #expect(layer?.targetBitrates == [100, 101, 102, 0] && layer?.temporalLayerCount == 3)
        #expect(layer?.resolution == nil && layer?.frameRate == 0)
        #expect(allocation.layer(stream: 0, spatial: 1)?.targetBitrates == [103, 0, 0, 0])
        #expect(allocation.layer(stream: 2, spatial: 2)?.targetBitrates == [104, 129, 0, 0])
        #expect(allocation.layer(stream: 1, spatial: 0) == nil)
    }

    @Test("A lone zero says that nothing is produced")
    func nothing() throws {
        let value: [UInt8] = [0x80]
        let allocation = try #require(VideoLayersAllocation(bytes: value))
        #expect(allocation.streamIndex == 2 && allocation.spatialLayers(of: 0) == 0)
    }

    @Test("All sixteen layers with four temporal layers each are read, and none beyond")
    func largest() throws {
        let rates = (0..<64).flatMap { [0x80 | UInt8($0), 0x01] as [UInt8] }
        let value: [UInt8] = [0x3F] + [0xFF, 0xFF, 0xFF, 0xFF] + rates
        let allocation = try #require(VideoLayersAllocation(bytes: value))
        #expect(allocation.layer(stream: 3, spatial: 3)?.targetBitrates == [188, 189, 190, 191])
        #expect(VideoLayersAllocation(bytes: (value + [0])) == nil)
    }

    @Test("Cut anywhere it is nothing, unless only the resolutions are gone")
    func truncation() {
        for length in Self.simulcast.indices {
            let isNothing = VideoLayersAllocation(bytes: Array(Self.simulcast[..<length])) == nil
            #expect(isNothing == (length != 6))
        }
    }

    @Test("A rate that does not fit 32 bits counts as the most that does")
    func hugeRate() throws {
        let value: [UInt8] = [0x01, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        let allocation = try #require(VideoLayersAllocation(bytes: value))
        #expect(allocation.layer(stream: 0, spatial: 0)?.targetBitrates[0] == .max)
    }
}
