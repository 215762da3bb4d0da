/** The capture sample: what it shows before, while and after it measures one's own voice. */

import { onToken, onUnauthorized, tokenOwner } from "../api.js";
import { confirmDelete } from "../dialogs.js";
import { bar, h, icon, notice, replaceChildren, say, setAttribute, svg } from "../dom.js";
import { drawFrame } from "../frame.js";
import { addTexts, clock, language, length, onLanguage, percent, t } from "../i18n.js";
import { noteQuotaOf } from "../quota.js";
import { findsFaces } from "./face.js";
import { LiveSession } from "./live_session.js";
import { recognizesSpeech } from "./speech.js";
import { BLOCKS_OF_A_CHUNK, BLOCK_MS, decibels } from "./voice.js";
import { WORDS } from "./words.js";

addTexts(WORDS);

const main = document.getElementById("main");

/** How many chunks the strip shows: those of a minute. */
const STRIP_CHUNKS = 60_000 / (BLOCK_MS * BLOCKS_OF_A_CHUNK);
const STRIP_HIGH = 100;

/** The softest sound that the level shows, dB. */
const SOFTEST_DB = -60;

const LANGUAGE_TAG = { ko: "ko-KR", en: "en-US" };

/** Scores are 0..1; people read 0 to 100. */
const points = (score) => String(Math.round(score * 100));

/** 0..1 of the level's length: 60 dB are as much as an ear hears in a room. */
const heard = (rms) => Math.max(0, 1 - decibels(rms) / SOFTEST_DB);

/** Why a device did not open, by the error of `getUserMedia`. */
const MICROPHONE = { NotAllowedError: "micDenied", NotFoundError: "micMissing", other: "micBusy" };
const CAMERA = { NotAllowedError: "camDenied", NotFoundError: "camMissing", other: "camBusy" };
const whyNot = ({ name }, texts) => t(texts[name] ?? texts.other);

/** `#/join/<session>?as=counselor`: the session to join, or null, and who one is. */
function invitation() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [place, id] = path.split("/");
  const speaker = new URLSearchParams(query).get("as") === "counselor" ? "counselor" : "user";
  return { sessionId: place === "join" && /^sess_\w+$/.test(id) ? id : null, speaker };
}

/** What is chosen before the start; kept while the language changes. */
const chosen = { ...invitation(), camera: false, speech: false };

/** "idle", "asking", "live", "stopping", "over" */
let state = "idle";
let live = null;
let minutes = [];
let words = [];
let troubled = false;
let chunks = [];
let parts = {};
const picture = h("video", { muted: true, playsinline: true, autoplay: true });
picture.muted = true;

// -- What is shown ---------------------------------------------------------------------------------------------------------

function draw() {
  drawFrame();
  const title = t(chosen.sessionId ? "joinTitle" : "liveTitle");
  document.title = `${title} – BeMore`;
  const lead = h("p", {}, t(chosen.sessionId ? "joinLead" : "liveLead"));
  const head = h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: -1 }, title), lead));
  const left = { idle: setupCard, asking: setupCard, live: liveCard, stopping: liveCard, over: overCard }[state]();
  main.replaceChildren(head, h("div", { class: "live" }, left, scoresCard()));
  showScores();
}

function setupCard() {
  const role = (speaker, name) => {
    const change = () => (chosen.speaker = speaker);
    const settings = { type: "radio", name: "speaker", checked: chosen.speaker === speaker, on: { change } };
    return h("label", { class: "choice" }, h("input", settings), t(name));
  };
  const consent = (name, label, what, possible) => {
    const change = ({ target }) => (chosen[name] = target.checked);
    const settings = { type: "checkbox", id: name, "aria-describedby": `${name}-what`, checked: chosen[name], disabled: !possible };
    const hint = h("p", { class: "hint", id: `${name}-what` }, t(what));
    return h("div", { class: "consent" }, h("input", { ...settings, on: { change } }), h("label", { for: name }, t(label)), hint);
  };
  const asking = state === "asking";
  const button = h("button", { class: "button primary", disabled: asking }, icon("mic"), t(chosen.sessionId ? "join" : "begin"));
  const submit = (event) => {
    event.preventDefault();
    begin();
  };
  const own = tokenOwner()?.role;
  const settled = ["user", "counselor"].includes(own);
  if (settled) chosen.speaker = own;
  const roles = h("div", { class: "roles" }, role("user", "asUser"), role("counselor", "asCounselor"));
  const form = h(
    "form",
    { on: { submit } },
    h("fieldset", { disabled: settled }, h("legend", {}, t("iAm")), roles),
    consent("camera", "useCamera", findsFaces() ? "cameraWhat" : "cameraOnly", true),
    consent("speech", "useSpeech", recognizesSpeech() ? "speechWhat" : "noSpeech", recognizesSpeech()),
    h("p", { class: "note" }, t("whatIsSent")),
    button,
    asking && h("p", { class: "hint" }, t("asking")),
  );
  return h("section", { class: "card", "aria-labelledby": "setup-title" }, h("h2", { id: "setup-title" }, t("setup")), form);
}

