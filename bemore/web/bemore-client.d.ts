/** Types of bemore-client.js, the browser client for the BeMore service. Times are milliseconds. */

export const VERSION: string;

/** What a batch holds. */
export type Kind = "batchTick" | "stt" | "audio" | "frames" | "end";

export type Status = "active" | "paused" | "ended";

export type Sentiment = "positive" | "neutral" | "negative";

export type Emotion = "happy" | "sad" | "angry" | "anxious" | "neutral" | "surprised" | "disgusted" | "fearful";

/** Who an item is about: the client (`userId` of the session) or the counselor. */
export type Speaker = "user" | "counselor";

/** What a token says of its owner. */
export type Role = "user" | "counselor" | "admin";

/** Of a report's sentences. */
export type Language = "ko" | "en";

/** A bearer token, or a function that returns one. After a 401 the function is called once more, with `expired: true`. */
export type Token = string | null | ((why: { expired: boolean }) => string | null | Promise<string | null>);

export interface BeMoreOptions {
  /** Address of the service, without `/api`. Default: the page's own origin. */
  baseUrl?: string;
  /** Bearer token; stays in memory. Default: none is sent. */
  token?: Token;
  /** Whose log this is: the log of one user is neither visible to another one nor sent for them. Use an opaque key. Default: "". */
  user?: string;
  /** Who is in the frames, audio chunks and snippets that name nobody. Default: none, the service then takes the role of the token. */
  speaker?: Speaker | null;
  /** Sent as X-Device-ID. Default: none. */
  deviceId?: string | null;
  /** Additional headers of each request, e.g. X-CSRF-Token. The service's CORS must allow them. Default: none. */
  headers?: Record<string, string>;
  /** As in `fetch`. Default: "same-origin". */
  credentials?: "omit" | "same-origin" | "include";
  /** Where the log is. While a store fails, the log is in memory (event `storage`). Default: "indexeddb". */
  storage?: "indexeddb" | "memory" | BatchStore;
  /** Write decisions to the console (level "debug"): ids, counts and codes, never what items hold. Default: false. */
  debug?: boolean;
  /** Most items of a batch, 1 to 100. Default: 100. */
  batchItems?: number;
  /** The longest that an item waits for others, ms. Default: 10 000. */
  batchMs?: number;
  /** Most bytes of a body before compression; the service takes 8 MiB. Default: 1 MiB. */
  batchBytes?: number;
  /** The longest that an item is in memory only, ms: what a crash may cost. Default: 250. */
  saveMs?: number;
  /** Waits before the second, third … attempt, ms. Default: [1000, 3000, 10000]. */
  waitsMs?: readonly number[];
  /** Each of these waits is longer by a random share of up to this. Default: 0.2. */
  jitter?: number;
  /** The longest that one attempt may take, ms. Default: 20 000. */
  timeoutMs?: number;
  /** How often the log is sent again after a failure, ms. Default: 300 000. */
  resendMs?: number;
  /** After a failure: how often a new batch may cause one attempt, ms. Default: 30 000. */
  probeMs?: number;
  /** Bodies from this size on are compressed with gzip; Infinity: never. Default: 2048. */
  gzipBytes?: number;
  /** Most items in the log; the oldest are dropped first. Default: 200 000. */
  keepItems?: number;
  /** Most bytes in the log; the oldest are dropped first. Default: 64 MiB. */
  keepBytes?: number;
  /** The longest that a batch is kept, ms, by the service's clock. Default: 30 days. */
  keepMs?: number;
}

export const DEFAULTS: Readonly<Required<BeMoreOptions>>;

/** A record of the log, as a store of your own keeps it. */
export interface BatchRecord {
  /** Grows with time. */
  id: string;
  /** Records of one lane may share a batch. */
  lane: string;
  kind: Kind;
  sessionId: string;
  /** JSON of each item. */
  items: string[];
  bytes: number;
  /** Epoch ms on the service's clock; null while that was unknown. */
  savedAt: number | null;
  /** Part of a batch that was split; shares a batch with no other record. */
  alone?: boolean;
  /** Has moments on the clock of the page that collected them. */
  deviceTimes?: boolean;
}

