// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

export type MediaKind = 'audio' | 'video';
export type AppData = Record<string, unknown>;

export interface RtcpFeedback {
  type: string;
  parameter?: string;
}

export interface RtpCodecCapability {
  kind: MediaKind;
  mimeType: string;
  preferredPayloadType?: number;
  clockRate: number;
  channels?: number;
  parameters?: Record<string, string | number>;
  rtcpFeedback?: RtcpFeedback[];
}

export interface RtpHeaderExtension {
  kind: MediaKind;
  uri: string;
  preferredId: number;
  preferredEncrypt?: boolean;
  direction?: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}

export interface RtpCapabilities {
  codecs: RtpCodecCapability[];
  headerExtensions?: RtpHeaderExtension[];
}

export interface RtpCodecParameters {
  mimeType: string;
  payloadType: number;
  clockRate: number;
  channels?: number;
  parameters?: Record<string, string | number>;
  rtcpFeedback?: RtcpFeedback[];
}

export interface RtpEncodingParameters {
  ssrc?: number;
  rid?: string;
  rtx?: { ssrc: number };
  dtx?: boolean;
  scalabilityMode?: string;
  maxBitrate?: number;
  maxFramerate?: number;
}

export interface RtpParameters {
  mid?: string;
  codecs: RtpCodecParameters[];
  headerExtensions?: { uri: string; id: number; encrypt?: boolean; parameters?: Record<string, unknown> }[];
  encodings?: RtpEncodingParameters[];
  rtcp?: { cname?: string; reducedSize?: boolean };
}

export interface IceParameters {
  usernameFragment: string;
  password: string;
  iceLite?: boolean;
}

export interface IceCandidate {
  foundation: string;
  priority: number;
  address?: string;
  /** The older name of `address`. */
  ip?: string;
  protocol: 'udp' | 'tcp';
  port: number;
  type?: 'host' | 'srflx' | 'prflx' | 'relay';
  tcpType?: 'active' | 'passive' | 'so';
}

export interface DtlsParameters {
  role?: 'auto' | 'client' | 'server';
  fingerprints: { algorithm: string; value: string }[];
}

export interface SctpCapabilities {
  numStreams: { OS: number; MIS: number };
}

/** The server's end of a transport's SCTP association. */
export interface SctpParameters {
  port: number;
  OS: number;
  MIS: number;
  /** The longest message that the server takes, in bytes. */
  maxMessageSize: number;
}

/** How messages travel: without a limit to the effort they arrive, and unless said otherwise in order. */
export interface SctpStreamParameters {
  streamId: number;
  ordered?: boolean;
  /** Milliseconds after which a message is given up. */
  maxPacketLifeTime?: number;
  /** How many times a message is sent again before it is given up. */
  maxRetransmits?: number;
}

export type ConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/** What a server's answer to `createWebRtcTransport` holds, with what the application adds. */
export interface TransportOptions {
  id: string;
  iceParameters: IceParameters;
  iceCandidates: IceCandidate[];
  dtlsParameters: DtlsParameters;
  /** Without them the transport carries no data channels. */
  sctpParameters?: SctpParameters;
  iceServers?: RTCIceServer[];
  iceTransportPolicy?: RTCIceTransportPolicy;
  additionalSettings?: RTCConfiguration;
  appData?: AppData;
}

/** A place in a stream's layers, counted from 0; without a temporal one, every frame. */
export interface ConsumerLayers {
  spatialLayer: number;
  temporalLayer?: number;
}

/** What the viewers of a producer want of it, all together; -1 for nothing. */
export interface ProducerDemand {
  /** For each encoding, the smallest first, whether anybody watches it. */
  encodings: boolean[];
  spatialLayer: number;
  temporalLayer: number;
}

/** How well a stream arrives, from 0 to 10. */
export interface ConsumerScore {
  score: number;
  producerScore: number;
  producerScores: number[];
}

export interface ProducerScore {
  encodingIdx: number;
  ssrc: number;
  rid?: string;
  score: number;
}

/** Several streams, one with several sizes in it (VP9 and AV1), or one of one size. */
export type Layering = 'simulcast' | 'svc' | 'single';

export interface ProducerCodecOptions {
  /** Whether every packet repeats the one before it (RFC 2198). Default: as the browser prefers. */
  opusRed?: boolean;
  opusStereo?: boolean;
  opusFec?: boolean;
  opusDtx?: boolean;
  opusNack?: boolean;
  opusMaxPlaybackRate?: number;
  opusMaxAverageBitrate?: number;
  opusPtime?: number;
  /** Kilobits a second, as the two below. Chromium only. */
  videoGoogleStartBitrate?: number;
  videoGoogleMaxBitrate?: number;
  videoGoogleMinBitrate?: number;
}

