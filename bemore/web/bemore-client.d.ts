/** Types of bemore-client.js. What each method does is said there. */

export const VERSION: string;

export type Kind = "batchTick" | "stt" | "audio" | "frames" | "end";

export type Status = "active" | "paused" | "ended";

/** The token, or what gives it. After a 401 the function is called once more, with `expired: true`. */
export type Token = string | null | ((why: { expired: boolean }) => string | null | Promise<string | null>);

export interface BeMoreOptions {
  /** Address of the service, without `/api`. Default: the page's own origin. */
  baseUrl?: string;
  /** Bearer token; kept in memory only. Default: none is sent. */
  token?: Token;
  /** Whose data are kept: the log of one user is neither seen nor sent as another. Use an opaque key. Default: "". */
  user?: string;
  /** Sent as X-Device-ID. Default: none. */
  deviceId?: string | null;
  /** More headers for each request, e.g. X-CSRF-Token. The service's CORS must allow them. Default: none. */
  headers?: Record<string, string>;
  /** As of `fetch`. Default: "same-origin". */
  credentials?: "omit" | "same-origin" | "include";
  /** Where batches are kept. Default: "indexeddb"; without one it falls back to memory with the event `storage`. */
  storage?: "indexeddb" | "memory" | BatchStore;
  /** Items of a batch, 1 to 100. Default: 100. */
  batchItems?: number;
  /** The longest that an item waits for others, ms. Default: 10 000. */
  batchMs?: number;
  /** Bytes of a body before packing; the service takes 8 MiB. Default: 1 MiB. */
  batchBytes?: number;
  /** The longest that an item is in memory only, ms; what a crash may cost. Default: 250. */
  saveMs?: number;
  /** Waits before the second, third … attempt, ms. Default: [1000, 3000, 10000]. */
  waitsMs?: readonly number[];
  /** Each of those waits is longer by a random share of up to this. Default: 0.2. */
  jitter?: number;
  /** The longest that one attempt may take, ms. Default: 20 000. */
  timeoutMs?: number;
  /** How often what could not be sent is tried again, ms. Default: 300 000. */
  resendMs?: number;
  /** While something could not be sent: how often a new batch may cause one attempt, ms. Default: 30 000. */
  probeMs?: number;
  /** Bodies from this size on are packed with gzip; Infinity: never. Default: 2048. */
  gzipBytes?: number;
  /** Most items that are kept; the oldest go first. Default: 200 000. */
  keepItems?: number;
  /** Most bytes that are kept; the oldest go first. Default: 64 MiB. */
  keepBytes?: number;
  /** The longest that a batch is kept, ms. Default: 30 days. */
  keepMs?: number;
}

export const DEFAULTS: Readonly<Required<BeMoreOptions>>;

/** What a store of one's own keeps. */
export interface BatchRecord {
  /** Grows with time. */
  id: string;
  /** Records of one lane may go into one batch. */
  lane: string;
  kind: Kind;
  sessionId: string;
  /** JSON of each item. */
  items: string[];
  bytes: number;
  /** Epoch ms. */
  savedAt: number;
}

/** A place for batches, for `storage`. */
export interface BatchStore {
  append(record: BatchRecord): Promise<unknown>;
  /** Records with an id greater than `after`, in the order of ids; `lanes` null means all, no `limit` as many as there are. */
  list(lanes: string[] | null, after: string, limit?: number): Promise<BatchRecord[]>;
  /** Take records away (not being there is no error), and store one, in one step. */
  replace(ids: string[], record?: BatchRecord): Promise<unknown>;
  size(): Promise<Pending>;
  clear(): Promise<unknown>;
  close?(): Promise<unknown>;
}

export interface Pending {
  batches: number;
  items: number;
  bytes: number;
}

export interface Quota {
  limit: number;
  remaining: number;
  resetSeconds: number;
}

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
  /** Status of the answer; 0: there was none. */
  status: number;
  /** The service's code, or NETWORK, TIMEOUT, ABORTED, BAD_ANSWER, TOKEN, CLOSED, HTTP_<status>. */
  code: string;
  details: Problem[];
  requestId: string | null;
  retryAfterMs: number | null;
  /** Of `end`: it is kept and will be sent later. */
  kept: boolean;
}