/** A store of your own, for `storage`. While one of its promises rejects or takes longer than 5 s, records are kept in memory. */
export interface BatchStore {
  append(record: BatchRecord): Promise<unknown>;
  /** Records with an id greater than `after`, ordered by id; `lanes` null means all, without `limit` as many as there are. */
  list(lanes: string[] | null, after: string, limit?: number): Promise<BatchRecord[]>;
  /** Remove records (a missing one is no error) and store one, in one step. */
  replace(ids: string[], record?: BatchRecord): Promise<unknown>;
  size(): Promise<Pending>;
  clear(): Promise<unknown>;
  close?(): Promise<unknown>;
}

/** How much the log holds. */
export interface Pending {
  batches: number;
  items: number;
  bytes: number;
}

/** The quota as the last answer described it. */
export interface Quota {
  limit: number;
  remaining: number;
  resetSeconds: number;
}

/** A refused field; `index` is the place of its item in the request. */
export interface Problem {
  index?: number;
  minuteIndex?: number | null;
  field: string;
  message: string;
}

export class BeMoreError extends Error {
  constructor(fields: {
    status?: number;
    code: string;
    message: string;
    details?: Problem[];
    requestId?: string | null;
    retryAfterMs?: number | null;
    kept?: boolean;
  });
  /** Status of the answer; 0 if there was none. */
  status: number;
  /** The service's code, or NETWORK, TIMEOUT, ABORTED, BAD_ANSWER, TOKEN, CLOSED, STORAGE, HTTP_<status>. */
  code: string;
  details: Problem[];
  requestId: string | null;
  retryAfterMs: number | null;
  /** For `end`: it is in the log and will be sent later. */
  kept: boolean;
}

// -- Telemetry. Moments are ms since the session's start, or from 10^11 on epoch ms of the device's clock, as Date.now() returns them.
// -- Those become ms since the session's start on the service's clock; epoch ms of other clocks do not belong here. Fractions are rounded.

export interface Frame {
  ts: number;
  speaker?: Speaker | null;
  /** 0..1 */
  qualityScore?: number;
  faceLandmarksCompressed?: string;
  landmarks?: ([number, number] | [number, number, number] | { x: number; y: number; z?: number })[];
}

export interface AudioChunk {
  tsStart: number;
  tsEnd: number;
  speaker?: Speaker | null;
  /** boolean, or 0..1 */
  vad: boolean | number;
  /** 0..1 */
  rms?: number;
  /** Hz */
  pitch?: number | null;
}

export interface Snippet {
  tsStart: number;
  tsEnd: number;
  speaker?: Speaker | null;
  /** 1 to 5000 characters */
  text: string;
  lang?: string;
}

export interface ScoredMinute {
  minuteIndex: number;
  /** All scores: 0..1 */
  facialScore: number;
  vadScore: number;
  textScore: number;
  combinedScore: number;
  keywords?: string[];
  sentiment?: Sentiment;
  confidence?: number;
  /** ISO 8601 with offset or Z */
  timestamp?: string;
  durationMs?: number;
}

/** The items of each kind of batch. */
export interface Items {
  batchTick: ScoredMinute;
  stt: Snippet;
  audio: AudioChunk;
  frames: Frame;
  end: never;
}

/** What the service answers to each kind of batch. */
export interface Stored {
  batchTick: StoredMinutes;
  stt: StoredSnippets;
  audio: StoredAudio;
  frames: StoredFrames;
  end: Ended;
}

export interface StoredFrames {
  frameCount: number;
  totalFramesInSession: number;
}

export interface StoredAudio {
  audioChunkCount: number;
  totalAudioChunksInSession: number;
}

export interface StoredSnippets {
  sttSnippetCount: number;
  totalSttSnippetsInSession: number;
}

export interface StoredMinutes {
  success: true;
  count: number;
  batchId: string;
}

// -- Answers. Times without another unit are epoch ms, durations ms, scores 0..1.

export interface Started {
  sessionId: string;
  startedAt: number;
  status: "active";
  userId: string;
  counselorId: string;
}

