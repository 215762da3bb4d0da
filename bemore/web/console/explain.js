/** What the scores mean, in sentences: the rule, what it measures, its range. The rule itself is `bemore/scoring/minute_score.py`. */

import { t } from "./i18n.js";

/** The rule version whose weights this page knows. */
const KNOWN_RULES = "rules-v1.0";

/** Sentences on a score by its key in SCORES, of the minutes of a report. */
export function aboutScore(key, { minutes, modelVersion }) {
  const versions = new Set(minutes.map((minute) => minute.modelVersion));
  const known = [...versions, modelVersion].every((version) => version === KNOWN_RULES);
  const rule = { combined: known ? "aboutCombined" : "aboutCombinedOwn", facial: "aboutFacial", voice: "aboutVoice", text: "aboutText" }[key];
  const byBrowser = minutes.some(({ source }) => source === "client");
  return [t(rule, { version: modelVersion }), t("aboutRange"), ...(byBrowser ? [t("aboutBrowser")] : [])];
}

export const aboutEmotions = () => [t("aboutEmotions")];

export const aboutAffect = () => [t("aboutAffect"), t("aboutAffectAxes")];