// -- What is collected. Times: epoch ms, or ms since the session's start.

export interface Frame {
  ts: number;
  /** 0..1 */
  qualityScore?: number;
  faceLandmarksCompressed?: string;
  landmarks?: ([number, number] | [number, number, number] | { x: number; y: number; z?: number })[];
}

export interface AudioChunk {
  tsStart: number;
  tsEnd: number;
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
  /** 1 to 5000 characters */
  text: string;
  lang?: string;
}

export interface StoredSnippet extends Required<Snippet> {
  sentiment: "positive" | "neutral" | "negative";
  keywords: string[];
}

export interface ScoredMinute {
  minuteIndex: number;
  facialScore: number;
  vadScore: number;
  textScore: number;
  combinedScore: number;
  keywords?: string[];
  sentiment?: "positive" | "neutral" | "negative";
  confidence?: number;
  /** ISO 8601 with offset or Z */
  timestamp?: string;
  durationMs?: number;
}

// -- What comes back

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
  sentiment: "positive" | "neutral" | "negative" | null;
  confidence: number | null;
  timestamp: string | null;
  durationMs: number | null;
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
  emotionSummary: unknown;
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
  emotion: string;
  percentage: number;
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
  durationFormatted: string;
  generatedAt: number;
  version: string;
  modelVersion: string;
  summary: {
    averageScore: number | null;
    maxScore: number | null;
    minScore: number | null;
    dominantEmotion: DominantEmotion | null;
    emotionCount: number;
    vadAnalysisCount: number;
  };
  minutes: Inference[];
  vadVector: Vad | null;
  vadTimeline: (Vad & { t: number; timestamp: string })[];
  vadSummary: VoiceMetrics | null;
  emotionTimeline: { minuteIndex: number; t: number; emotion: string; score: number }[];
  emotionDistribution: Record<string, number>;
  keywords: { keyword: string; count: number }[];
  highlights: string[];
  recommendations: string[];
  cbtFindings: unknown[];
  feedback: unknown[];
  stats: InferenceStats;
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
  cbt: { totalDistortions: number; mostCommon: string | null };
  recommendations: string[];
}

export interface Preferences {
  fontScale: "sm" | "md" | "lg" | "xl";
  layoutDensity: "compact" | "spacious";
  language: "ko" | "en";
  notificationsOptIn: boolean;
}

// -- Events, each a CustomEvent with this as `detail`

export interface RequestDetail {
  /** null: a call that is not kept, such as start or report */
  kind: Kind | null;
  sessionId: string | null;
  count: number;
  method: string;
  path: string;
  code: string;
  message: string;
  requestId: string;
}

export interface BeMoreEvents {
  /** A batch was taken. `data` is the answer's; `bytes` are those of the body before packing. */
  sent: { kind: Kind; sessionId: string; count: number; bytes: number; attempts: number; requestId: string; data: unknown };
  /** An attempt failed; the next one comes in `waitMs`. */
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
  /** Items are lost: refused by the service, of a session that is no more, too large, too many or too old. */
  dropped: {
    kind: Kind;
    sessionId: string;
    count: number;
    items: unknown[];
    reason: "refused" | "not-found" | "too-large" | "full" | "expired";
    status: number;
    code: string | null;
    message: string;
    details: Problem[];
    requestId: string | null;
  };
  /** 429: nothing that is kept is sent for `retryAfterMs`. */
  ratelimited: RequestDetail & { retryAfterMs: number };
  /** 401, or the function `token` failed: batches are kept until `setToken`, or until they are next tried. */
  unauthorized: RequestDetail;
  /** Nothing can be written to disk; from now on batches live as long as the page. */
  storage: { persistent: false; message: string };
}

export interface CallOptions {
  /** Gives the call up, also between attempts. */
  signal?: AbortSignal;
}

