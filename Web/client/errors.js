// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/** The browser cannot do what is asked, or has no codec in common with the router. */
export class UnsupportedError extends Error {
  constructor(message) {
    super(message);
    this.name = 'UnsupportedError';
  }
}

/** The object is not in a state in which this can be done: closed, not loaded, ended. */
export class InvalidStateError extends Error {
  constructor(message) {
    super(message);
    this.name = 'InvalidStateError';
  }
}

/** The other side of the signalling refused a request, or did not answer in time. */
export class RequestError extends Error {
  constructor(code, reason) {
    super(reason);
    this.name = 'RequestError';
    this.code = code;
  }
}
