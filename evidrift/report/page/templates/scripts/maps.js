"use strict";
// A stored map brought to its film's frame, coloured and outlined, as evidrift.drift.canvas and report.panels do.
window.evidrift = window.evidrift || {};
(() => {
  const app = window.evidrift;

  /** Between which cells each of n places lies, and how far. */
  function steps(n, place, cells) {
    const low = new Int32Array(n), share = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const at = Math.min(Math.max(place(i), 0), cells - 1);
      low[i] = Math.min(Math.floor(at), Math.max(cells - 2, 0));
      share[i] = at - low[i];
    }
    return { low, share };
  }

  /** Bilinear values of a grid at rows and columns of places. */
  function sample(grid, offset, width, rows, columns) {
    const n = rows.low.length, m = columns.low.length, out = new Float32Array(n * m);
    for (let i = 0; i < n; i++) {
      const up = offset + rows.low[i] * width, down = rows.share[i] ? up + width : up, y = rows.share[i];
      for (let j = 0; j < m; j++) {
        const left = columns.low[j], x = columns.share[j], right = x ? left + 1 : left;
        out[i * m + j] = (1 - y) * ((1 - x) * grid[up + left] + x * grid[up + right])
          + y * ((1 - x) * grid[down + left] + x * grid[down + right]);
      }
    }
    return out;
  }

  /** The canvas of a map: % of the evidence per 1 % of the film, side x side; zeros of an empty map. */
  app.density = (map, offset, [height, width], [top, left, bottom, right], size, side) => {
    const rows = steps(side, (i) => (top + ((i + 0.5) / side) * (bottom - top)) * height / size - 0.5, height);
    const columns = steps(side, (i) => (left + ((i + 0.5) / side) * (right - left)) * width / size - 0.5, width);
    const canvas = sample(map, offset, width, rows, columns);
    let sum = 0;
    for (const value of canvas) sum += value;
    if (sum > 0) for (let i = 0; i < canvas.length; i++) canvas[i] *= canvas.length / sum;
    return canvas;
  };

  const finer = new Map();
  /** The same at the size of display. */
  app.enlarge = (canvas, side, display) => {
    if (!finer.has(display)) finer.set(display, steps(display, (i) => (i + 0.5) * side / display - 0.5, side));
    const places = finer.get(display);
    return sample(canvas, 0, side, places, places);
  };

  /** Colours of values from low to high into an image; what is near zero lets the film through. */
  app.paint = (image, values, low, high, colours, opaque) => {
    const data = image.data, reach = Math.max(Math.abs(low), high) || 1, span = high - low || 1;
    for (let i = 0; i < values.length; i++) {
      const step = Math.round(255 * Math.min(Math.max((values[i] - low) / span, 0), 1));
      data[4 * i] = colours[3 * step];
      data[4 * i + 1] = colours[3 * step + 1];
      data[4 * i + 2] = colours[3 * step + 2];
      data[4 * i + 3] = 255 * opaque * Math.min(Math.abs(values[i]) / reach, 1);
    }
  };

  /** The border of the strongest area, of all that is positive where that is less; null where there is none. */
  app.level = (canvas, area) => {
    const sorted = Float32Array.from(canvas).sort();
    let level = sorted[sorted.length - Math.ceil(area * sorted.length)];
    if (level <= 0) {
      const least = sorted.find((value) => value > 0);
      if (least === undefined) return null;
      level = least / 2;
    }
    return level < sorted[sorted.length - 1] ? level : null;
  };

  /** Lines at a level through the middles of a canvas's cells, as an SVG path in units of cells. */
  app.outline = (canvas, side, level) => {
    const ends = new Map(); // crossed edge of the grid -> the edges that lines lead to from there
    const points = new Map();
    const value = (i, j) => canvas[i * side + j];
    const edge = (i, j, isDown) => {
      const id = 2 * (i * side + j) + (isDown ? 1 : 0);
      if (!points.has(id)) {
        const here = value(i, j), there = isDown ? value(i + 1, j) : value(i, j + 1);
        const share = (level - here) / (there - here);
        points.set(id, isDown ? [j + 0.5, i + 0.5 + share] : [j + 0.5 + share, i + 0.5]);
      }
      return id;
    };
    const join = (one, other) => {
      for (const [from, to] of [[one, other], [other, one]]) {
        if (!ends.has(from)) ends.set(from, []);
        ends.get(from).push(to);
      }
    };
    for (let i = 0; i < side - 1; i++) {
      for (let j = 0; j < side - 1; j++) {
        const inside = [value(i, j), value(i, j + 1), value(i + 1, j + 1), value(i + 1, j)].map((v) => v > level);
        const crossed = [];
        if (inside[0] !== inside[1]) crossed.push(edge(i, j, false));
        if (inside[1] !== inside[2]) crossed.push(edge(i, j + 1, true));
        if (inside[2] !== inside[3]) crossed.push(edge(i + 1, j, false));
        if (inside[3] !== inside[0]) crossed.push(edge(i, j, true));
        if (crossed.length === 2) join(crossed[0], crossed[1]);
        if (crossed.length === 4) { // a saddle: the middle says which corners belong together
          const middle = (value(i, j) + value(i, j + 1) + value(i + 1, j + 1) + value(i + 1, j)) / 4 > level;
          const pairs = middle === inside[0] ? [[0, 1], [2, 3]] : [[0, 3], [1, 2]];
          for (const [a, b] of pairs) join(crossed[a], crossed[b]);
        }
      }
    }
    return walk(ends, points);
  };

  /** Chains lines that meet into paths, open ones first. */
  function walk(ends, points) {
    const path = [], open = [...ends.keys()].filter((id) => ends.get(id).length === 1);
    for (const start of [...open, ...ends.keys()]) {
      let at = start, moved = false;
      while (ends.get(at).length) {
        const next = ends.get(at).pop();
        ends.get(next).splice(ends.get(next).indexOf(at), 1);
        if (!moved) path.push(`M${text(points.get(at))}`);
        path.push(`L${text(points.get(next))}`);
        at = next;
        moved = true;
      }
    }
    return path.join("");
  }

  const text = ([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`;
})();
