"use strict";
// The cases' numbers, decoded when they are first asked for.
(() => {
  const app = window.evidrift;
  const data = JSON.parse(document.getElementById("case-data").textContent);

  /** Numbers that were packed as base64 of little-endian arrays. */
  function unpack(text, Kind) {
    const raw = atob(text), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return new Kind(bytes.buffer);
  }

  const n = data.images.length;
  for (const run of data.runs) {
    run.cohort = unpack(run.cohort, Uint8Array);
    run.predicted = unpack(run.predicted, Uint16Array);
    run.probability = unpack(run.probability, Float32Array);
    run.asked = new Map(Array.from(unpack(run.reliance.images, Uint32Array), (image, at) => [image, at]));
    run.reliance = unpack(run.reliance.values, Float32Array);
  }
  for (const block of data.blocks) {
    block.images = unpack(block.images, Uint32Array);
    block.drift = unpack(block.drift, Float32Array);
    block.status = unpack(block.status, Uint8Array);
    block.thin = unpack(block.thin, Uint8Array);
  }
  const references = new Map(data.references.map((each) => [`${each.arch} ${each.method}`, each]));
  data.evidence = unpack(data.evidence, Uint8Array);
  data.moved = unpack(data.moved, Uint8Array);
  app.data = data;
  app.cohorts = ["right", "regressed", "fixed", "wrong"];

  /** All cases of one method: its block, the place in it, and the image. */
  app.casesOf = (method) => {
    const cases = [];
    for (const block of data.blocks) {
      if (block.method !== method) continue;
      for (let at = 0; at < block.images.length; at++) cases.push({ block, at, image: block.images[at] });
    }
    return cases;
  };

  app.runOf = (each) => data.runs[each.block.run];
  app.drift = (each, measure) => each.block.drift[measure * each.block.images.length + each.at];
  app.probability = (each, when) => app.runOf(each).probability[when * n + each.image];
  app.predicted = (each, when) => data.classes[app.runOf(each).predicted[when * n + each.image]];
  /** NaN where the film was not asked about, or has no such region. */
  app.reliance = (each, region, when) => {
    const run = app.runOf(each), at = run.asked.get(each.image);
    return at === undefined ? NaN : run.reliance[(2 * region + when) * run.asked.size + at];
  };
  app.cohortOf = (each) => app.cohorts[app.runOf(each).cohort[each.image]];
  app.labelOf = (each) => data.classes[data.labels[each.image]];

  /** The image's own seed floor or scale under the case's method. */
  app.reference = (each, kind, measure) => {
    const found = references.get(`${app.runOf(each).arch} ${each.block.method}`);
    if (!found) return NaN;
    if (typeof found[kind] === "string") found[kind] = unpack(found[kind], Float32Array);
    return found[kind][measure * n + each.image];
  };

  /** Both canvases of a case, before and after. */
  app.canvases = (each) => {
    const block = each.block, [height, width] = block.grid, cells = height * width;
    if (typeof block.maps === "string") block.maps = unpack(block.maps, Uint16Array);
    return [0, 1].map((when) => app.density(
      block.maps, (when * block.images.length + each.at) * cells, block.grid,
      data.content[each.image], data.size, data.side));
  };
})();
