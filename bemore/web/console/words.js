/** The page's texts: [English, Korean]. */
import { CLIENT } from "./words_client.js";
import { EXPLAINED } from "./words_explained.js";
import { FRAME } from "./words_frame.js";
import { LIST } from "./words_list.js";
import { REPORT } from "./words_report.js";
import { SESSION } from "./words_session.js";

export const WORDS = { ...FRAME, ...LIST, ...SESSION, ...REPORT, ...EXPLAINED, ...CLIENT };
