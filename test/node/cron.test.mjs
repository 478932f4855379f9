// Cron fires against npm's cron-parser and the time zones of Node's ICU (TASK-3).
//
// Away from clock changes, ours and cron-parser's must be the same instants. Around them cron-parser differs from docs/adr/0005 on purpose
// (it moves fires out of a gap to other minutes, and knows no second hour of an overlap), so there the expected fires are made from two
// independent parts: wall-clock readings by cron-parser in UTC, and what instants they are by ICU.
// Day fields with a step ("*/2") are generated for one of the two only: Vixie cron, and so we, takes a field that starts with '*' as "any" for
// the rule that joins them; cron-parser does not.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import { CronExpressionParser } from "cron-parser";

const minute = 60_000, hour = 60 * minute, day = 24 * hour;
const seed = Number(process.env.CRON_SEED ?? 20261125);
// mulberry32: the same expressions in every run.
let state = seed;
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];

// Each asked with the same lines; a list of times each, or a text where it was refused.
function ours(questions) {
  const input = questions.map(({ from, count, zone, cron }) => `${from} ${count} ${zone} ${cron}\n`).join("");
  const done = spawnSync(process.env.CRON_BIN, { input, encoding: "utf8", maxBuffer: 1 << 28 });
  assert.equal(done.status, 0, String(done.error ?? done.stderr));
  return done.stdout.trimEnd().split("\n").map((line) => (line.startsWith("refused") ? line : line.split(" ").map(Number)));
}

function theirs({ from, count, zone, cron }) {
  const iterator = CronExpressionParser.parse(cron, { currentDate: new Date(from), tz: zone });
  return Array.from({ length: count }, () => iterator.next().getTime());
}

// One to three items of a field; no value twice, which cron-parser refuses.
function list(least, most, names) {
  const word = (n) => (names && random(2) ? names[n - (names.length === 12 ? 1 : 0)] : String(n));
  const items = [], taken = new Set();
  for (let tries = 1 + random(3); tries > 0; tries -= 1) {
    const from = least + random(most - least + 1);
    const to = random(3) > 0 ? from : from + random(most - from + 1);
    const step = to > from && random(2) ? 1 + random(5) : 1;
    const values = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
    if (values.some((value) => taken.has(value))) continue;
    values.forEach((value) => taken.add(value));
    items.push(to === from ? word(from) : `${word(from)}-${word(to)}${step > 1 ? `/${step}` : ""}`);
  }
  return items.join(",");
}
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function expression() {
  const minutes = random(4) === 0 ? pick(["*", "*/5", "*/15", "*/7"]) : list(0, 59);
  const hours = random(3) === 0 ? pick(["*", "*/2", "*/3", "*/6"]) : list(0, 23);
  const days = random(3) === 0 ? list(1, 28) : random(4) === 0 ? "*/3" : "*";
  const weekday = random(3) > 0 || days === "*/3" ? "*" : random(5) === 0 && days === "*" ? "*/2" : list(0, 6, weekdays);
  return `${minutes} ${hours} ${days} ${random(4) === 0 ? list(1, 12, months) : "*"} ${weekday}`;
}

// Offsets by ICU; they change on quarters of an hour only, in the years compared.
const formats = new Map(), offsets = new Map();
function offset(zone, time) {
  const quarter = `${zone} ${Math.floor(time / (15 * minute))}`;
  if (!offsets.has(quarter)) offsets.set(quarter, offsetByIcu(zone, Math.floor(time / (15 * minute)) * 15 * minute));
  return offsets.get(quarter);
}

function offsetByIcu(zone, time) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric" }));
  }
  const at = Object.fromEntries(formats.get(zone).formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) - time;
}

// The instants of clock changes in those years.
function transitions(zone, fromYear, toYear) {
  const found = [];
  let last = offset(zone, Date.UTC(fromYear, 0, 1));
  for (let time = Date.UTC(fromYear, 0, 1) + hour; time < Date.UTC(toYear, 0, 1); time += hour) {
    const now = offset(zone, time);
    if (now === last) continue;
    let exact = time - hour;
    while (offset(zone, exact) === last) exact += minute;
    found.push(exact);
    last = now;
  }
  return found;
}

