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

const LOUD = 0.02;

/** Who speaks now gets a frame around the tile. */
export function showSpeakers(grid, room) {
  for (const { peer, consumer } of room?.consumers ?? []) {
    if (consumer.kind !== 'audio' || consumer.appData.isScreen) continue;
    const [source] = consumer.rtpReceiver.getSynchronizationSources?.() ?? [];
    const isLoud = !consumer.appData.producerPaused && (source?.audioLevel ?? 0) > LOUD;
    grid.get(peer.id)?.element.classList.toggle('speaking', isLoud);
  }
}