export interface Totals {
  totalFrames: number;
  totalAudioChunks: number;
  totalSttSnippets: number;
}

export interface SessionData {
  sessionId: string;
  userId: string;
  counselorId: string;
  status: Status;
  startedAt: number;
  pausedAt: number | null;
  resumedAt: number | null;
  endedAt: number | null;
  duration: number;
  emotionCount: number;
  landmarkCount: number;
  sttCount: number;
  stats: Totals;
  /** Whether it is a demonstration. */
  demo: boolean;
  /** How far the uploading device's clock was ahead of the service's at most, ms; null if nothing with epoch times was uploaded. */
  clockOffsetMs?: number | null;
  lastDataAt: LastDataAt;
}

/** The end of a session's newest data of each kind, epoch ms; null without any. */
export interface LastDataAt {
  frames: number | null;
  audio: number | null;
  stt: number | null;
}

/** A session in a list. */
export interface SessionSummary {
  sessionId: string;
  counselorId: string;
  status: Status;
  startedAt: number;
  endedAt: number | null;
  duration: number;
  /** Whether it is a demonstration. */
  demo: boolean;
  /** The end of its newest frame, audio chunk or snippet, epoch ms. */
  lastDataAt: number | null;
}

export interface Scores {
  facialScore: number;
  vadScore: number;
  textScore: number;
  textSentiment: number;
  combinedScore: number;
}

export interface DataPoints {
  frameCount: number;
  audioChunkCount: number;
  sttSnippetCount: number;
}

export interface Inference extends Scores {
  id: string;
  sessionId: string;
  minuteIndex: number;
  modelVersion: string;
  source: "client" | "server";
  dataPoints: DataPoints;
  keywords: string[];
  sentiment: Sentiment | null;
  confidence: number | null;
  timestamp: string | null;
  durationMs: number | null;
  /** Share of the minute's seconds with data, 0..1; null if nothing of it is known. */
  coverage: { frames: number; audio: number } | null;
}

export interface InferenceStats {
  totalMinutes: number;
  avgCombinedScore: number;
  avgFacialScore: number;
  avgVadScore: number;
  avgTextScore: number;
  avgTextSentiment: number;
  maxCombinedScore: number;
  minCombinedScore: number;
  timeline: (Scores & { minute: number })[];
}

export interface Ended {
  sessionId: string;
  status: "ended";
  endedAt: number;
  duration: number;
  stats: Totals;
  inferenceStats: InferenceStats;
  emotionCount: number;
  emotionSummary: EmotionSummary;
}

export interface Vad {
  valence: number;
  arousal: number;
  dominance: number;
}

export interface VoiceMetrics {
  speechRatio: number;
  pauseRatio: number;
  averagePauseDuration: number;
  longestPause: number;
  averageSpeechBurst: number;
  speechBurstCount: number;
  pauseCount: number;
  summary: string;
}

export interface DominantEmotion {
  emotion: Emotion;
  percentage: number;
}

export interface EmotionSummary {
  dominantEmotion: DominantEmotion | null;
  /** Share of each emotion, percent. */
  distribution: Partial<Record<Emotion, number>>;
  vadVector: Vad | null;
}

export interface Paused {
  sessionId: string;
  status: "paused";
  pausedAt: number;
}

export interface Resumed {
  sessionId: string;
  status: "active";
  resumedAt: number | null;
}

export interface Erased {
  sessionId: string;
  deleted: true;
}

export interface Ticked extends Scores {
  minuteIndex: number;
  dataPoints: DataPoints;
}

export interface Inferences {
  inferences: Inference[];
  stats: InferenceStats;
  /** For the next page; null on the last one. */
  nextCursor?: string | null;
}

export interface Feedback {
  feedbackId: string;
  rating: number;
  note: string | null;
  submittedAt: number;
  /** The subject of the author's token; null without authentication. */
  author: string | null;
  role: Role | null;
}

/** A bookmark or a note on a session's timeline. */
export interface Note {
  noteId: string;
  sessionId: string;
  /** The subject of the author's token; null without authentication. */
  author: string | null;
  role: Role | null;
  kind: "bookmark" | "note";
  /** Ms since the session's start. */
  tStart: number;
  tEnd: number | null;
  text: string | null;
  visibility: "private" | "shared";
  createdAt: number;
  editedAt: number | null;
}