export interface ProducerOptions {
  track: MediaStreamTrack;
  /** Tracks with the same one are played in step by those who receive them. */
  streamId?: string;
  /** Low quality first. Default for video: what `suggestEncodings` makes of the track, the codec and `layers`. */
  encodings?: RTCRtpEncodingParameters[];
  /** How many sizes video is sent in, where `encodings` are not given. Default: simulcast; for a shared screen, single. */
  layers?: Layering;
  codecOptions?: ProducerCodecOptions;
  /** The codec to send with; without it the first in common. */
  codec?: Pick<RtpCodecCapability, 'mimeType' | 'clockRate' | 'channels' | 'parameters'>;
  /** Whether closing the producer, or replacing its track, stops the track. Default: true. */
  stopTracks?: boolean;
  /** Whether pausing disables the track. Default: true. */
  disableTrackOnPause?: boolean;
  /** Whether pausing sends nothing at all instead of silence or black. Default: false. */
  zeroRtpOnPause?: boolean;
  onRtpSender?: (sender: RTCRtpSender) => void;
  appData?: AppData;
}

export interface ConsumerOptions {
  id: string;
  producerId: string;
  kind: MediaKind;
  rtpParameters: RtpParameters;
  /** Tracks with the same one are played in step. Default: the sender's CNAME. */
  streamId?: string;
  onRtpReceiver?: (receiver: RTCRtpReceiver) => void;
  appData?: AppData;
}

export interface DataProducerOptions {
  /** Default: true unless one of the two below is given. */
  ordered?: boolean;
  maxPacketLifeTime?: number;
  maxRetransmits?: number;
  label?: string;
  protocol?: string;
  appData?: AppData;
}

export interface DataConsumerOptions {
  id: string;
  dataProducerId: string;
  sctpStreamParameters: SctpStreamParameters;
  label?: string;
  protocol?: string;
  appData?: AppData;
}

type Listener<Values extends unknown[]> = (...values: Values) => void;

export declare class EventEmitter<Events extends { [Name in keyof Events]: unknown[] } = Record<string, unknown[]>> {
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this;
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this;
  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this;
  removeAllListeners(name?: keyof Events): this;
  listenerCount(name: keyof Events): number;
  emit<Name extends keyof Events>(name: Name, ...values: Events[Name]): boolean;
}

/** The browser cannot do what is asked, or has no codec in common with the router. */
export declare class UnsupportedError extends Error {}
/** The object is closed, not loaded, or its track has ended. */
export declare class InvalidStateError extends Error {}
/** The other side of the signalling refused a request, or did not answer in time (408). */
export declare class RequestError extends Error {
  constructor(code: number, reason: string);
  readonly code: number;
}

/** This browser as a peer of a router. */
export declare class Device {
  readonly observer: EventEmitter<{ newtransport: [transport: Transport] }>;
  readonly loaded: boolean;
  /** What this browser can receive from the router; payload types and ids are its own. */
  readonly recvRtpCapabilities: RtpCapabilities;
  readonly sendRtpCapabilities: RtpCapabilities;
  /** The older name of `recvRtpCapabilities`. */
  readonly rtpCapabilities: RtpCapabilities;
  /** What this browser can do in SCTP: hand it to the server when asking for transports that carry data. */
  readonly sctpCapabilities: SctpCapabilities;
  /** Compares the browser with the router; once, before anything else. */
  load(options: { routerRtpCapabilities: RtpCapabilities }): Promise<void>;
  /** Whether the browser can send several frame rates, and with VP9 and AV1 several sizes, in one stream. */
  readonly hasScalabilityModes: boolean;
  canProduce(kind: MediaKind): boolean;
  createSendTransport(options: TransportOptions): SendTransport;
  createRecvTransport(options: TransportOptions): RecvTransport;
}

interface TransportEvents {
  /** Once, before media: tell the server, then call back. */
  connect: [values: { dtlsParameters: DtlsParameters }, callback: () => void, errback: (error: Error) => void];
  connectionstatechange: [state: ConnectionState];
  icegatheringstatechange: [state: RTCIceGatheringState];
  icecandidateerror: [event: RTCPeerConnectionIceErrorEvent];
}

interface SendTransportEvents extends TransportEvents {
  /** For each producer: tell the server, then call back with the id that it gave. */
  produce: [
    values: { kind: MediaKind; rtpParameters: RtpParameters; appData: AppData },
    callback: (answer: { id: string }) => void,
    errback: (error: Error) => void,
  ];
  /** For each data producer, likewise. */
  producedata: [
    values: { sctpStreamParameters: SctpStreamParameters; label: string; protocol: string; appData: AppData },
    callback: (answer: { id: string }) => void,
    errback: (error: Error) => void,
  ];
}

