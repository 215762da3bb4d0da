/** Ids, versions and counts, behind a fold at the end. */

import { h, icon, replaceChildren, say } from "./dom.js";
import { t, whole } from "./i18n.js";

export function technicalPart(id) {
  const copy = async () => {
    await navigator.clipboard?.writeText(id);
    say(t("copied"));
  };
  const facts = h("dl", { class: "facts-grid" });
  const copyButton = h("button", { type: "button", class: "quiet", on: { click: copy } }, icon("copy"), t("copyId"));
  const element = h("details", { class: "card technical" }, h("summary", {}, h("h2", {}, t("technical"))), facts, copyButton);
  const update = ({ report }) => {
    const { stats } = report;
    const versions = [...new Set([...report.minutes.map(({ modelVersion }) => modelVersion), report.modelVersion])].join(", ");
    const rows = [
      ["sessionId", h("code", {}, id)],
      ["reportId", h("code", {}, report.reportId)],
      ["modelVersion", h("code", {}, versions)],
      ["textRules", h("code", {}, report.textRules)],
      ["scoredMinutes", whole(stats.totalMinutes)],
      ["faceFrames", whole(stats.totalFrames)],
      ["audioChunks", whole(stats.totalAudioChunks)],
      ["snippets", whole(stats.totalSttSnippets)],
    ];
    replaceChildren(facts, rows.map(([name, value]) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value))));
  };
  return { element, update };
}