/** What makes a note. Moments as in telemetry. */
export interface NewNote {
  tStart: number;
  tEnd?: number | null;
  kind: "bookmark" | "note";
  /** 1 to 2000 characters; a bookmark may have none. */
  text?: string | null;
  /** Default: "private". */
  visibility?: "private" | "shared" | null;
}

/** The caller's own notes and the shared ones, by `tStart` and `createdAt`. */
export interface Notes {
  sessionId: string;
  count: number;
  notes: Note[];
}

export interface DeletedNote {
  noteId: string;
  deleted: true;
}

export interface StoredFeedback {
  feedbackId: string;
  sessionId: string;
  rating: number;
  submittedAt: number;
}

/** What was said, at most 200 characters of it. */
export interface Quote {
  tsStart: number;
  speaker: Speaker | null;
  text: string;
}

/** A moment that a reader wants to see first; times in ms since the session's start. */
export interface Moment {
  kind: "lowest" | "highest" | "change" | "silence" | "longest-turn";
  startMs: number;
  endMs: number;
  /** The score of `lowest` and `highest`, the signed change, or the length in ms. */
  value: number;
  /** Of `longest-turn`. */
  speaker?: Speaker;
  quotes: Quote[];
}

export interface SpeakerTalk {
  speechMs: number;
  /** Of both speakers' time, 0..1; null if nobody spoke. */
  share: number | null;
  turns: number;
  longestTurnMs: number;
  longestTurnAt: number | null;
  averageTurnMs: number;
  words: number;
  /** null with less than 10 seconds of speech. */
  wordsPerMinute: number | null;
  responseTime: { count: number; medianMs: number | null };
}

export interface Silences {
  count: number;
  totalMs: number;
  longestMs: number;
  longestAt: number | null;
  brokenBy: Record<Speaker, number>;
}

/** Who spoke how much, as measured. */
export interface Talk {
  basis: "audio" | "transcript";
  speakers: Record<Speaker, SpeakerTalk>;
  overlapMs: number;
  silences: Silences;
}

export interface KindCoverage {
  /** Seconds with data. */
  seconds: number;
  /** Of the session's seconds so far, 0..1. */
  share: number;
  /** The first 100 stretches of 5 seconds or more without data. */
  gaps: { startMs: number; endMs: number }[];
}

/** How much of a session was measured. */
export interface Coverage {
  frames: KindCoverage;
  audio: KindCoverage;
}

export interface Report {
  reportId: string;
  sessionId: string;
  userId: string;
  counselorId: string;
  status: Status;
  startedAt: number;
  endedAt: number | null;
  duration: number;
  lastDataAt: LastDataAt;
  durationFormatted: string;
  generatedAt: number;
  version: string;
  modelVersion: string;
  textRules: string;
  summary: {
    averageScore: number | null;
    maxScore: number | null;
    minScore: number | null;
    dominantEmotion: DominantEmotion | null;
    emotionCount: number;
    vadAnalysisCount: number;
  };
  moments: Moment[];
  /** null while no audio chunk and no snippet has a speaker. */
  talk: Talk | null;
  coverage: Coverage;
  minutes: Inference[];
  vadVector: Vad | null;
  vadTimeline: (Vad & { t: number; timestamp: string })[];
  vadSummary: VoiceMetrics | null;
  emotionTimeline: { minuteIndex: number; t: number; emotion: Emotion; score: number }[];
  /** Share of each emotion, percent. */
  emotionDistribution: Partial<Record<Emotion, number>>;
  keywords: { keyword: string; count: number }[];
  highlights: string[];
  recommendations: string[];
  /** Always empty. */
  cbtFindings: never[];
  feedback: Feedback[];
  /** The shared ones. */
  notes: Note[];
  stats: InferenceStats & Totals;
  /** For the next page of `minutes`; null on the last one. */
  nextCursor?: string | null;
}

export interface ReportSummary {
  reportId: string;
  summary: string;
}

