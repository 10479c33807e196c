// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Certificates made by `openssl req -x509`, so that another program vouches for what they hold.
enum Fixtures {
    /// RSA with 2048 bits.
    static let rsaCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIC/zCCAeegAwIBAgIUA7ALh/yy7GF3U4FFvAC4foAfOzgwDQYJKoZIhvcNAQEL
        BQAwDjEMMAoGA1UEAwwDcnNhMCAXDTI2MTEyMzE1MDA0NFoYDzIxMjYxMDMwMTUw
        MDQ0WjAOMQwwCgYDVQQDDANyc2EwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK
        AoIBAQDIvWHTu/bYiN+DsMLUdgPZdk6RF1nap8I5LftkIvz2edl8ZK2H98rDz5GR
        50IaTkd3/1JqyqX8fxX4lMQCi9wytbYgZN6nGD5IjjJ5pelxXE5j+VE1cka8finq
        q+2m2y+7z3Qf0Y0w53SgaJ0cmr8+r5IorAvtkT4f+gmLkjb5CBlEQhl3rNQv+os2
        m06mjFeZ1U6F3de9u/dFew6BT7/yFCSYExeGT6LGAZEV4VkL4dSKDPd1mIBizllB
        d3XiHaUVLdEXgpV3L8pf3xlz/ObwAk9Zoo4pte2Zog4v2isjwZ04ozJjJGJfcbAw
        WaRlF+vePEVwxvyXRa4vi6ZCCHidAgMBAAGjUzBRMB0GA1UdDgQWBBQGB8f7V2/N
        eK5CdPRvi2Unay6kSzAfBgNVHSMEGDAWgBQGB8f7V2/NeK5CdPRvi2Unay6kSzAP
        BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQANiCFuA3OXPwLhuD2n
        Dz8WX2jSDJW+1tUCyKwBBQUK5WMnDU91zUo4ZQyLRCDGSfyzryRKXYmmdElZC0Hd
        Ev0VKVmRiCnjhbPai++9IRHm+kImcH6AkAUh9p3DTGQIcuq9L1k3+s72mIdiddY+
        e7MuTHbw/IZiZ6addnQvmbGk4o15Qz0AcrjSy6AjUxLW4QN0Qi8TgyeLe2OnXXpy
        wivCCBstnM9MRfSxzt6jRvOADoDFunYcDfF0AHVCsOZTMMQsjVqeMrh58FEjW8qh
        vIwV5HWXLTkyxqapQlFoY3FChjWjKg6q3+H2KyONhv8/TFPEqTNvGdzEJhVLHTOT
        EC3X
        -----END CERTIFICATE-----
        """

    static let rsaKey = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDIvWHTu/bYiN+D
        sMLUdgPZdk6RF1nap8I5LftkIvz2edl8ZK2H98rDz5GR50IaTkd3/1JqyqX8fxX4
        lMQCi9wytbYgZN6nGD5IjjJ5pelxXE5j+VE1cka8finqq+2m2y+7z3Qf0Y0w53Sg
        aJ0cmr8+r5IorAvtkT4f+gmLkjb5CBlEQhl3rNQv+os2m06mjFeZ1U6F3de9u/dF
        ew6BT7/yFCSYExeGT6LGAZEV4VkL4dSKDPd1mIBizllBd3XiHaUVLdEXgpV3L8pf
        3xlz/ObwAk9Zoo4pte2Zog4v2isjwZ04ozJjJGJfcbAwWaRlF+vePEVwxvyXRa4v
        i6ZCCHidAgMBAAECggEAI++VRv6P/OkZ3F0lL7w1ybUOcRZ1UTm1gR98cMt7rhMX
        rldmol/ndmDfDjfQY12umSqFwlTnXJmSoRbetRb9Ez3o7gkou9CQ+9Oq8RCUxySv
        auHL2i3MQHu0fMyNBZEZDT3g675LkJzqybmYoLGKOYpcN7g/BWc6MCbGlSwWd8Ob
        /+9yN7tfvd1ISSiJzJr7XNh3+ob7x9kfW2ZpJLnmsauXBPLXk8AyZlSsk20FCzWm
        y6otXb8lw0I3Aj1q5A+cdvrLu1pi5MnVJ1cgLgXt7t/NE2yDNMcGOWjQPVAj3cEc
        eiMUwjSJYNzGsUpv9kt7FwfyXt0s6FR3U9ULs5gW4QKBgQD8paFP/y5JOSA1edca
        lYraLj05PbZP17hgSx4MO56TkQ+zIflDC2f8JJ+DV/1143ez8OrDTGFGUkg7kwqC
        +P3VtX00A7AYJPbqbCZ17afK593ggnJTcXqwlbh0o84r+GFvYpddV3GNUQ2/Wo8Q
        JHt1iPJF++EB1NQ2hYIfZdc1/QKBgQDLZ2WaEWAhqmvxeZBl0Dcse2aqCoeQ053C
        5suw3RGX1LqncZOD5WXYP7mhjhdJFJj5pc5odzYzeLBESEJzgMN/yFsOs+5IeAaz
        Vj0hbIys8xB5Wl6WyJ0DvRxP6BZKvvk0WXfOZ/ba2geKvKmb1dXV45VNMJQMt6q0
        LnSyKip/IQKBgCyHiOIPqPnQ7sNeITKXTuzbn4DaRqrV67JVKwue6nk55Rl+kG9n
        sEE5tz+wH4VKvUti2A3qBW8ei4qshPrGpf6nyVSEneHzie2ReEnqxFs3+NxcQYhB
        hQ1gpi0wveL0GUBHkUQraGEu+wxSCssekwAJTiJVnbfz6h9d8qxUB9WFAoGBALm5
        urMYRH/Y/eEqz+e3XHm4X8DKBoj+QSIS3VCsOwE5FAoKkdiwYPM5FMXoWWi4bwod
        FMCcgZg0Djb7B/oxS9Fk34goUV5Igk3EY+MeG8Fb2+IC2zWxDnW4ep6X26r6f9AG
        FXgZw/SHerV6mSAa+7rmqJAn2DdYiX0mohWAnPchAoGAFu/AFF8V+tpR2K/DjSR4
        Y6ATVmyjaZt1oirMlWwFfYzF8UlCskNUWl726yydxQlKTIOcEEmv+uXNmwcJEmVH
        u/TsAW8D8GqZ/OlI+zp4JS8A53j5D2yFdhJU4gFVM5jj4aEcv6SXrYa1zFMtwauH
        0f4r88WmtJiBFlBpTJrdiZs=
        -----END PRIVATE KEY-----
        """

