"""The style of the HTML report, and the Content-Security-Policy that allows it and nothing else.

The page has no script and no style attribute, loads nothing, and follows the reader's light or dark setting; print is light.
Line colours keep a contrast of 3:1 to their background and differ for colour-blind readers, dashes tell them apart in grey.
"""

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--bg:#f4f6f9;--card:#fff;--text:#1b2430;--soft:#566274;--rule:#dde3eb;--track:#e8ecf2;
--accent:#2457c5;--accent-soft:#e7eefb;--facial:#0b8a6a;--voice:#c2570c;--words:#a63d8f;--band:#2457c514}
@media screen and (prefers-color-scheme:dark){:root{--bg:#10151c;--card:#19212b;--text:#e8edf4;--soft:#a3b0c0;--rule:#2c3846;
--track:#2a3542;--accent:#7cabff;--accent-soft:#1f2f4c;--facial:#45cfa4;--voice:#f5a05a;--words:#e48fd0;--band:#7cabff1f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.6 Pretendard,"Apple SD Gothic Neo","Noto Sans KR",
"Noto Sans CJK KR","Malgun Gothic",system-ui,sans-serif;word-break:keep-all;overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:32px 24px 40px}
h1{margin:0;font-size:1.65rem;line-height:1.3;letter-spacing:-.01em}
h2{margin:0 0 14px;font-size:1.05rem;line-height:1.4}
p{margin:0}
ul{margin:0;padding:0;list-style:none}
header{display:flex;flex-wrap:wrap;align-items:center;gap:4px 14px;margin-bottom:20px}
header p{flex-basis:100%;color:var(--soft)}
.state{padding:2px 12px;border-radius:99px;background:var(--accent-soft);color:var(--accent);font-size:.85rem;font-weight:600}
.card{background:var(--card);border:1px solid var(--rule);border-radius:14px;padding:20px 22px;margin-bottom:16px;min-width:0}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:16px;margin-bottom:16px}
.pair>.card{margin:0}
.facts{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:14px 20px;margin:0}
.facts.voice{grid-template-columns:repeat(3,minmax(0,1fr));margin-top:18px}
dt{color:var(--soft);font-size:.82rem}
dd{margin:0;font-weight:500}
dd bdi{word-break:break-all}
.facts .long{grid-column:span 2}
.tiles{display:grid;grid-template-columns:repeat(6,minmax(0,1fr));gap:12px;margin-bottom:16px}
.tile{position:relative;background:var(--card);border:1px solid var(--rule);border-radius:14px;padding:16px 16px 12px}
.tile::before{content:"";position:absolute;top:-1px;left:16px;right:16px;height:3px;background:var(--line,transparent)}
.tile span{display:block;color:var(--soft);font-size:.82rem}
.tile b{display:block;font-size:1.5rem;line-height:1.35;font-weight:650;font-variant-numeric:tabular-nums}
.tile.main{background:var(--accent-soft);border-color:transparent}
.tile.main b{color:var(--accent)}
.tile.main{--line:var(--accent)}.tile.facial{--line:var(--facial)}.tile.voice{--line:var(--voice)}.tile.text{--line:var(--words)}
.head{display:flex;flex-wrap:wrap;justify-content:space-between;gap:2px 20px;margin-bottom:8px}
.head h2{margin:0}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:.88rem}
.legend li{display:flex;align-items:center;gap:7px}
.plot{height:300px;margin:40px 12px 58px 38px}
.plot>svg{display:block}
.chart text{fill:var(--soft);font-size:13px}
.grid{stroke:var(--rule)}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line-combinedScore{stroke:var(--accent);stroke-width:3}
.line-facialScore{stroke:var(--facial)}
.line-vadScore{stroke:var(--voice);stroke-dasharray:7 4}
.line-textScore{stroke:var(--words);stroke-dasharray:2 4}
.dot{stroke:var(--card);stroke-width:1.2;stroke-dasharray:none}
.dot.line-combinedScore{fill:var(--accent)}.dot.line-facialScore{fill:var(--facial)}
.dot.line-vadScore{fill:var(--voice)}.dot.line-textScore{fill:var(--words)}
.band{fill:transparent}
.band:hover{fill:var(--band)}
.bar{display:block;overflow:visible}
.track{fill:var(--track)}
.fill{fill:var(--accent)}
.bar.voice .fill{fill:var(--voice)}.bar.pause .fill{fill:var(--soft)}
.zero{stroke:var(--soft)}
.rows li{margin-bottom:13px}
.rows li:last-child{margin-bottom:0}
.row{display:flex;justify-content:space-between;gap:12px;margin-bottom:5px;font-size:.94rem}
.row span:last-child{font-variant-numeric:tabular-nums;white-space:nowrap}
.ends{display:flex;justify-content:space-between;color:var(--soft);font-size:.78rem;margin-top:3px}
.note{color:var(--soft);font-size:.88rem}
.facts+.note{margin-top:14px}
.chips{display:flex;flex-wrap:wrap;gap:8px}
.chips li{max-width:100%;padding:3px 12px;border-radius:16px;background:var(--accent-soft);font-size:.94rem}
.chips .count{margin-left:6px;color:var(--soft);font-size:.82rem}
.said li{position:relative;padding-left:18px;margin-bottom:8px}
.said li:last-child{margin-bottom:0}
.said li::before{content:"";position:absolute;left:2px;top:.68em;width:6px;height:6px;border-radius:50%;background:var(--accent)}
.feedback li{padding:12px 0;border-top:1px solid var(--rule)}
.feedback li:first-child{padding-top:0;border-top:0}
.feedback b{margin-right:10px}
.feedback p{margin-top:4px;}
.scroll{overflow-x:auto}
summary{cursor:pointer;font-weight:600}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:4px}
table{width:100%;margin-top:14px;border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
th{color:var(--soft);font-weight:500}
th:first-child,td:first-child{padding-left:0}
th.left,td.left{text-align:left}
td.said-words{white-space:normal;min-width:11em}
footer{color:var(--soft);font-size:.82rem}
footer p{margin-bottom:4px}
@media (max-width:900px){.tiles{grid-template-columns:repeat(3,minmax(0,1fr))}.facts{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media (max-width:640px){main{padding:20px 14px 28px}.pair{grid-template-columns:minmax(0,1fr)}h1{font-size:1.4rem}
.card{padding:16px}.tiles{gap:8px;grid-template-columns:repeat(2,minmax(0,1fr))}.tile{padding:12px 14px 8px}
.tile::before{left:14px;right:14px}.tile b{font-size:1.3rem}
.plot{height:230px;margin:36px 8px 54px 30px}.chart .wide{display:none}.chart text{font-size:12px}
.facts.voice{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media print{@page{size:A4;margin:14mm}:root{--bg:#fff;color-scheme:light}html{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{font-size:10pt}main{max-width:none;padding:0}.card,.tile,.feedback li{break-inside:avoid}.card.long{break-inside:auto}
.tiles{grid-template-columns:repeat(6,minmax(0,1fr));gap:6px}.tile{padding:8px 9px}.tile b{font-size:14pt}
.facts{grid-template-columns:repeat(4,minmax(0,1fr))}.pair{grid-template-columns:1fr 1fr;gap:10px;margin-bottom:10px}
.card{padding:12px 14px;margin-bottom:10px}.plot{height:190px}.scroll{overflow:visible}thead{display:table-header-group}
tr{break-inside:avoid}h2{break-after:avoid}details:not([open]){display:none}}
"""

STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""What ``style-src`` must name, in single quotes, for the page's only ``<style>``."""

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src '{STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The whole header value for the page."""