export interface Summary {
  sessionId: string;
  status: Status;
  startedAt: number;
  endedAt: number | null;
  duration: number;
  vadVector: Vad | null;
  keyObservations: string[];
  dominantEmotion: DominantEmotion | null;
  averageVoiceMetrics: VoiceMetrics | null;
  talk: Talk | null;
  cbt: { totalDistortions: number; mostCommon: string | null };
  recommendations: string[];
}

export interface VadAnalysis {
  sessionId: string;
  currentMetrics: VoiceMetrics | null;
  /** One element a minute. */
  history: {
    minuteIndex: number;
    t: number;
    timestamp: string;
    speechRatio: number | null;
    pauseRatio: number | null;
    meanRms: number | null;
    vadScore: number | null;
    valence: number | null;
    arousal: number | null;
    dominance: number | null;
  }[];
  /** One element per 10 s. */
  timeSeries: { t: number; timestamp: number; speechRate: number; silenceRate: number; speechCount: number }[];
  /** Intervals `[start, end]` that `talk` of the report measures; null while that is. */
  lanes: { user: [number, number][]; counselor: [number, number][]; silences: [number, number][] } | null;
  lastUpdate: number | null;
}

export interface TranscriptSnippet {
  tsStart: number;
  tsEnd: number;
  text: string;
  lang: string;
  sentiment: Sentiment;
  keywords: string[];
  speaker?: Speaker | null;
}

export interface Transcript {
  sessionId: string;
  count: number;
  snippets: TranscriptSnippet[];
  nextCursor: string | null;
}

/** How a session went. */
export interface Overview {
  scoredMinutes: number;
  averageScore: number | null;
  /** Combined scores of the minutes; of a longer session, means of 24 equal stretches; null where none is scored. */
  scores: (number | null)[];
  /** Mean of its feedback. */
  rating: number | null;
}

export interface SessionPage {
  count: number;
  sessions: (SessionSummary & { userId: string; overview?: Overview })[];
  nextCursor: string | null;
}

export interface UserSessionPage {
  userId: string;
  count: number;
  sessions: SessionSummary[];
  nextCursor: string | null;
}

/** How a session of a user went. */
export interface SessionProgress {
  sessionId: string;
  counselorId: string;
  status: Status;
  startedAt: number;
  endedAt: number | null;
  duration: number;
  scoredMinutes: number;
  /** Means of the scored minutes, 0..1; null without one. */
  averages: { combined: number; facial: number; vad: number; text: number } | null;
  /** The rules of its minutes, `mixed` if there are several. */
  modelVersion: string | null;
  /** The user's share of what both said; null where it is unknown. */
  talkShare: number | null;
  /** Shares of its seconds that have frames and audio. */
  coverage: { frames: number; audio: number };
  longestSilenceMs: number | null;
  /** Mean of its feedback. */
  rating: number | null;
  /** Only such sessions can be compared. */
  comparable: boolean;
}

export interface UserProgress {
  userId: string;
  count: number;
  sessions: SessionProgress[];
  nextCursor: string | null;
}

export interface SessionStats {
  total: number;
  active: number;
  paused: number;
  ended: number;
  avgDuration: number;
  totalDuration: number;
  /** The newest 20. */
  recentSessions: { id: string; sessionId: string; startedAt: number; durationMs: number; status: Status }[];
}

export interface VadOrNulls {
  valence: number | null;
  arousal: number | null;
  dominance: number | null;
}

export interface Dashboard {
  todayAvg: VadOrNulls;
  trend: { dayOverDay: VadOrNulls };
  recommendations: { id: string; title: string; desc: string; cta?: string }[];
  recentSessions: { reportId: string; sessionId: string; createdAt: number }[];
}

export interface DevicesCheck {
  camera: { available: boolean; permission: "prompt" };
  microphone: { available: boolean; permission: "prompt" };
  /** Latency in ms, bandwidth in Mbit/s; null if the service cannot measure it. */
  network: { latency: number | null; bandwidth: number | null };
}

export interface TextEmotion {
  emotion: Emotion;
  score: number;
  sentiment: Sentiment;
}

export interface Health {
  status: "ok";
  /** Seconds */
  uptime: number;
  version: string;
}