function liveCard() {
  const stopping = state === "stopping";
  parts = {
    time: h("span", { class: "time" }, clock(live.elapsedMs)),
    speaking: h("span", {}, t("quiet")),
    pitch: h("span", { class: "pitch" }, t("noPitch")),
    level: h("div", {}, bar(0, { class: "level" })),
    strip: svg("svg", { class: "strip", viewBox: `0 0 ${STRIP_CHUNKS} ${STRIP_HIGH}`, preserveAspectRatio: "none", role: "img" }),
    face: h("p", { class: "hint" }, findsFaces() ? "" : t("faceUnmeasured")),
  };
  const stopText = t(stopping ? "stopping" : live.joined ? "leaveIt" : "stopIt");
  const stop = h("button", { type: "button", class: "button danger", disabled: stopping, on: { click: end } }, icon("stop"), stopText);
  const role = t(chosen.speaker === "user" ? "asUser" : "asCounselor");
  setAttribute(picture, "aria-label", t("you"));
  const card = h(
    "section",
    { class: "card", "aria-labelledby": "now-title" },
    h("div", { class: "now" }, h("h2", { id: "now-title" }, `${t("recording")}: ${role}`), parts.time),
    h("div", { class: "part" }, h("div", { class: "said-now" }, parts.speaking, parts.pitch), parts.level),
    h("div", { class: "part" }, h("h3", {}, t("lastMinute")), parts.strip),
    h("div", { class: "buttons" }, stop, consoleLink(), !live.joined && inviteButton()),
    chosen.camera && picture.srcObject && h("div", { class: "picture" }, picture, parts.face),
  );
  // Moved elements stand still.
  if (picture.isConnected || picture.srcObject) picture.play().catch(() => undefined);
  showStrip();
  return card;
}

function overCard() {
  const mayDelete = tokenOwner()?.role !== "user" && !live.joined;
  const title = h("h2", { id: "over-title" }, t(live.joined ? "youLeft" : "isOver"));
  const another = h("button", { type: "button", class: "button", on: { click: again } }, t("again"));
  const buttons = h("div", { class: "buttons" }, consoleLink("primary"), another, mayDelete && deleteButton());
  return h("section", { class: "card", "aria-labelledby": "over-title" }, title, buttons);
}

/** With `opener` the new tab gets a copy of this one's token. */
function consoleLink(kind = "") {
  const href = `../console#/session/${encodeURIComponent(live.sessionId)}`;
  const hint = h("span", { class: "unseen" }, ` ${t("newTab")}`);
  return h("a", { class: `button ${kind}`, href, target: "_blank", rel: "opener" }, icon("open"), t("openConsole"), hint);
}

function inviteButton() {
  const other = chosen.speaker === "user" ? "counselor" : "user";
  const link = new URL(`#/join/${encodeURIComponent(live.sessionId)}?as=${other}`, location.href).href;
  const click = async () => {
    await navigator.clipboard.writeText(link);
    notice(t("copied"));
  };
  return h("button", { type: "button", class: "button", data: { link }, on: { click } }, icon("copy"), t("invite"));
}