interface RecvTransportEvents extends TransportEvents {
  /** Where a consumer asks the server for something: make the request, then call back with the answer. */
  control: [
    values: { method: string; data: { consumerId: string } & Record<string, unknown> },
    callback: (answer?: unknown) => void,
    errback: (error: Error) => void,
  ];
}

interface TransportObserverEvents {
  close: [];
  newproducer: [producer: Producer];
  newconsumer: [consumer: Consumer];
  newdataproducer: [dataProducer: DataProducer];
  newdataconsumer: [dataConsumer: DataConsumer];
}

/** One RTCPeerConnection to the server. */
export declare abstract class Transport<
  Events extends { [Name in keyof Events]: unknown[] } = TransportEvents,
> extends EventEmitter<Events> {
  readonly id: string;
  readonly closed: boolean;
  readonly direction: 'send' | 'recv';
  readonly connectionState: ConnectionState;
  readonly iceGatheringState: RTCIceGatheringState;
  readonly peerConnection: RTCPeerConnection;
  readonly observer: EventEmitter<TransportObserverEvents>;
  appData: AppData;
  getStats(): Promise<RTCStatsReport>;
  /** Starts ICE afresh with the parameters that the server's own restart gave. */
  restartIce(options: { iceParameters: IceParameters }): Promise<void>;
  updateIceServers(options: { iceServers: RTCIceServer[] }): Promise<void>;
  close(): void;
  /** Sends a track. A receiving transport throws UnsupportedError. */
  produce(options: ProducerOptions): Promise<Producer>;
  /** Receives what the server described. A sending transport throws UnsupportedError. */
  consume(options: ConsumerOptions): Promise<Consumer>;
  /** Opens a data channel to the server, perhaps as the transport's first use. */
  produceData(options?: DataProducerOptions): Promise<DataProducer>;
  /** Opens the data channel that the server described. */
  consumeData(options: DataConsumerOptions): Promise<DataConsumer>;
}

export declare class SendTransport extends Transport<SendTransportEvents> {
  readonly direction: 'send';
  /** Takes in `producerDemand` and `producerScore`; returns whether it was for a producer here. */
  notified(notification: { method: string; data: any }): boolean;
}

export declare class RecvTransport extends Transport<RecvTransportEvents> {
  readonly direction: 'recv';
  /** Takes in `consumerLayersChanged` and `consumerScore`; returns whether it was for a consumer here. */
  notified(notification: { method: string; data: any }): boolean;
}

interface ChildEvents {
  transportclose: [];
  trackended: [];
}

interface ChildObserverEvents {
  close: [];
  pause: [];
  resume: [];
  trackended: [];
}

interface ProducerEvents extends ChildEvents {
  /** Viewers want more or less; the encodings have been switched accordingly. */
  demandchange: [demand: ProducerDemand];
  score: [score: ProducerScore[]];
}

interface ConsumerEvents extends ChildEvents {
  /** Other layers come now; null for none. */
  layerschange: [layers: ConsumerLayers | null];
  score: [score: ConsumerScore];
}

/** A track being sent. */
export declare class Producer extends EventEmitter<ProducerEvents> {
  readonly id: string;
  readonly kind: MediaKind;
  readonly track: MediaStreamTrack | null;
  readonly rtpSender: RTCRtpSender;
  readonly rtpParameters: RtpParameters;
  readonly paused: boolean;
  readonly closed: boolean;
  readonly maxSpatialLayer: number | undefined;
  /** What viewers want, as last told. */
  readonly demand: ProducerDemand | undefined;
  readonly score: ProducerScore[];
  /** Which encodings are sent now, the smallest first. */
  readonly activeEncodings: boolean[];
  readonly observer: EventEmitter<ChildObserverEvents>;
  appData: AppData;
  getStats(): Promise<RTCStatsReport>;
  pause(): void;
  resume(): void;
  /** Sends another track in the place of this one; null sends nothing. */
  replaceTrack(options: { track: MediaStreamTrack | null }): Promise<void>;
  setMaxSpatialLayer(layer: number): Promise<void>;
  /** Switches encodings that nobody watches off, but for the smallest. `notified` calls it. */
  setDemand(demand: ProducerDemand): Promise<void>;
  setScore(score: ProducerScore[]): void;
  /** Sets the same values on every encoding. */
  setRtpEncodingParameters(values: Partial<RTCRtpEncodingParameters>): Promise<void>;
  close(): void;
}

