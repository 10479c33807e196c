// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The page: what people press, and what they see.

import { Chat } from './chat.js';
import { showChoices, watchLevel } from './choices.js';
import { DetailsPanel, Meter } from './details.js';
import { Grid, hueOf, initials } from './grid.js';
import { Media, describeProblems, explain, obstacle, openScreen } from './media.js';
import { copyLink, memory, setUpTheme, showState, suggestRoom, takePeerId, toast } from './page.js';
import { Panels } from './panels.js';
import { showPeer, showVoices } from './people.js';
import { Reception } from './reception.js';
import { Room } from './room.js';
import { setUpSettings } from './settings.js';

const $ = (selector) => document.querySelector(selector);
const parameters = new URLSearchParams(location.search);
const peerId = takePeerId();
const media = new Media({ height: Number(parameters.get('height')) || 720 });
const grid = new Grid($('#grid'));
const panel = new DetailsPanel($('#details-list'));
const panels = new Panels();
const chat = new Chat({ grid, panels });
const reception = new Reception(grid);
const settings = setUpSettings(parameters, {
  onQuality: (quality) => reception.setQuality(quality),
  onSending: (changes) => room && report(room.sending.configure(changes)),
});

/** What this person wants on, whether or not there is a device for it. */
const wants = { audio: parameters.get('audio') !== '0', video: parameters.get('video') !== '0' };
const problems = {};
const opening = { audio: 0, video: 0 };
let room = null;
let meter = new Meter();
let screen = null;

window.swiftlet = {
  get room() {
    return room;
  },
};

// MARK: - Devices

async function openDevice(kind) {
  opening[kind] += 1;
  try {
    const track = await media.open(kind);
    delete problems[kind];
    return track;
  } catch (error) {
    wants[kind] = false;
    problems[kind] = obstacle() ?? explain(error);
    if (room) toast(describeProblems({ [kind]: problems[kind] }), { isError: true });
    return null;
  } finally {
    opening[kind] -= 1;
    showDevices();
  }
}

function showDevices() {
  const [mic, camera] = [isOn('audio'), isOn('video')];
  for (const id of ['#toggle-mic', '#preview-mic']) $(id).setAttribute('aria-pressed', String(mic));
  for (const id of ['#toggle-camera', '#preview-camera']) $(id).setAttribute('aria-pressed', String(camera));
  $('#device-error').textContent = describeProblems(problems);
  const stage = $('.preview-stage');
  stage.dataset.camera = camera ? 'on' : 'off';
  $('#preview-text').textContent = problems.video ? 'No camera' : 'Camera is off';
  const preview = $('#preview-video');
  const shown = preview.srcObject?.getVideoTracks()[0] ?? null;
  if (shown !== media.tracks.video) {
    preview.srcObject = media.tracks.video && !room ? new MediaStream([media.tracks.video]) : null;
  }
  showInitials();
  showSelf();
}

const isOn = (kind) => wants[kind] && media.tracks[kind] !== null;

function showInitials() {
  const name = $('#name-input').value;
  $('#preview-initials').textContent = name.trim() ? initials(name) : '?';
}

function showSelf() {
  if (!room) return;
  const tile = grid.ensure('self', { peerId, name: room.displayName, isSelf: true });
  tile.setTrack('video', media.tracks.video);
  tile.setTrack('audio', media.tracks.audio);
  tile.setState({ mic: isOn('audio'), camera: isOn('video') });
}

async function choose(type, deviceId) {
  media.choose(type, deviceId);
  if (type === 'audiooutput') {
    grid.setSink(deviceId);
    return;
  }
  const kind = type === 'videoinput' ? 'video' : 'audio';
  if (!isOn(kind)) {
    // The next time it is switched on, the new choice is opened.
    if (media.tracks[kind]) {
      media.close(kind);
      if (room) report(room.sending.replaceTrack(sourceOf(kind), null));
    }
    return;
  }
  const track = await openDevice(kind);
  if (track && room) await room.sending.replaceTrack(sourceOf(kind), track);
}

const sourceOf = (kind) => (kind === 'audio' ? 'mic' : 'camera');

/** Microphone and camera off and on. A camera that is off is released, so that its light goes out. */
async function toggle(kind) {
  const source = sourceOf(kind);
  if (isOn(kind) || (wants[kind] && opening[kind] > 0)) {
    wants[kind] = false;
    if (kind === 'audio' && media.tracks.audio) media.tracks.audio.enabled = false;
    if (room) report(room.sending.setPaused(source, true));
    if (kind === 'video') {
      media.close('video');
      if (room) report(room.sending.replaceTrack('camera', null));
    }
    showDevices();
    return;
  }
  wants[kind] = true;
  const track = media.tracks[kind] ?? (await openDevice(kind));
  if (!track || !wants[kind]) return;
  track.enabled = true;
  showDevices();
  if (!room) return;
  if (room.sending.has(source)) {
    report(room.sending.replaceTrack(source, track));
    report(room.sending.setPaused(source, false));
  } else {
    report(room.sending.send(source, track));
  }
}

