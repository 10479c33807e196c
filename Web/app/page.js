// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Small things of the page: toasts, light and dark, names for rooms, this page's peer id.

/** What this browser remembers; where it may not, everything goes on without. */
export const memory = {
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(`swiftlet.${key}`)) ?? undefined;
    } catch {
      return undefined;
    }
  },
  set(key, value) {
    try {
      if (value === undefined) localStorage.removeItem(`swiftlet.${key}`);
      else localStorage.setItem(`swiftlet.${key}`, JSON.stringify(value));
    } catch {
      // Storage is off or full.
    }
  },
};

const TOAST_TIME = 4500;
const MOST_TOASTS = 4;

export function toast(text, { isError = false } = {}) {
  const root = document.querySelector('#toasts');
  const element = document.createElement('div');
  element.className = `toast${isError ? ' error-toast' : ''}`;
  element.textContent = text;
  root.append(element);
  while (root.children.length > MOST_TOASTS) root.firstChild.remove();
  setTimeout(() => element.remove(), isError ? TOAST_TIME * 2 : TOAST_TIME);
}

/** Follows the system until somebody chooses; choosing what the system has follows it again. */
export function setUpTheme() {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const fromSystem = () => (system.matches ? 'dark' : 'light');
  const apply = () => {
    document.documentElement.dataset.theme = memory.get('theme') ?? fromSystem();
  };
  system.addEventListener('change', apply);
  for (const button of document.querySelectorAll('.theme-toggle')) {
    button.addEventListener('click', () => {
      const wanted = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
      memory.set('theme', wanted === fromSystem() ? undefined : wanted);
      apply();
    });
  }
  apply();
}

const STATES = {
  new: 'New', connecting: 'Connecting', connected: 'Connected', reconnecting: 'Reconnecting', failed: 'Failed', closed: 'Closed',
};

/** Says how the connection is. */
export function showState(state, why) {
  const element = document.querySelector('#connection-state');
  element.dataset.state = state;
  element.title = why ?? '';
  document.querySelector('#connection-text').textContent = STATES[state];
}

const FIRST = ['amber', 'quiet', 'coastal', 'silver', 'mossy', 'sunny', 'gentle', 'misty', 'copper', 'early', 'wild', 'clear'];
const SECOND = ['river', 'meadow', 'harbour', 'cliff', 'orchard', 'cave', 'island', 'valley', 'garden', 'forest', 'breeze', 'nest'];

export function suggestRoom() {
  const [a, b, c] = crypto.getRandomValues(new Uint32Array(3));
  return `${FIRST[a % FIRST.length]}-${SECOND[b % SECOND.length]}-${100 + (c % 900)}`;
}

/**
 * This page's id among the peers. A reload keeps it, so that the server sees the same person come back; a copy of the
 * tab gets another, since the id lies in the storage only between two loads.
 */
export function takePeerId() {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  let id = Array.from(bytes, (byte) => byte.toString(36).padStart(2, '0')).join('');
  const key = 'swiftlet.peer';
  try {
    id = sessionStorage.getItem(key) ?? id;
    sessionStorage.removeItem(key);
    window.addEventListener('pagehide', () => sessionStorage.setItem(key, id));
    window.addEventListener('pageshow', () => sessionStorage.removeItem(key));
  } catch {
    // Without storage a reload comes as somebody new, and the old one leaves with its socket.
  }
  return id;
}

/** Puts the link that leads into a room into the clipboard. */
export async function copyLink(roomId) {
  const url = new URL('/', location.href);
  url.searchParams.set('room', roomId);
  try {
    await navigator.clipboard.writeText(url.href);
    toast('The link is copied. Send it to whom you want to meet.');
  } catch {
    window.prompt('Copy this link:', url.href);
  }
}