/** A track being received. */
export declare class Consumer extends EventEmitter<ConsumerEvents> {
  readonly id: string;
  readonly producerId: string;
  readonly kind: MediaKind;
  readonly track: MediaStreamTrack;
  readonly rtpReceiver: RTCRtpReceiver;
  readonly rtpParameters: RtpParameters;
  readonly paused: boolean;
  readonly closed: boolean;
  /** How many sizes and frame rates there are to choose from. */
  readonly spatialLayers: number;
  readonly temporalLayers: number;
  readonly hasLayers: boolean;
  /** The layers that come now, null for none; undefined until the server says so. */
  readonly currentLayers: ConsumerLayers | null | undefined;
  /** What was asked for last, as the server took it. */
  readonly preferredLayers: ConsumerLayers | undefined;
  readonly priority: number;
  readonly score: ConsumerScore | undefined;
  readonly observer: EventEmitter<ChildObserverEvents>;
  appData: AppData;
  getStats(): Promise<RTCStatsReport>;
  /** Asks the server, through the transport's `control` event; resolves with what it took. */
  setPreferredLayers(layers: ConsumerLayers): Promise<ConsumerLayers>;
  /** From 1 to 255: who is served first where not all fits. */
  setPriority(priority: number): Promise<void>;
  requestKeyFrame(): Promise<void>;
  setCurrentLayers(layers: { spatialLayer: number | null; temporalLayer?: number | null } | null): void;
  setScore(score: ConsumerScore): void;
  pause(): void;
  resume(): void;
  close(): void;
}

interface DataEvents {
  open: [];
  error: [error: Error];
  /** The other end closed the channel. */
  close: [];
  transportclose: [];
}

interface DataProducerEvents extends DataEvents {
  bufferedamountlow: [];
}

interface DataConsumerEvents extends DataEvents {
  message: [data: string | ArrayBuffer | Blob];
}

/** A data channel to the server. */
export declare class DataProducer extends EventEmitter<DataProducerEvents> {
  readonly id: string;
  readonly dataChannel: RTCDataChannel;
  readonly sctpStreamParameters: SctpStreamParameters;
  readonly readyState: RTCDataChannelState;
  readonly label: string;
  readonly protocol: string;
  readonly closed: boolean;
  /** Bytes that `send` took and that have not left yet. */
  readonly bufferedAmount: number;
  bufferedAmountLowThreshold: number;
  readonly observer: EventEmitter<{ close: [] }>;
  appData: AppData;
  /** Throws before `open`, and for messages longer than the server takes. */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void;
  close(): void;
}

/** A data channel from the server. */
export declare class DataConsumer extends EventEmitter<DataConsumerEvents> {
  readonly id: string;
  readonly dataProducerId: string;
  readonly dataChannel: RTCDataChannel;
  readonly sctpStreamParameters: SctpStreamParameters;
  readonly readyState: RTCDataChannelState;
  readonly label: string;
  readonly protocol: string;
  readonly closed: boolean;
  /** 'arraybuffer' at first, in every browser. */
  binaryType: BinaryType;
  readonly observer: EventEmitter<{ close: [] }>;
  appData: AppData;
  close(): void;
}

export interface EncodingSuggestion {
  width?: number;
  height?: number;
  /** Such as 'video/VP9'. */
  codec?: string;
  layers?: Layering;
  /** How many sizes; default: as many as the picture is worth. */
  count?: number;
  hasScalabilityModes?: boolean;
}

/** Encodings for one picture, the smallest first. */
export declare function suggestEncodings(picture?: EncodingSuggestion): RTCRtpEncodingParameters[];
/** Whether a codec can send several sizes in one stream. */
export declare function hasSpatialLayers(codec: string): boolean;
/** What a scalability mode such as `L3T3_KEY` holds. */
export declare function parseScalabilityMode(mode?: string): {
  spatialLayers: number;
  temporalLayers: number;
  ksvc: boolean;
};

interface SignalingEvents {
  /** Each time that a connection stands. */
  open: [];
  /** The connection was lost; another attempt follows. */
  disconnected: [values: { code: number; reason: string }];
  /** The next attempt starts after `delay` milliseconds. */
  reconnecting: [values: { attempt: number; delay: number }];
  failed: [values: { attempts: number }];
  /** Over for good. */
  close: [values: { code: number; reason: string }];
  request: [
    request: { method: string; data: any },
    accept: (data?: unknown) => void,
    reject: (code?: number, reason?: string) => void,
  ];
  notification: [notification: { method: string; data: any }];
}

/** Requests and notifications in both directions over one WebSocket, in protoo's frames. */
export declare class SignalingClient extends EventEmitter<SignalingEvents> {
  constructor(url: string, options?: { attempts?: number; requestTimeout?: number; protocol?: string });
  readonly connected: boolean;
  readonly closed: boolean;
  request<Answer = any>(method: string, data?: unknown, options?: { timeout?: number }): Promise<Answer>;
  notify(method: string, data?: unknown): void;
  /** Cuts the wait before the next attempt short. */
  retryNow(): void;
  /** Leaves the present connection and makes another. */
  reconnect(reason?: string): void;
  close(code?: number, reason?: string): void;
}

/** 'chromium', 'firefox', 'safari' or 'unknown'. */
export declare function browserName(userAgent?: string): string;
