// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWorker

// Standard input is one end of a socket pair; the host that started this process holds the other.
WorkerProcess.main()