    /// What `openssl x509 -fingerprint` says of ``rsaCertificate``.
    static let rsaFingerprints = [
        "sha-1":
            "D3:9A:FB:EB:2A:C5:FF:15:12:4F:A8:3F:C2:B3:3E:5E:10:56:B7:E3",
        "sha-224":
            "65:B0:3D:CC:50:76:1F:97:DA:D1:EB:30:D6:17:BE:4A:06:D5:A2:93:D7:3B:23:6F:D6:6E:3B:B1",
        "sha-256":
            "60:88:C8:FA:10:73:50:08:01:1E:50:9D:EB:87:4B:65:DE:A0:BE:8D:E7:B1:1E:7D:E0:93:71:29:E2:9C:A4:C0",
        "sha-384":
            "76:9B:94:9B:90:1F:8C:78:0E:56:2A:BF:53:82:46:AC:4B:70:01:C2:BF:6D:20:E1:68:32:17:90:B2:CC:83:A9"
            + ":90:F4:7F:16:67:AB:9B:2B:1A:C2:B0:00:BB:5F:D5:52",
        "sha-512":
            "BA:7B:8C:BB:9C:D6:AC:5B:17:D8:C4:39:C2:38:3C:B6:CB:B9:4B:93:B9:77:32:13:FE:EC:EF:EE:51:48:40:44"
            + ":F8:B2:D1:C0:84:88:3B:1A:8C:07:E3:0B:37:8D:87:A3:7B:13:D4:33:54:43:A8:4B:37:68:4E:3F:3B:31:5B:32",
    ]

    /// P-256, made some 4 kB long by a comment.
    static let largeCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIQfzCCECSgAwIBAgIUAcldQAZIP5BqbMhnlsjeibWSoSQwCgYIKoZIzj0EAwIw
        EDEOMAwGA1UEAwwFbGFyZ2UwIBcNMjYxMTIzMTUwMTQwWhgPMjEyNjEwMzAxNTAx
        NDBaMBAxDjAMBgNVBAMMBWxhcmdlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
        uer4ZDirQdUcN26vmwK7f6wXfFYqekwIOtfI+Gy4ZdagDjC6kE6YORpLIZVjXgx2
        cn7fW9cdp0NjjR1IKa+z0qOCD1gwgg9UMIIPMQYJYIZIAYb4QgENBIIPIhaCDx5z
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBz
        d2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lm
        dGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxl
        dCBzd2lmdGxldCBzd2lmdGxldCBzd2lmdGxldCAwHQYDVR0OBBYEFKokaGe9wdMY
        njy8Syf/Nfq0/IZiMAoGCCqGSM49BAMCA0kAMEYCIQCQI6cXRWzjpuekAFkKR7mq
        WOpsz01sJOK14b1u58DUZwIhAKqESvWUz/mvEfRy9yd9n8y496yHUaQvXaQ7Swnd
        W5iu
        -----END CERTIFICATE-----
        """

    static let largeKey = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEINII3TWw4Lh9i2ODamRcBAmi+HK67vVGv/m5vpNE2lFboAoGCCqGSM49
        AwEHoUQDQgAEuer4ZDirQdUcN26vmwK7f6wXfFYqekwIOtfI+Gy4ZdagDjC6kE6Y
        ORpLIZVjXgx2cn7fW9cdp0NjjR1IKa+z0g==
        -----END EC PRIVATE KEY-----
        """

    /// ``largeKey`` under a password.
    static let encryptedKey = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhwns5MhQFCcwICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFKBcoj7S7ZZeI2E/OysviAEgZBR
        pWJ6JlTp6c0BQXY3kRu7vAvmR7hAZLfC2JBvue6vBK2BFY24jFaXqrNLSdVWtslM
        yTQfZ3A+6hynb6qa/sD4/OzGGeRuKHeWEwQOv0E2UYmD21icwdtfs46lyJqCj/Ub
        0KO3pSCldxh+QdjWFMveJFwjYTUd3yBomlRoS3QEsR3inG2hho3KS0kBI+v6C/U=
        -----END ENCRYPTED PRIVATE KEY-----
        """
}