export interface MonitoringHealth {
  status: "ok" | "degraded";
  /** Seconds */
  uptime: number;
  version: string;
  database: "up" | "down";
  redis: "up" | "down" | "none";
  processes: number;
  memoryBytes: number | null;
  requests: number;
  sessions: { active: number; paused: number; ended: number };
}

export interface ErrorStats {
  since: number;
  totalRequests: number;
  totalErrors: number;
  errorRate: number;
  clientErrors: number;
  serverErrors: number;
  /** Count of each status. */
  byStatus: Record<string, number>;
  byRoute: { method: string; route: string; clientErrors: number; serverErrors: number }[];
  quotaRefusals: number;
  unavailable: number;
  redisOutages: number;
  databaseOutages: number;
}

export interface Preferences {
  fontScale: "sm" | "md" | "lg" | "xl";
  layoutDensity: "compact" | "spacious";
  language: "ko" | "en";
  notificationsOptIn: boolean;
}

// -- Events: each is a CustomEvent with this as its `detail`.

export interface RequestDetail {
  /** null: a call that is not logged, such as start or report. */
  kind: Kind | null;
  sessionId: string | null;
  count: number;
  method: string;
  path: string;
  code: string;
  message: string;
  requestId: string;
}

/** `data` is that of the answer; `bytes` are those of the body before compression. */
export type SentDetail = {
  [K in Kind]: { kind: K; sessionId: string; count: number; bytes: number; attempts: number; requestId: string; data: Stored[K] };
}[Kind];

/** Items that are lost: refused by the service, of a session that does not exist any more, too large, too many or too old. */
export type DroppedDetail = {
  [K in Kind]: {
    kind: K;
    sessionId: string;
    count: number;
    items: Items[K][];
    reason: "refused" | "not-found" | "too-large" | "full" | "expired";
    status: number;
    code: string | null;
    message: string;
    details: Problem[];
    requestId: string | null;
  };
}[Kind];

export interface BeMoreEvents {
  /** A batch was stored. */
  sent: SentDetail;
  /** An attempt failed; the next one follows in `waitMs`. */
  retry: RequestDetail & { attempt: number; waitMs: number; status: number };
  /** All attempts failed; the batch is kept and sent again within `resendMs`. */
  queued: {
    kind: Kind;
    sessionId: string;
    count: number;
    status: number;
    code: string;
    message: string;
    requestId: string;
    resendMs: number;
  };
  /** Items are lost. */
  dropped: DroppedDetail;
  /** 429: no batch is sent for `retryAfterMs`. */
  ratelimited: RequestDetail & { retryAfterMs: number };
  /** 401, or the function `token` failed: batches are kept until `setToken`, or until they are next tried. */
  unauthorized: RequestDetail;
  /** The disk has failed and the log is in memory (`persistent: false`), or the disk works again (`true`). */
  storage: { persistent: boolean; message: string };
}

// -- Options of calls

export interface CallOptions {
  /** Aborts the call, also between attempts. */
  signal?: AbortSignal;
}

export interface PageOptions extends CallOptions {
  /** Default and most: 100; of a transcript at most 5000; of minutes 1440. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string | null;
}

export interface KeyedOptions extends CallOptions {
  /** Default: a random one for each call. */
  idempotencyKey?: string;
}

export interface StartOptions extends KeyedOptions {
  /** Marks the session as a demonstration, which totals leave out. */
  demo?: boolean;
}

export interface SessionFilter extends PageOptions {
  /** A part of the id of the user or the counselor, 1 to 128 characters; letters are compared as they are. */
  q?: string;
  /** Only sessions that started at these times or between them, ms since the epoch. */
  from?: number;
  to?: number;
  status?: Status;
  userId?: string;
  counselorId?: string;
  /** Whether each session comes with how it went. Default: false. */
  overview?: boolean;
}

export interface ProgressOptions extends PageOptions {
  counselorId?: string;
}

export interface TranscriptOptions extends PageOptions {
  /** Only snippets that began at this time or later, ms since the session's start. */
  from?: number;
}

