/** What lies over the charts of the timeline: hatched minutes, silences, marks, the selected part. Drawn by a plugin of Chart.js. */

/** The space of the marks above the plot, px. */
const MARKS_PX = 18;

function hatching(context, color) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

/** Horizontal edges of a span in a chart, px; at least `least` wide. */
function edges({ scales: { x }, chartArea }, { startMs, endMs }, least = 1) {
  const [left, right] = [x.getPixelForValue(startMs), x.getPixelForValue(endMs)];
  return [Math.max(chartArea.left, left), Math.min(chartArea.right, Math.max(right, left + least))];
}

/** Below the data: minutes without enough data, and the selected part. */
export function drawBelow(chart, { missing, at }, colors) {
  const { ctx, chartArea: { top, height } } = chart;
  ctx.save();
  ctx.fillStyle = hatching(ctx, colors.missing);
  for (const span of missing) {
    const [left, right] = edges(chart, span);
    ctx.fillRect(left, top, right - left, height);
  }
  if (at && at.endMs > at.startMs) {
    const [left, right] = edges(chart, at, 2);
    ctx.globalAlpha = 0.14;
    ctx.fillStyle = colors.accent;
    ctx.fillRect(left, top, right - left, height);
  }
  ctx.restore();
}

/** Above the data: silences on the axis of the lanes, marks, the cursor. */
export function drawAbove(chart, { silences, marks, at }, colors) {
  const { ctx, chartArea: { top, bottom }, scales: { x, y } } = chart;
  ctx.save();
  ctx.fillStyle = colors["silence-line"];
  for (const span of silences) {
    const [left, right] = edges(chart, span, 1.5);
    ctx.fillRect(left, y.getPixelForValue(0) - 2, right - left, 4);
  }
  const room = top >= MARKS_PX;
  for (const { kind, startMs, endMs } of marks) {
    const middle = x.getPixelForValue((startMs + endMs) / 2);
    ctx.strokeStyle = ctx.fillStyle = colors.ink;
    ctx.globalAlpha = 0.45;
    ctx.lineWidth = 1;
    ctx.setLineDash([2, 3]);
    line(ctx, middle, room ? top - 3 : top, bottom);
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    if (room) SHAPES[kind]?.(ctx, middle, top - 10);
  }
  if (at) {
    ctx.strokeStyle = colors.accent;
    ctx.lineWidth = 2;
    const place = x.getPixelForValue(at.startMs);
    line(ctx, place, top, bottom);
  }
  ctx.restore();
}

function line(ctx, x, top, bottom) {
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
  ctx.stroke();
}

function polygon(ctx, points) {
  ctx.beginPath();
  points.forEach(([x, y], index) => (index ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.closePath();
  ctx.fill();
}

/** The shapes of the marks, the same as the page's symbols `i-<kind>`; `x` and `y` are their middle. */
const SHAPES = {
  lowest: (ctx, x, y) => polygon(ctx, [[x - 6, y - 4], [x + 6, y - 4], [x, y + 6]]),
  highest: (ctx, x, y) => polygon(ctx, [[x - 6, y + 5], [x + 6, y + 5], [x, y - 5]]),
  change: (ctx, x, y) => {
    polygon(ctx, [[x - 6, y - 1], [x + 6, y - 1], [x, y - 7]]);
    polygon(ctx, [[x - 6, y + 1], [x + 6, y + 1], [x, y + 7]]);
  },
  silence: (ctx, x, y) => {
    ctx.fillRect(x - 5, y - 5, 3.5, 11);
    ctx.fillRect(x + 1.5, y - 5, 3.5, 11);
  },
  "longest-turn": (ctx, x, y) => {
    for (const [shift, width] of [[-5, 12], [-1, 9], [3, 6]]) ctx.fillRect(x - 6, y + shift, width, 2.5);
  },
  bookmark: (ctx, x, y) => polygon(ctx, [[x - 4, y - 6], [x + 4, y - 6], [x + 4, y + 6], [x, y + 2], [x - 4, y + 6]]),
  note: (ctx, x, y) => polygon(ctx, [[x - 6, y - 5], [x + 6, y - 5], [x + 6, y + 3], [x, y + 3], [x - 3, y + 7], [x - 3, y + 3], [x - 6, y + 3]]),
};
