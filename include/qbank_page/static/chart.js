// Draws what a <script type="application/json"> beside the chart holds. The table has the same numbers, exact.
"use strict";
(() => {
  const HEIGHT = 260;
  const TIMES = [
    [31536000, "{YYYY}", null, null, null, null, null, null, 1],
    [2419200, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
    [86400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
    [3600, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
    [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  ];

  // A balance between two gaps has no line to either side: it is drawn as a point.
  const alone = (values) =>
    values.flatMap((value, at) => (value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null ? [at] : []));

  const drawn = (place, data) => {
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { stroke: colour("--rule") } };
    const colours = [colour("--accent"), colour("--warn")];
    return new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), data.zone),
        axes: [
          { ...axis, values: TIMES },
          { ...axis, size: 100, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")) },
        ],
        series: [
          { label: data.by === "hours" ? "Hour" : "Date", value: data.by === "hours" ? "{YYYY}-{MM}-{DD} {HH}:{mm}" : "{YYYY}-{MM}-{DD}" },
          ...data.series.map((one, at) => ({
            label: one.label,
            stroke: colours[at],
            width: at === 0 ? 2 : 1,
            dash: at === 0 ? undefined : [6, 4],
            points: { filter: (_u, _series, all) => (all ? null : alone(one.values)) },
            value: (_u, _value, _series, place) => (place === null ? "" : one.texts[place]),
          })),
        ],
      },
      [data.at, ...data.series.map((one) => one.values)],
      place,
    );
  };

  addEventListener("DOMContentLoaded", () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
      if (data.at.length === 0) continue;
      let plot = drawn(place, data);
      new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
      new MutationObserver(() => {
        plot.destroy();
        plot = drawn(place, data);
      }).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    }
  });
})();
