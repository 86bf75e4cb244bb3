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
  for (const [number, block] of data.blocks.entries()) {
    block.number = number;
    block.images = unpack(block.images, Uint32Array);
    block.drift = unpack(block.drift, Float32Array);
    block.status = unpack(block.status, Uint8Array);
    block.thin = unpack(block.thin, Uint8Array);
    block.has = new Set(block.images);
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

  const beside = (image, ending) => `${data.beside}/${String(image).padStart(5, "0")}.${ending}`;
  app.film = (image) => (data.films ? data.films[image] : beside(image, "jpg"));

  // Of many cases the maps lie beside the page, those of an image in a style sheet: a page from disk may apply one,
  // and read it thereby, where it may read no other file.
  const kept = new Map(), coming = new Map(); // by image: its maps, null where there are none; and who waits for them
  app.isThere = (each) => Boolean(data.maps) || kept.has(each.image);
  app.isMissing = (each) => !data.maps && kept.get(each.image) === null;
  app.load = (each) => {
    if (app.isThere(each)) return Promise.resolve();
    if (!coming.has(each.image)) coming.set(each.image, new Promise((done) => read(each.image, done)));
    return coming.get(each.image);
  };

  function read(image, done) {
    const link = document.createElement("link");
    const end = () => {
      const text = getComputedStyle(document.documentElement).getPropertyValue(`--maps-${image}`).trim();
      kept.set(image, text ? unpack(text.slice(1, -1), Uint16Array) : null);
      coming.delete(image);
      link.remove();
      done();
    };
    link.rel = "stylesheet";
    link.href = beside(image, "css");
    link.addEventListener("load", end);
    link.addEventListener("error", end);
    document.head.append(link);
  }

  /** Where the maps of a case are, before and after; null where they are not there. */
  function places(each) {
    const block = each.block, cells = block.grid[0] * block.grid[1];
    if (data.maps) {
      if (typeof data.maps[block.number] === "string") data.maps[block.number] = unpack(data.maps[block.number], Uint16Array);
      return { maps: data.maps[block.number], at: [each.at, block.images.length + each.at].map((at) => at * cells) };
    }
    const maps = kept.get(each.image);
    if (!maps) return null;
    let first = 0;
    for (const other of data.blocks.slice(0, block.number)) {
      if (other.has.has(each.image)) first += 2 * other.grid[0] * other.grid[1];
    }
    return { maps, at: [first, first + cells] };
  }

  /** Both canvases of a case, before and after; empty ones while its maps are not there. */
  app.canvases = (each) => {
    const found = places(each);
    if (!found) return [0, 1].map(() => new Float32Array(data.side * data.side));
    return found.at.map((at) => app.density(
      found.maps, at, each.block.grid, data.content[each.image], data.size, data.side));
  };
})();