export interface LanguageOptions extends CallOptions {
  /** Of sentences. Default: the service's REPORT_LANGUAGE. */
  lang?: Language;
  /** IANA name of the zone of times in sentences. Default: the service's REPORT_TIME_ZONE. */
  tz?: string;
}

export interface ReportOptions extends LanguageOptions, PageOptions {}

export interface FormatOptions extends LanguageOptions {
  /** Of a csv. Default: "vad". */
  kind?: "vad" | "emotion";
  /** Append the transcript to a pdf. Default: false. */
  transcript?: boolean;
}

/**
 * A client of one service for one user. Methods that return a promise reject with a `BeMoreError` if the request fails for good, and
 * with a TypeError if the `sessionId` is no text. Requests without an answer, 408, 429 and 5xx are repeated first, see `waitsMs`.
 */
export class BeMoreClient extends EventTarget {
  /** Starts to send what earlier visits have left. Throws a TypeError for an unknown or impossible option. */
  constructor(options?: BeMoreOptions);

  /** The quota in the last answer; null before the first. */
  readonly quota: Quota | null;

  /** How far the device's clock is ahead of the service's, ms (negative: behind); null before the first answer that shows it. */
  readonly clockOffsetMs: number | null;

  /** Start a session. All attempts carry one `Idempotency-Key`, so it is started once. */
  start(userId: string, counselorId: string, options?: StartOptions): Promise<Started>;

  /** A session and its totals. */
  session(sessionId: string, options?: CallOptions): Promise<SessionData>;

  /** Pause a session. Pausing twice changes nothing; after the end it is a 409. */
  pause(sessionId: string, options?: CallOptions): Promise<Paused>;

  /** Resume a paused session; after the end it is a 409. */
  resume(sessionId: string, options?: CallOptions): Promise<Resumed>;

  /**
   * Send what is pending of the session, then end it. The end is kept like a batch: if this rejects with `error.kept`, it is sent later.
   * With `keepalive` all requests leave before this returns, for use in `pagehide`; what does not fit into the 64 KiB that browsers allow
   * is sent at the next visit.
   */
  end(sessionId: string, options?: { keepalive?: boolean }): Promise<Ended>;

  /** Erase a session and all its data, including what is pending here. */
  erase(sessionId: string, options?: CallOptions): Promise<Erased>;

  /**
   * Add face frames. Resolves when they are on disk, before they are sent; so do `audio`, `stt` and `batchTick`. An item without a
   * `speaker` gets that of the options.
   */
  frames(sessionId: string, items: Frame | Frame[]): Promise<void>;

  /** Add audio chunks. */
  audio(sessionId: string, items: AudioChunk | AudioChunk[]): Promise<void>;

  /** Add snippets of the transcript. */
  stt(sessionId: string, items: Snippet | Snippet[]): Promise<void>;

  /** Add minutes that the page has scored. */
  batchTick(sessionId: string, items: ScoredMinute | ScoredMinute[]): Promise<void>;

  /** Send what is pending of the session, then let the service score a minute; by default the last complete one. */
  tick(sessionId: string, minuteIndex?: number, options?: CallOptions): Promise<Ticked>;

  /** The scored minutes of a session, ordered by minute, and their statistics. */
  inferences(sessionId: string, options?: PageOptions): Promise<Inferences>;

  /** The whole report, in any state of the session. */
  report(sessionId: string, options?: ReportOptions): Promise<Report>;

  /** The report as a few sentences of plain text. */
  reportSummary(sessionId: string, options?: LanguageOptions): Promise<ReportSummary>;

  /** The observations of a session. */
  summary(sessionId: string, options?: LanguageOptions): Promise<Summary>;

  /** The voice metrics of a session, per minute and per 10 s. */
  vadAnalysis(sessionId: string, options?: Omit<LanguageOptions, "tz">): Promise<VadAnalysis>;

  /** The address of a report, for a link; a link sends no token. Throws a TypeError for another format. */
  reportUrl(sessionId: string, format: "pdf" | "csv" | "html", options?: Omit<FormatOptions, "signal">): string;

  /** A report as a `File` with the name that the service gives it. Sends the token. */
  reportFile(sessionId: string, format: "pdf" | "csv" | "html", options?: FormatOptions): Promise<File>;

