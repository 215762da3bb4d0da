/** The capture sample: what it shows before, while and after it measures one's own voice. */

import { onToken, onUnauthorized, tokenOwner } from "../api.js";
import { confirmDelete } from "../dialogs.js";
import { h, icon, notice, say, setAttribute } from "../dom.js";
import { drawFrame } from "../frame.js";
import { addTexts, language, length, onLanguage, t } from "../i18n.js";
import { noteQuotaOf } from "../quota.js";
import { findsFaces } from "./face.js";
import { LiveSession } from "./live_session.js";
import { STRIP_CHUNKS, meters } from "./meters.js";
import { saidScores, scoresPanel } from "./scores.js";
import { recognizesSpeech } from "./speech.js";
import { WORDS } from "./words.js";

addTexts(WORDS);

const main = document.getElementById("main");

const LANGUAGE_TAG = { ko: "ko-KR", en: "en-US" };

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
let shown = null; // the meters of a live session
let scores = null;
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
  scores = scoresPanel();
  main.replaceChildren(head, h("div", { class: "live" }, left, scores.element));
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
    h("p", { class: "note" }, t("whatIsSent"), mayDelete() && ` ${t("canDelete")}`),
    button,
    asking && h("p", { class: "hint" }, t("asking")),
  );
  return h("section", { class: "card", "aria-labelledby": "setup-title" }, h("h2", { id: "setup-title" }, t("setup")), form);
}

function liveCard() {
  const stopping = state === "stopping";
  shown = meters();
  const stopText = t(stopping ? "stopping" : live.joined ? "leaveIt" : "stopIt");
  const stop = h("button", { type: "button", class: "button danger", disabled: stopping, on: { click: end } }, icon("stop"), stopText);
  const role = t(chosen.speaker === "user" ? "asUser" : "asCounselor");
  setAttribute(picture, "aria-label", t("you"));
  const card = h(
    "section",
    { class: "card", "aria-labelledby": "now-title" },
    h("div", { class: "now" }, h("h2", { id: "now-title" }, `${t("recording")}: ${role}`), shown.time),
    shown.level,
    shown.strip,
    h("div", { class: "buttons" }, stop, consoleLink(), !live.joined && inviteButton()),
    chosen.camera && picture.srcObject && h("div", { class: "picture" }, picture, shown.face),
  );
  // Moved elements stand still.
  if (picture.isConnected || picture.srcObject) picture.play().catch(() => undefined);
  shown.showChunks(chunks);
  return card;
}

/** Who started a session, unless the role forbids it. */
const mayDelete = () => tokenOwner()?.role !== "user" && !chosen.sessionId;

function overCard() {
  const title = h("h2", { id: "over-title" }, t(live.joined ? "youLeft" : "isOver"));
  const another = h("button", { type: "button", class: "button", on: { click: again } }, t("again"));
  const buttons = h("div", { class: "buttons" }, consoleLink("primary"), another, mayDelete() && deleteButton());
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

const showScores = () => scores.show({ minutes, words, live: state === "live" });

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
  on("block", (block) => state === "live" && shown.showBlock(block, live.elapsedMs));
  on("chunk", (chunk) => {
    chunks = [...chunks, chunk].slice(-STRIP_CHUNKS);
    if (state === "live") shown.showChunks(chunks);
  });
  on("frame", (frame) => state === "live" && shown.showFace(frame));
  on("unmeasured", () => state === "live" && shown.showFace(null));
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
    if (scored.length && state === "live") say(saidScores(scored.at(-1)));
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