const zones = ["UTC", "Europe/Vienna", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago",
  "Pacific/Chatham", "Africa/Cairo", "Atlantic/Azores"];

test("random expressions fire when cron-parser says, away from clock changes", () => {
  const changes = new Map(zones.map((zone) => [zone, transitions(zone, 2023, 2027)]));
  const questions = Array.from({ length: 1500 }, () => (
    { from: Date.UTC(2024, random(24), 1 + random(28), random(24), random(60)), count: 20, zone: pick(zones), cron: expression() }));
  let compared = 0;
  ours(questions).forEach((fires, i) => {
    const question = questions[i];
    assert.ok(Array.isArray(fires), `${JSON.stringify(question)}: ${fires}`);
    const near = (time) => changes.get(question.zone).some((change) => Math.abs(time - change) < 2 * day);
    if (near(question.from)) return;
    const expected = theirs(question);
    // Up to the first clock change on either side: after it, the two may have gone on from different places.
    const stop = [...fires, ...expected].find((time) => changes.get(question.zone).some((change) => question.from < change && change < time + 2 * day));
    const before = (times) => (stop === undefined ? times : times.slice(0, Math.min(...[fires, expected].map((l) => l.findIndex((t) =>
      changes.get(question.zone).some((change) => question.from < change && change < t + 2 * day))).map((n) => (n < 0 ? 20 : n)))));
    assert.deepEqual(before(fires), before(expected), JSON.stringify(question));
    compared += before(fires).length;
  });
  assert.ok(compared > 10_000, `only ${compared} fires were compared`);
});

// docs/adr/0005 from wall-clock readings and ICU's offsets.
function around(change, zone, cron) {
  const from = change - 2 * day, until = change + 2 * day;
  const readings = new Set();
  const iterator = CronExpressionParser.parse(cron, { currentDate: new Date(from + offset(zone, from) - 3 * hour), tz: "UTC" });
  for (let reading = 0; reading <= until + 15 * hour;) {
    reading = iterator.next().getTime();
    readings.add(reading);
  }
  const elapsed = cron.split(" ")[1].startsWith("*");
  const seen = new Set(), fires = new Set();
  let last;
  for (let time = from - 3 * hour; time <= until; time += minute) {
    const reading = time + offset(zone, time);
    if (last !== undefined && !elapsed) {  // what the clock skipped
      for (let skipped = last + minute; skipped < reading; skipped += minute) if (readings.has(skipped)) fires.add(time);
    }
    if (readings.has(reading) && (elapsed || !seen.has(reading))) fires.add(time);
    seen.add(reading);
    last = last === undefined || reading > last ? reading : last;
  }
  return [...fires].filter((time) => time > from && time <= until).sort((a, b) => a - b);
}

test("around clock changes they fire as docs/adr/0005 says", () => {
  const questions = [], expected = [];
  for (const zone of zones.filter((name) => !["UTC", "Asia/Kolkata"].includes(name))) {
    for (const change of transitions(zone, 2024, 2026)) {
      const crons = ["30 2 * * *", "15 * * * *", "*/20 */2 * * *", "0 0 * * *", "5-55/10 0-4 * * *", ...Array.from({ length: 12 }, expression)];
      for (const cron of crons) {
        const fires = around(change, zone, cron);
        questions.push({ from: change - 2 * day, count: fires.length + 1, zone, cron });
        expected.push({ fires, until: change + 2 * day });
      }
    }
  }
  ours(questions).forEach((fires, i) => {
    const { fires: wanted, until } = expected[i];
    assert.deepEqual(fires.slice(0, -1), wanted, JSON.stringify(questions[i]));
    assert.ok(fires.at(-1) > until, JSON.stringify(questions[i]));
  });
  assert.ok(questions.length > 400, `only ${questions.length} were compared`);
});

test("both refuse what is no expression", () => {
  const wrong = ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 * ", "* * * * 8", "a * * * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *"];
  ours(wrong.map((cron) => ({ from: 0, count: 1, zone: "UTC", cron }))).forEach((answer, i) => {
    assert.match(String(answer), /^refused /, wrong[i]);
    assert.throws(() => theirs({ from: 0, count: 1, zone: "UTC", cron: wrong[i] }), undefined, wrong[i]);
  });
});
