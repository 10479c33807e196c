// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// What is received of other people, on their tiles.

/** Brings a person's tile, and that of a shared screen, in line with what is received. */
export function showPeer(grid, room, peer) {
  const owned = room.consumers.filter((entry) => entry.peer === peer).map(({ consumer }) => consumer);
  const find = (kind, isScreen) => owned.findLast((consumer) => consumer.kind === kind && consumer.appData.isScreen === isScreen);
  const tile = grid.get(peer.id);
  if (tile) {
    tile.setName(peer.displayName);
    const [audio, video] = [find('audio', false), find('video', false)];
    show(tile, audio, video);
    tile.setState({ mic: isFlowing(audio), camera: isFlowing(video) });
  }
  const key = `${peer.id}/screen`;
  const picture = find('video', true);
  // The sound of a screen may come first and go last; the tile is there for the picture.
  if (!picture) grid.remove(key);
  else show(grid.ensure(key, { peerId: peer.id, name: peer.displayName, isScreen: true }), find('audio', true), picture);
}

const isFlowing = (consumer) => consumer !== undefined && !consumer.appData.producerPaused;

function show(tile, audio, video) {
  tile.setTrack('audio', audio?.track ?? null);
  tile.setTrack('video', video?.track ?? null);
}

/** What a meter shows as nothing and as full, in dBov. */
const [QUIET, FULL] = [-60, -15];

/** Shows who is heard, and who has the word, on the tiles. */
export function showVoices(grid, room) {
  const { volumes, speaker } = room?.voices ?? { volumes: [], speaker: null };
  const levels = new Map();
  for (const { peerId, producerId, volume } of volumes) {
    const tile = tileOf(grid, room, peerId, producerId);
    const level = Math.min(1, Math.max(0, (volume - QUIET) / (FULL - QUIET)));
    if (tile) levels.set(tile, Math.max(level, levels.get(tile) ?? 0));
  }
  const speaking = speaker === null ? undefined : tileOf(grid, room, speaker);
  for (const tile of grid.tiles) tile.setVoice(levels.get(tile) ?? 0, tile === speaking);
}

/** The tile of a person, or of the shared screen that a sound belongs to. */
function tileOf(grid, room, peerId, producerId) {
  if (peerId === room.peerId) {
    const isScreen = producerId !== undefined && room.sending.producers.get('screen-audio')?.id === producerId;
    return grid.get(isScreen ? 'self/screen' : 'self');
  }
  const found = room.consumers.find(({ consumer }) => consumer.producerId === producerId);
  return grid.get(found?.consumer.appData.isScreen ? `${peerId}/screen` : peerId);
}

/** The tile that shows a received picture. */
export function tileShowing(grid, { peer, consumer }) {
  return grid.get(consumer.appData.isScreen ? `${peer.id}/screen` : peer.id);
}