  /** Rate a session; `note` has at most 2000 characters. All attempts carry one `Idempotency-Key`, so it is stored once. */
  feedback(sessionId: string, rating: 1 | 2 | 3 | 4 | 5, note?: string, options?: KeyedOptions): Promise<StoredFeedback>;

  /** The notes of a session that the caller may see, in the order of time. */
  notes(sessionId: string, options?: CallOptions): Promise<Notes>;

  /** Add a note. All attempts carry one `Idempotency-Key`, so it is stored once. */
  addNote(sessionId: string, note: NewNote, options?: KeyedOptions): Promise<Note>;

  /** Change parts of a note of one's own. */
  editNote(sessionId: string, noteId: string, changes: Partial<NewNote>, options?: CallOptions): Promise<Note>;

  /** Delete a note of one's own; an admin may delete shared ones. */
  deleteNote(sessionId: string, noteId: string, options?: CallOptions): Promise<DeletedNote>;

  /** Counts and durations of all sessions, and the newest of them. */
  stats(options?: CallOptions): Promise<SessionStats>;

  /** A page of sessions, newest first; continue with `cursor: nextCursor` until that is null. */
  sessions(options?: SessionFilter): Promise<SessionPage>;

  /** A page of a user's sessions, newest first. */
  userSessions(userId: string, options?: PageOptions): Promise<UserSessionPage>;

  /** A page of how a user's sessions went, newest first. */
  progress(userId: string, options?: ProgressOptions): Promise<UserProgress>;

  /** How all sessions of a user went as CSV, under the name that the service gives it. */
  progressFile(userId: string, options?: { counselorId?: string } & CallOptions): Promise<File>;

  /** A page of the transcript, in the order of time. */
  transcript(sessionId: string, options?: TranscriptOptions): Promise<Transcript>;

  /** The transcript as WebVTT, for subtitles: a `File` with the name that the service gives it. */
  transcriptVtt(sessionId: string, options?: LanguageOptions): Promise<File>;

  /** The transcript as plain text, a line for each turn: a `File` with the name that the service gives it. */
  transcriptText(sessionId: string, options?: LanguageOptions): Promise<File>;

  /** Today's averages, their trend, and the newest reports. */
  dashboard(options?: CallOptions): Promise<Dashboard>;

  /** The settings of this user (without authentication: of `deviceId`). */
  preferences(options?: CallOptions): Promise<Partial<Preferences>>;

  /** Store settings; returns all that are stored. */
  setPreferences(preferences: Partial<Preferences>, options?: CallOptions): Promise<Partial<Preferences>>;

  /** What the service measures of the connection. Of camera and microphone only the browser knows. */
  devicesCheck(options?: CallOptions): Promise<DevicesCheck>;

  /** The emotion of a text of at most 2000 characters. */
  emotion(text: string, options?: CallOptions): Promise<TextEmotion>;

  /** Whether the service runs. */
  health(options?: CallOptions): Promise<Health>;

  /** Counters of the service. With authentication: admins only. */
  monitoringHealth(options?: CallOptions): Promise<MonitoringHealth>;

  /** Error counts of the service. With authentication: admins only. */
  errorStats(options?: CallOptions): Promise<ErrorStats>;

  /** Try to send everything in the log now; resolves with what is left. */
  flush(): Promise<Pending>;

  /** What the log holds, of all tabs. */
  pending(): Promise<Pending>;

  /** Delete the log of this service and user, sent or not, e.g. at a log-out on a shared computer. Code STORAGE if the disk refuses. */
  clear(): Promise<void>;

  /** Use a new token, or a function that returns one, and send what has waited for it. */
  setToken(token: Token): void;

  /** Save everything and stop: no timers, no listeners, no requests. The log is sent at the next visit. */
  close(): Promise<void>;

  addEventListener<Name extends keyof BeMoreEvents>(
    type: Name,
    listener: (event: CustomEvent<BeMoreEvents[Name]>) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof BeMoreEvents>(
    type: Name,
    listener: (event: CustomEvent<BeMoreEvents[Name]>) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}
