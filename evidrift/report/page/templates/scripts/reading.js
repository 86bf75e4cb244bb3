"use strict";
// Readers' verdicts and the sign-off: kept in this page until they are saved to a file, and read back from one.
(() => {
  const app = window.evidrift, data = app.data, FORMAT = "evidrift reading 1", LONGEST = 20_000_000;
  const part = (id) => document.getElementById(id), form = part("reading"), sign = part("sign");
  const WORDS = { agree: "agrees", misplaced: "misplaced", "not assessable": "not assessable" };
  const FIELDS = ["verdict", "remark", "reader"];
  const verdicts = new Map(); // key of a case -> { verdict, remark, reader }
  let shown = null, isSaved = true, reader = "";

  /** What tells a case from all others, in this report and in the file. */
  app.namesOf = (each) => {
    const run = app.runOf(each);
    return {
      image_id: data.images[each.image], architecture: data.architectures[run.arch],
      pair: run.seed, method: data.methods[each.block.method].key,
    };
  };
  const keyOf = (names) => JSON.stringify([names.image_id, names.architecture, names.pair, names.method]);
  app.verdictOf = (each) => verdicts.get(keyOf(app.namesOf(each))) || null;
  app.verdictWords = (found) => (found ? WORDS[found.verdict] : "");

  /** Fills the fields with what is known of a case. */
  app.showVerdict = (each) => {
    shown = each;
    const found = app.verdictOf(each) || { verdict: "", remark: "", reader };
    for (const name of FIELDS) form.elements[name].value = found[name];
    if (!found.verdict) for (const choice of form.elements.verdict) choice.checked = false;
    part("verdict-clear").disabled = !found.verdict;
  };

  function take() {
    const found = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
    reader = found.reader;
    if (!found.verdict) return; // a remark alone is kept once there is a verdict
    verdicts.set(keyOf(app.namesOf(shown)), found);
    part("verdict-clear").disabled = false;
    changed();
  }

  function changed() {
    isSaved = false;
    tell();
    app.markVerdicts();
  }

  function tell(words = "") {
    const n = verdicts.size;
    const told = `${n.toLocaleString("en")} case${n === 1 ? " has" : "s have"} a verdict.`;
    part("reading-count").textContent = `${told} ${words}`.trim();
  }

  /** By sides, so that verdicts about other models are not taken for these. */
  const models = data.runs.map((run) => ({
    architecture: data.architectures[run.arch], pair: run.seed, before: run.weights[0], after: run.weights[1],
  }));

  const signs = sign ? [...new Set([...sign.elements].map((each) => each.name).filter(Boolean))] : [];
  const signed = () => Object.fromEntries(signs.map((name) => [name, sign.elements[name].value]));

  function rows() {
    return [...verdicts].map(([key, found]) => {
      const [image_id, architecture, pair, method] = JSON.parse(key);
      return { image_id, architecture, pair, method, ...found };
    }).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  function save(name, type, text) {
    const link = document.createElement("a"), address = URL.createObjectURL(new Blob([text], { type }));
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  function saveFile() {
    const saved = new Date().toISOString();
    const content = { format: FORMAT, saved, models, verdicts: rows(), sign_off: signed() };
    save("evidrift-reading.json", "application/json", `${JSON.stringify(content, null, 1)}\n`);
    isSaved = true;
    tell("Saved to evidrift-reading.json.");
  }

  /** A cell that a spreadsheet takes for text, whatever it begins with. */
  const cell = (value) => `"${String(value).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

  function saveTable() {
    const columns = ["image_id", "architecture", "pair", "method", ...FIELDS];
    const lines = [columns, ...rows().map((row) => columns.map((name) => row[name]))];
    const text = lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
    save("evidrift-reading.csv", "text/csv", `\ufeff${text}`);
    tell("Saved to evidrift-reading.csv; only the JSON file can be loaded again.");
  }

  /** The verdicts of a file: all of them, or a reason why none is taken. */
  function read(text) {
    let content;
    try { content = JSON.parse(text); } catch { throw new Error("It is no JSON file that this page saved."); }
    if (content === null || content.format !== FORMAT || !Array.isArray(content.verdicts)) {
      throw new Error("It is no file that this page saved.");
    }
    if (JSON.stringify(content.models) !== JSON.stringify(models)) {
      throw new Error("Its verdicts are about other models.");
    }
    const known = new Set();
    for (let method = 0; method < data.methods.length; method++) {
      for (const each of app.casesOf(method)) known.add(keyOf(app.namesOf(each)));
    }
    const isWhole = (row) => row !== null && known.has(keyOf(row)) && Object.hasOwn(WORDS, row.verdict)
      && typeof row.remark === "string" && typeof row.reader === "string";
    const bad = content.verdicts.findIndex((row) => !isWhole(row));
    if (bad >= 0) throw new Error(`Its verdict number ${bad + 1} is of no case of this report, or is not whole.`);
    return content;
  }

  async function load(file) {
    let content;
    try {
      if (file.size > LONGEST) throw new Error("It is too large.");
      content = read(await file.text());
    } catch (why) {
      tell(`Nothing was loaded from ${file.name}. ${why.message}`);
      return;
    }
    let kept = 0;
    for (const row of content.verdicts) {
      const own = verdicts.get(keyOf(row));
      if (own && FIELDS.some((name) => own[name] !== row[name])) kept += 1;
      else verdicts.set(keyOf(row), { verdict: row.verdict, remark: row.remark, reader: row.reader });
    }
    const given = content.sign_off && typeof content.sign_off === "object" ? content.sign_off : {};
    for (const name of signs) {
      if (typeof given[name] === "string" && !sign.elements[name].value) sign.elements[name].value = given[name];
    }
    const stay = kept ? ` ${kept.toLocaleString("en")} left out: another verdict was given here.` : "";
    tell(`${(content.verdicts.length - kept).toLocaleString("en")} loaded from ${file.name}.${stay}`);
    if (shown) app.showVerdict(shown);
    app.markVerdicts();
  }

  form.addEventListener("input", take);
  form.addEventListener("submit", (event) => event.preventDefault());
  part("verdict-clear").addEventListener("click", () => {
    verdicts.delete(keyOf(app.namesOf(shown)));
    app.showVerdict(shown);
    changed();
    form.elements.verdict[0].focus();
  });
  part("reading-save").addEventListener("click", saveFile);
  part("reading-table").addEventListener("click", saveTable);
  part("reading-load").addEventListener("click", () => part("reading-file").click());
  part("reading-file").addEventListener("change", (event) => {
    const [file] = event.target.files;
    event.target.value = ""; // the same file can be chosen again
    if (file) load(file);
  });
  if (sign) {
    sign.addEventListener("input", () => { isSaved = false; });
    sign.addEventListener("submit", (event) => event.preventDefault());
  }
  window.addEventListener("beforeunload", (event) => { if (!isSaved) event.preventDefault(); });
  app.isJudged = (each) => verdicts.has(keyOf(app.namesOf(each)));
  tell();
})();
