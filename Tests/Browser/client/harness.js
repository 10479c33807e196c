// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// A few lines to state facts with: the page runs them all and keeps what failed.

const tests = [];

export function test(title, body) {
  tests.push({ title, body });
}

export function check(value, text = 'not true') {
  if (!value) throw new Error(text);
}

export function equal(actual, expected, text = '') {
  const [left, right] = [actual, expected].map((value) => JSON.stringify(sorted(value)));
  if (left !== right) throw new Error(`${text}\n  is      ${left}\n  must be ${right}`);
}

/** Runs what must fail, and returns its error. */
export async function fails(body, name) {
  try {
    await body();
  } catch (error) {
    if (name && error.name !== name) throw new Error(`a ${name} is expected, not ${error}`);
    return error;
  }
  throw new Error(`no ${name ?? 'error'} was thrown`);
}

/** Waits until a condition holds. */
export async function until(condition, text, limit = 10_000) {
  const end = performance.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`${text}: not within ${limit} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function runAll() {
  const results = [];
  for (const { title, body } of tests) {
    try {
      await Promise.race([body(), new Promise((_, reject) => setTimeout(() => reject(new Error('no end')), 20_000))]);
      results.push({ title, error: null });
    } catch (error) {
      results.push({ title, error: `${error}\n${error?.stack ?? ''}` });
    }
  }
  return results;
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}