export interface PageOptions extends CallOptions {
  /** Default and most: 100; of a transcript at most 500. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string | null;
}

export interface KeyedOptions extends CallOptions {
  /** Default: a random one for each call. */
  idempotencyKey?: string;
}

export class BeMoreClient extends EventTarget {
  constructor(options?: BeMoreOptions);

  readonly quota: Quota | null;

  start(userId: string, counselorId: string, options?: KeyedOptions): Promise<Started>;
  session(sessionId: string, options?: CallOptions): Promise<SessionData>;
  pause(sessionId: string, options?: CallOptions): Promise<{ sessionId: string; status: "paused"; pausedAt: number }>;
  resume(sessionId: string, options?: CallOptions): Promise<{ sessionId: string; status: "active"; resumedAt: number | null }>;
  end(sessionId: string, options?: { keepalive?: boolean }): Promise<Ended>;
  erase(sessionId: string, options?: CallOptions): Promise<{ sessionId: string; deleted: true }>;

  frames(sessionId: string, items: Frame | Frame[]): Promise<void>;
  audio(sessionId: string, items: AudioChunk | AudioChunk[]): Promise<void>;
  stt(sessionId: string, items: Snippet | Snippet[]): Promise<void>;
  batchTick(sessionId: string, items: ScoredMinute | ScoredMinute[]): Promise<void>;

  tick(sessionId: string, minuteIndex?: number, options?: CallOptions): Promise<Scores & { minuteIndex: number; dataPoints: DataPoints }>;
  inferences(sessionId: string, options?: CallOptions): Promise<{ inferences: Inference[]; stats: InferenceStats }>;
  report(sessionId: string, options?: CallOptions): Promise<Report>;
  reportSummary(sessionId: string, options?: CallOptions): Promise<{ reportId: string; summary: string }>;
  summary(sessionId: string, options?: CallOptions): Promise<Summary>;
  vadAnalysis(sessionId: string, options?: CallOptions): Promise<Record<string, unknown>>;
  reportUrl(sessionId: string, format: "pdf" | "csv" | "html", options?: { kind?: "vad" | "emotion" }): string;
  reportFile(
    sessionId: string,
    format: "pdf" | "csv" | "html",
    options?: CallOptions & { kind?: "vad" | "emotion" },
  ): Promise<File>;
  feedback(
    sessionId: string,
    rating: 1 | 2 | 3 | 4 | 5,
    note?: string,
    options?: KeyedOptions,
  ): Promise<{ feedbackId: string; sessionId: string; rating: number; submittedAt: number }>;
  stats(options?: CallOptions): Promise<Record<string, unknown>>;
  sessions(
    options?: PageOptions & { status?: Status; userId?: string; counselorId?: string },
  ): Promise<{ count: number; sessions: Partial<SessionData>[]; nextCursor: string | null }>;
  userSessions(
    userId: string,
    options?: PageOptions,
  ): Promise<{ userId: string; count: number; sessions: Partial<SessionData>[]; nextCursor: string | null }>;
  transcript(
    sessionId: string,
    options?: PageOptions,
  ): Promise<{ sessionId: string; count: number; snippets: StoredSnippet[]; nextCursor: string | null }>;
  dashboard(options?: CallOptions): Promise<Record<string, unknown>>;
  preferences(options?: CallOptions): Promise<Preferences>;
  setPreferences(preferences: Partial<Preferences>, options?: CallOptions): Promise<Preferences>;
  devicesCheck(options?: CallOptions): Promise<Record<string, unknown>>;
  emotion(text: string, options?: CallOptions): Promise<{ emotion: string; score: number; sentiment: string }>;
  health(options?: CallOptions): Promise<{ status: string; uptime: number; version: string }>;
  monitoringHealth(options?: CallOptions): Promise<Record<string, unknown>>;
  errorStats(options?: CallOptions): Promise<Record<string, unknown>>;

  flush(): Promise<Pending>;
  pending(): Promise<Pending>;
  clear(): Promise<void>;
  setToken(token: Token): void;
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