function report(promise) {
  promise.catch((error) => {
    console.warn(error);
    toast(error.message, { isError: true });
  });
}

// MARK: - Joining and leaving

async function join() {
  const [roomId, displayName] = ['#room-input', '#name-input'].map((id) => $(id).value.trim());
  if (!roomId || !displayName) {
    $('#join-error').textContent = roomId ? 'Please say your name.' : 'Please name a room.';
    $(roomId ? '#name-input' : '#room-input').focus();
    return;
  }
  memory.set('name', displayName);
  const url = new URL(location.href);
  url.searchParams.set('room', roomId);
  url.searchParams.set('name', displayName);
  history.replaceState(null, '', url);
  $('#join-error').textContent = '';
  $('#join-button').disabled = true;
  const joining = new Room({
    roomId,
    peerId,
    displayName,
    ...settings.sending,
    forceTcp: parameters.get('forceTcp') === '1',
  });
  follow(joining);
  try {
    for (const kind of ['audio', 'video']) {
      if (isOn(kind)) joining.sending.send(sourceOf(kind), media.tracks[kind]);
    }
    room = joining;
    for (const part of [reception, chat]) part.follow(joining);
    await joining.join();
    if (room !== joining) return;
    enter();
  } catch (error) {
    if (room === joining) room = null;
    for (const part of [reception, chat]) part.follow(room);
    $('#join-error').textContent = error.message;
    $('#join-button').scrollIntoView({ block: 'nearest' });
    showDevices();
  } finally {
    $('#join-button').disabled = false;
  }
}

function enter() {
  $('#landing').hidden = true;
  $('#meeting').hidden = false;
  $('#room-name').textContent = room.roomId;
  document.title = `${room.roomId} · Swiftlet`;
  showDevices();
  showPeople();
  grid.layout();
}

function leave(why) {
  const left = room;
  room = null;
  left?.close();
  stopScreen();
  for (const part of [reception, chat]) part.follow(null);
  grid.clear();
  panel.clear();
  meter = new Meter();
  panels.show(null);
  $('#devices').close();
  $('#meeting').hidden = true;
  $('#landing').hidden = false;
  $('#join-error').textContent = why ?? '';
  document.title = 'Swiftlet';
  showDevices();
  $('#join-button').focus();
}

function follow(joining) {
  const mine = (handler) => (...values) => {
    if (room === joining) handler(...values);
  };
  let isSaid = false;
  joining.on('state', mine((state, why) => {
    showState(state, why);
    if (state === 'reconnecting' && !isSaid) toast(`Reconnecting: ${why ?? 'the connection was lost'}.`);
    isSaid = state === 'reconnecting';
    if (state === 'closed') leave(why);
  }));
  joining.on('joined', mine(({ again }) => {
    if (again) toast('You are back in the room.');
  }));
  joining.on('peer', mine((peer, isSilent) => {
    grid.ensure(peer.id, { peerId: peer.id, name: peer.displayName });
    if (!isSilent) toast(`${peer.displayName} joined.`);
    showPeople();
  }));
  joining.on('peerleft', mine((peer, isSilent) => {
    grid.remove(peer.id);
    grid.remove(`${peer.id}/screen`);
    if (!isSilent) toast(`${peer.displayName} left.`);
    showPeople();
  }));
  joining.on('peerchanged', mine((peer) => {
    showPeer(grid, joining, peer);
    reception.update();
  }));
  joining.on('voices', mine(() => showVoices(grid, joining)));
  joining.on('sendfailed', mine((source, error) => {
    toast(`Your ${source} could not be sent: ${error.message}`, { isError: true });
    if (source === 'screen') stopScreen();
  }));
}

function showPeople() {
  const count = 1 + (room?.peers.size ?? 0);
  $('#people-count').textContent = count === 1 ? '1 person' : `${count} people`;
  $('#alone').hidden = count > 1 || screen !== null;
}

// MARK: - Screen