function deleteButton() {
  const click = async ({ currentTarget: button }) => {
    if (!(await confirmDelete())) return;
    button.disabled = true;
    try {
      await live.erase();
    } catch (error) {
      button.disabled = false;
      return notice(t("failed", { message: error.message }), "bad");
    }
    again();
    notice(t("isDeleted"));
  };
  return h("button", { type: "button", class: "button danger", on: { click } }, t("deleteIt"));
}

function scoresCard() {
  parts.scores = h("div", { class: "part" });
  parts.words = h("div", { class: "part" });
  const explained = ["scaleWhat", "combinedWhat", "voiceWhat", "faceWhat", "textWhat"].map((name) => h("li", {}, t(name)));
  const details = h("details", {}, h("summary", {}, t("whatScore")), h("ul", {}, explained));
  const title = h("h2", { id: "scores-title" }, t("scoresSoFar"));
  return h("section", { class: "card", "aria-labelledby": "scores-title" }, title, parts.scores, details, parts.words);
}

// -- What changes while it runs ------------------------------------------------------------------------------------------------

/** Name and field of each score, and of what it was measured from; without any, a part of the score has a fixed value. */
const SCORES = [
  ["combined", "combinedScore"],
  ["voice", "vadScore", "audioChunkCount"],
  ["facial", "facialScore", "frameCount"],
  ["text", "textScore", "sttSnippetCount"],
];

const isMeasured = ({ dataPoints }, source) => !source || dataPoints[source] > 0;

function showScores() {
  const [last, ...earlier] = [...minutes].reverse();
  const tile = ([name, field, source]) => {
    const value = points(last[field]);
    const given = isMeasured(last, source) ? [value] : ["–", h("small", {}, t("unmeasured", { points: value }))];
    return h("div", {}, h("dt", {}, t(name)), h("dd", {}, given));
  };
  const measured = () => h("small", {}, t("measuredBy", { chunks: last.dataPoints.audioChunkCount }));
  const newest = last && [
    h("h3", {}, t("ofMinute", { minute: last.minuteIndex + 1 }), " ", measured()),
    h("dl", { class: "tiles" }, SCORES.map(tile)),
  ];
  const row = (minute) => {
    const value = ([name, field, source]) => `${t(name)} ${isMeasured(minute, source) ? points(minute[field]) : "–"}`;
    const values = SCORES.map(value).join(" · ");
    return h("li", {}, h("span", {}, t("ofMinute", { minute: minute.minuteIndex + 1 })), h("span", {}, values));
  };
  const waiting = h("p", { class: "empty" }, t(state === "live" ? "scoresWait" : "noneStarted"));
  const before = earlier.length > 0 && h("ul", { class: "earlier" }, earlier.map(row));
  replaceChildren(parts.scores, last ? h("div", { class: "minute" }, newest) : waiting, before);
  const lines = words.map(({ text }) => h("li", {}, text));
  replaceChildren(parts.words, lines.length > 0 && [h("h3", {}, t("yourWords")), h("ul", { class: "words" }, lines)]);
}

let drawnAt = 0;

function showBlock({ rms, voiced, pitch }) {
  parts.level.replaceChildren(bar(heard(rms), { class: `level ${voiced ? "voiced" : ""}` }));
  // Words that change twenty times a second cannot be read.
  if (performance.now() - drawnAt < 250) return;
  drawnAt = performance.now();
  parts.speaking.textContent = t(voiced ? "speaking" : "quiet");
  parts.pitch.textContent = pitch ? t("hertz", { hertz: Math.round(pitch) }) : t("noPitch");
  parts.time.textContent = clock(live.elapsedMs);
}

function showStrip() {
  const from = STRIP_CHUNKS - chunks.length;
  const column = ({ rms, vad }, place) => {
    const height = Math.max(2, heard(rms) * STRIP_HIGH);
    return svg("rect", { x: from + place + 0.1, y: (STRIP_HIGH - height) / 2, width: 0.8, height, class: vad >= 0.5 ? "voiced" : null });
  };
  parts.strip.replaceChildren(...chunks.map(column));
  const share = chunks.length ? chunks.reduce((sum, { vad }) => sum + vad, 0) / chunks.length : 0;
  setAttribute(parts.strip, "aria-label", t("stripSaid", { share: percent(share) }));
}

