// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Key frames and silence in payloads")
struct KeyFrameTests {
    @Test(
        "VP8, RFC 7741",
        arguments: [
            ([0x10, 0x00], true),  // start of partition 0, inverse key-frame bit clear
            ([0x10, 0x01], false),  // inter frame
            ([0x00, 0x00], false),  // not the start
            ([0x11, 0x00], false),  // start of partition 1
            ([0x90, 0x80, 0x05, 0x00], true),  // 7-bit picture id
            ([0x90, 0x80, 0x85, 0x05, 0x00], true),  // 15-bit picture id
            ([0x90, 0xF0, 0x85, 0x05, 0x07, 0x20, 0x00], true),  // all fields
            ([0x90, 0xF0, 0x85, 0x05, 0x07, 0x20, 0x01], false),
            ([0x90, 0x60, 0x07, 0x20, 0x00], true),  // no picture id, LK #4721
            ([0x90, 0x00, 0x00], true),  // extension byte that announces nothing
            ([0x90, 0xF0, 0x85, 0x05, 0x07, 0x20], false),  // cut short
            ([0x90, 0x80], false), ([0x90], false), ([], false),
        ] as [([UInt8], Bool)]
    )
    func vp8(payload: [UInt8], isKey: Bool) { expect(.vp8, payload, isKey) }

    @Test(
        "VP9, RFC 9628",
        arguments: [
            ([0x08, 0x00], true),  // start, no layers, no picture id
            ([0x48, 0x00], false),  // predicted from another picture
            ([0x00, 0x00], false),  // not the start
            ([0x88, 0x05, 0x00], true), ([0x88, 0x85, 0x05, 0x00], true),
            ([0xA8, 0x85, 0x05, 0x00, 0x00], true),  // lowest spatial layer
            ([0xA8, 0x85, 0x05, 0x03, 0x00], false),  // spatial layer 1 of a key picture, predicted from layer 0
            ([0x28, 0x00, 0x00], true), ([0x28, 0x02, 0x00], false),
            ([0xA8, 0x85, 0x05], false), ([0xA8], false), ([], false),
        ] as [([UInt8], Bool)]
    )
    func vp9(payload: [UInt8], isKey: Bool) { expect(.vp9, payload, isKey) }

    @Test(
        "H264, RFC 6184",
        arguments: [
            ([0x67, 0x42], true), ([0x65, 0x88], true), ([0x65], true),  // single units, LK #1016
            ([0x41, 0x9A], false), ([0x68, 0xCE], false),
            ([0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xCE], true),  // SPS first in STAP-A
            ([0x78, 0, 2, 0x06, 0x05, 0, 2, 0x68, 0xCE, 0, 2, 0x65, 0x88], true),  // IDR in its middle
            ([0x78, 0, 0, 0, 2, 0x67, 0x42], true),  // an empty unit before
            ([0x78, 0, 2, 0x41, 0x9A, 0xFF, 0xFF, 0x67], false),  // length beyond the end
            ([0x78, 0, 1], false), ([0x78, 0], false), ([0x78], false),
            ([0x79, 0, 0, 0, 2, 0x67, 0x42], true),  // STAP-B
            ([0x7C, 0x85, 0x88], true), ([0x7C, 0x87, 0x42], true),  // FU-A that starts an IDR or SPS
            ([0x7C, 0x05, 0x88], false), ([0x7C, 0x45, 0x88], false),  // its later fragments
            ([0x7C, 0x81, 0x9A], false), ([0x7D, 0x85, 0, 0], true), ([0x7C], false), ([], false),
        ] as [([UInt8], Bool)]
    )
    func h264(payload: [UInt8], isKey: Bool) { expect(.h264, payload, isKey) }

    @Test(
        "H265, RFC 7798",
        arguments: [
            ([0x40, 0x01, 0x0C], true), ([0x42, 0x01], true), ([0x44, 0x01], true),  // VPS, SPS, PPS
            ([0x26, 0x01], true), ([0x28, 0x01], true), ([0x2A, 0x01], true),  // IDR_W_RADL, IDR_N_LP, CRA
            ([0x02, 0x01], false), ([0x20, 0x01], false), ([0x2C, 0x01], false),
            ([0x60, 0x01, 0, 3, 0x02, 0x01, 9, 0, 3, 0x26, 0x01, 9], true),  // IDR second in an aggregation
            ([0x60, 0x01, 0, 3, 0x02, 0x01, 9], false), ([0x60, 0x01, 0xFF, 0xFF, 0x26], false),
            ([0x62, 0x01, 0x93], true), ([0x62, 0x01, 0x13], false), ([0x62, 0x01, 0x81], false),
            ([0x62, 0x01], false), ([0x26], false), ([], false),
        ] as [([UInt8], Bool)]
    )
    func h265(payload: [UInt8], isKey: Bool) { expect(.h265, payload, isKey) }

    @Test(
        "AV1: the N bit of the aggregation header",
        arguments: [
            ([0x18, 0x0A], true), ([0x08, 0x0A], true), ([0x10, 0x32], false), ([0x98, 0x32], false), ([0x18], false),
            ([], false),
        ] as [([UInt8], Bool)]
    )
    func av1(payload: [UInt8], isKey: Bool) { expect(.av1, payload, isKey) }

    @Test("A dependency descriptor decides against the payload, a broken one does not")
    func dependencyDescriptor() {
        let (structured, plain, continued, broken): ([UInt8], [UInt8], [UInt8], [UInt8]) = (
            [0x80, 0, 1, 0x80, 0], [0x80, 0, 1], [0x00, 0, 1, 0x80, 0], [0x80, 0]
        )
        let (inter, key): ([UInt8], [UInt8]) = ([0x10, 0x32], [0x18, 0x0A])
        for codec in VideoCodec.allCases {
            let starts = codec.isKeyFrame(inter.span, dependencyDescriptor: structured.span)
            let without = codec.isKeyFrame(key.span, dependencyDescriptor: plain.span)
            let later = codec.isKeyFrame(key.span, dependencyDescriptor: continued.span)
            #expect(starts && !without && !later)
        }
        let byPayload = VideoCodec.av1.isKeyFrame(key.span, dependencyDescriptor: broken.span)
        #expect(byPayload)
    }

    @Test(
        "Opus silence is told by the table of contents and the length, MS #1357",
        arguments: [
            ([0x08], true), ([0x09], true), ([0x0A, 0x00], true), ([0x0A], false), ([0x0B], false),
            ([0x0B, 0x00], false), ([0x08, 0x01], false), ([0x0A, 0x01, 0x02], false), ([], false),
        ] as [([UInt8], Bool)]
    )
    func opus(payload: [UInt8], isSilence: Bool) {
        let answer = OpusPayload.isDTX(payload.span)
        #expect(answer == isSilence)
    }

    @Test("Codecs are found by media subtype in any case")
    func subtypes() {
        #expect(VideoCodec(subtype: "vp8") == .vp8 && VideoCodec(subtype: "H264") == .h264)
        #expect(VideoCodec(subtype: "rtx") == nil)
    }

    private func expect(_ codec: VideoCodec, _ payload: [UInt8], _ isKey: Bool) {
        let answer = codec.isKeyFrame(payload.span)
        #expect(answer == isKey, "\(codec) \(payload)")
    }
}