async function toggleScreen() {
  if (screen) {
    stopScreen();
    return;
  }
  let opened;
  try {
    opened = await openScreen();
  } catch (error) {
    // Changing one's mind in the browser's dialog is no error.
    if (error.name !== 'NotAllowedError') toast(error.message, { isError: true });
    return;
  }
  if (!room) {
    for (const track of [opened.video, opened.audio]) track?.stop();
    return;
  }
  screen = opened;
  screen.video.addEventListener('ended', () => {
    if (screen === opened) stopScreen();
  });
  $('#toggle-screen').setAttribute('aria-pressed', 'true');
  const tile = grid.ensure('self/screen', { peerId, name: room.displayName, isSelf: true, isScreen: true });
  tile.setTrack('video', screen.video);
  showPeople();
  report(room.sending.send('screen', screen.video));
  if (screen.audio) report(room.sending.send('screen-audio', screen.audio));
}

function stopScreen() {
  if (!screen) return;
  const { video, audio } = screen;
  screen = null;
  for (const track of [video, audio]) track?.stop();
  $('#toggle-screen').setAttribute('aria-pressed', 'false');
  grid.remove('self/screen');
  showPeople();
  if (!room) return;
  report(room.sending.send('screen', null));
  if (audio) report(room.sending.send('screen-audio', null));
}

// MARK: - Buttons and keys

const SHORTCUTS = {
  m: () => toggle('audio'), v: () => toggle('video'), s: toggleScreen,
  r: () => chat.toggleReactions(), c: () => panels.toggle('chat'), d: () => panels.toggle('details'),
};

function wire() {
  const on = (id, handler) => $(id).addEventListener('click', handler);
  for (const id of ['#toggle-mic', '#preview-mic']) on(id, () => toggle('audio'));
  for (const id of ['#toggle-camera', '#preview-camera']) on(id, () => toggle('video'));
  on('#toggle-screen', toggleScreen);
  on('#devices-button', () => $('#devices').showModal());
  on('#devices-close', () => $('#devices').close());
  for (const id of ['#copy-link', '#copy-link-alone', '#copy-link-bar']) on(id, () => copyLink(room?.roomId ?? ''));
  panels.add('details', { onOpen: () => panel.show(meter.people) });
  on('#leave', () => leave());
  on('#suggest-room', () => ($('#room-input').value = suggestRoom()));
  $('#name-input').addEventListener('input', showInitials);
  $('#join-form').addEventListener('submit', (event) => {
    event.preventDefault();
    join();
  });
  $('#devices').addEventListener('click', (event) => {
    if (event.target === event.currentTarget) event.currentTarget.close();
  });
  $('#toggle-screen').disabled = !navigator.mediaDevices?.getDisplayMedia;
  window.addEventListener('keydown', (event) => {
    if (!room || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea, dialog')) return;
    if (event.key === 'Escape') panels.close();
    if (!Object.hasOwn(SHORTCUTS, event.key.toLowerCase())) return;
    // The key that opens a place to write is not written there.
    event.preventDefault();
    SHORTCUTS[event.key.toLowerCase()]();
  });
  window.addEventListener('soundblocked', () => {
    toast('The browser holds the sound back until you click somewhere.');
    window.addEventListener('pointerdown', () => grid.unmuteAll(), { once: true });
  });
  window.addEventListener('pagehide', () => room?.close());
  window.addEventListener('online', () => room?.retryNow());
  media.on('changed', () => {
    showChoices(media, choose);
    showDevices();
  });
  media.on('ended', (kind) => {
    if (!wants[kind]) return;
    wants[kind] = false;
    toast(`${kind === 'audio' ? 'The microphone' : 'The camera'} was unplugged or stopped.`, { isError: true });
    if (room) report(room.sending.send(sourceOf(kind), null));
    showDevices();
  });
}

// MARK: - What moves by itself

function everySecond() {
  const sampled = room;
  if (!sampled || $('#meeting').hidden) return;
  meter.sample(sampled, sampled.displayName).then(() => {
    if (room === sampled && panels.open === 'details') panel.show(meter.people);
  }).catch((error) => console.warn('no statistics', error));
}

/** Opens a device at the start; who has joined meanwhile is seen and heard from now on. */
async function openFirst(kind) {
  const track = await openDevice(kind);
  if (track && room && isOn(kind) && !room.sending.has(sourceOf(kind))) report(room.sending.send(sourceOf(kind), track));
}

async function start() {
  setUpTheme();
  wire();
  $('#room-input').value = parameters.get('room') ?? suggestRoom();
  $('#name-input').value = parameters.get('name') ?? memory.get('name') ?? '';
  $('#preview-initials').style.setProperty('--hue', String(hueOf($('#name-input').value)));
  showDevices();
  if (!$('#name-input').value) $('#name-input').focus();
  setInterval(everySecond, 1000);
  watchLevel($('#preview-level'), () => (room || !isOn('audio') ? null : media.tracks.audio));
  await Promise.all(['audio', 'video'].filter((kind) => wants[kind]).map(openFirst));
  await media.refresh();
  if (parameters.get('autojoin') === '1') join();
}

start();