const showUnmeasured = () => (parts.face.textContent = t("faceUnmeasured"));

function showFace({ qualityScore }) {
  parts.face.textContent = qualityScore ? t("faceSeen", { share: percent(qualityScore) }) : t("faceUnseen");
}

// -- What is done ----------------------------------------------------------------------------------------------------------

/** Show another state. What had the focus is gone with the one before. */
function become(next) {
  state = next;
  draw();
  main.querySelector("h1").focus();
}

async function begin() {
  notice(null);
  if (!navigator.mediaDevices) return notice(t("notSecure"), "bad");
  become("asking");
  say(t("asking"));
  [minutes, words, chunks] = [[], [], []];
  const session = new LiveSession(chosen.speaker, chosen.sessionId);
  try {
    await session.openMicrophone();
  } catch (error) {
    return refuse(session, error instanceof DOMException ? whyNot(error, MICROPHONE) : t("failed", { message: error.message }));
  }
  let without = null;
  try {
    if (chosen.camera) await session.openCamera(picture);
  } catch (error) {
    without = whyNot(error, CAMERA);
  }
  try {
    listen(session);
    await session.start(chosen.speech ? LANGUAGE_TAG[language()] : null);
  } catch (error) {
    return refuse(session, error.status === 401 ? t("needToken") : told(error));
  }
  become("live");
  if (without) notice(without);
  say(t("nowRecording"));
}

const told = ({ code, status, message }) =>
  code === "ENDED" ? t("alreadyEnded") : status === 404 ? t("noSession") : status === 0 ? t("offline") : t("failed", { message });

function refuse(session, why) {
  session.giveUp();
  session.close();
  picture.srcObject = null;
  live = null;
  become("idle");
  notice(why, "bad");
}

/** Tell of something that passes; the next scores take the message away. */
function trouble(text, kind) {
  troubled = true;
  notice(text, kind);
}

/** Show what a session says, as long as it is the one that is shown. */
function listen(session) {
  live = session;
  const on = (name, act) => session.addEventListener(name, ({ detail }) => live === session && act(detail));
  on("block", (block) => state === "live" && showBlock(block));
  on("chunk", (chunk) => {
    chunks = [...chunks, chunk].slice(-STRIP_CHUNKS);
    if (state === "live") showStrip();
  });
  on("frame", (frame) => state === "live" && showFace(frame));
  on("unmeasured", () => state === "live" && showUnmeasured());
  on("snippet", (snippet) => {
    words = [...words, snippet];
    showScores();
  });
  on("minutes", (scored) => {
    minutes = scored;
    noteQuotaOf(session.quota);
    if (troubled) notice(null);
    troubled = false;
    showScores();
    const last = scored.at(-1);
    const said = last && { minute: last.minuteIndex + 1, combined: points(last.combinedScore), voice: points(last.vadScore) };
    if (said && state === "live") say(t("newScore", said));
  });
  on("lost", (device) => {
    notice(t(device === "camera" ? "camLost" : "micLost"), device === "camera" ? "" : "bad");
  });
  on("speechfailed", (code) => notice(t("speechFailed", { code })));
  on("waiting", (ms) => trouble(t("tooMany", { length: length(ms) })));
  on("failed", (error) => trouble(told(error), "bad"));
  on("ended", () => {
    become("over");
    notice(t("endedElsewhere"));
  });
}

async function end() {
  become("stopping");
  try {
    await live.stop();
  } catch (error) {
    become("live");
    return notice(told(error), "bad");
  }
  picture.srcObject = null;
  notice(null);
  become("over");
  say(t(live.joined ? "youLeft" : "isOver"));
}

function again() {
  live?.close();
  live = null;
  [minutes, words, chunks] = [[], [], []];
  if (chosen.sessionId) {
    history.replaceState(null, "", location.pathname);
    chosen.sessionId = null;
  }
  become("idle");
}

onLanguage(draw);
onToken(() => {
  drawFrame({ refused: false });
  if (state === "idle") draw();
});
onUnauthorized(() => drawFrame({ refused: true }));
addEventListener("hashchange", () => {
  if (state !== "idle") return;
  Object.assign(chosen, invitation());
  draw();
});

draw();
