// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a real encoder makes of 720p at 30 frames a second and 1.5 Mbit/s: the sizes of 300 VP8 frames.
///
/// libvpx as browsers drive it (ffmpeg 5.1, 1.6 Mbit/s came out), fed a picture that moves everywhere and has the noise
/// of a camera:
///
///     ffmpeg -f lavfi -i "mandelbrot=size=1280x720:rate=30:end_scale=0.02:maxiter=400,noise=alls=6:allf=t" -t 10 \
///         -pix_fmt yuv420p -c:v libvpx -deadline realtime -cpu-used 8 -lag-in-frames 0 -error-resilient 1 \
///         -b:v 1500k -minrate 1500k -maxrate 1500k -bufsize 900k -g 100 -keyint_min 100 out.ivf
///     ffprobe -show_entries packet=size,flags -of csv=p=0 out.ivf
enum FrameTrace {
    static let framesPerSecond = 30
    /// One frame in so many is a key frame.
    static let keyFrameInterval = 100

    static func isKeyFrame(_ index: Int) -> Bool { index % keyFrameInterval == 0 }

    /// Bytes of every frame.
    static let sizes: [Int] = [
        11827, 3721, 3648, 3594, 3371, 3323, 3448, 4120, 5285, 5772, 5480, 5646, 7350, 6531, 6545,
        8441, 9237, 7738, 7455, 6813, 6909, 6599, 7132, 7294, 8685, 7949, 8271, 8657, 8265, 9438,
        7843, 6305, 5133, 4976, 4888, 4930, 5106, 5225, 7052, 7357, 7093, 6540, 5663, 7260, 9517,
        9794, 8465, 8209, 8145, 8526, 10227, 9468, 9670, 9128, 9215, 8681, 8807, 9922, 9110, 9192,
        8967, 9060, 8951, 9929, 10603, 10284, 9071, 9272, 9356, 9153, 9019, 8818, 10259, 9251, 9064,
        9418, 8548, 9282, 10506, 9771, 9624, 8835, 9962, 8864, 8273, 9844, 9872, 8627, 9446, 8852,
        8174, 8707, 7895, 6877, 6645, 5948, 7817, 9662, 9168, 7479, 31249, 6666, 6996, 6498, 5994,
        5022, 4663, 4607, 4615, 4561, 4356, 4395, 4346, 4273, 4281, 4367, 4452, 4732, 4313, 6673,
        7854, 7865, 9054, 9147, 7269, 8126, 8463, 6987, 6237, 5410, 4421, 4275, 4460, 5815, 6831,
        5728, 5147, 4262, 4058, 4063, 4029, 4076, 3922, 3812, 4110, 3874, 3750, 3652, 3798, 3753,
        3699, 4006, 3809, 5314, 6298, 6030, 5152, 5915, 6694, 5743, 6133, 5047, 4392, 4017, 3968,
        3863, 3897, 4098, 5589, 6263, 6105, 6178, 7214, 6497, 6498, 6408, 6442, 6880, 6184, 6587,
        6913, 7173, 6346, 5518, 5773, 4453, 5644, 4819, 4943, 5244, 4097, 4064, 3892, 3715, 3860,
        3771, 3809, 3764, 3930, 4146, 26799, 4469, 5219, 5792, 5181, 5068, 4833, 4525, 4119, 3921,
        3986, 3767, 3410, 3773, 3816, 3189, 3393, 3656, 3519, 4380, 5237, 5332, 5563, 5656, 5286,
        5475, 4980, 5412, 4641, 4865, 4872, 4466, 4674, 4942, 5715, 6001, 5278, 5348, 5552, 5010,
        5247, 5406, 5317, 5655, 6183, 5724, 5420, 4925, 4768, 4576, 4599, 5134, 6227, 6353, 7272,
        7334, 8059, 6907, 6448, 6392, 6253, 6707, 7123, 7327, 8251, 8330, 9004, 8802, 9874, 8139,
        8363, 8427, 8344, 9016, 7761, 9022, 7989, 7426, 8416, 9694, 8449, 8393, 8149, 7473, 7423,
        6527, 7895, 9733, 10015, 10946, 9620, 10608, 10872, 10376, 9387, 10002, 10144, 10563, 11087, 10548,
    ]

    /// Bytes of a frame's packets without headers: as few as can be, and equal but for one byte, the smaller ones first,
    /// as libwebrtc splits frames.
    static func split(_ size: Int, into limit: Int) -> [Int] {
        let count = max(1, (size + limit - 1) / limit)
        return (0..<count).map { (size + $0) / count }
    }
}
