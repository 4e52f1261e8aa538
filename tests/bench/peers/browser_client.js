// SPDX-License-Identifier: LGPL-2.1-or-later
// What the school's web page does with an event and with an action, in Node: its storage holds texts, so that a list
// is read, copied and written whole for every change of one of its rows. Nothing of it reaches a disk.
//
// Usage: browser_client.js WS-URL ROWS. Listens on standard input to lines `subscribe CALLBACKS COUNT`, answered by
// "ready" and later by the callbacks' reports, and `enqueue COUNT`, answered by one report.
"use strict";

const readline = require("readline");
const WebSocket = require("ws");

const now = () => Math.round((performance.timeOrigin + performance.now()) * 1000); // microseconds since 1970

class LocalStorage {
  #texts = new Map();

  getItem(key) {
    return this.#texts.get(key) ?? null;
  }

  setItem(key, value) {
    this.#texts.set(key, String(value));
  }
}

const storage = new LocalStorage();
const page = new EventTarget();
const callbacks = new Set(); // of {type, filter, run}

function change(key, merge) {
  storage.setItem(key, JSON.stringify(merge(JSON.parse(storage.getItem(key) ?? "[]"))));
}

function updateCache(event) {
  if (event.entity !== "grade") return;
  if (event.type === "grade_deleted") change("grades", (rows) => rows.filter((row) => row.id !== event.data.id));
  else if (event.type === "grade_created") change("grades", (rows) => [...rows, event.data]);
  else change("grades", (rows) => rows.map((row) => (row.id === event.data.id ? event.data : row)));
}

function dispatch(event) {
  updateCache(event);
  for (const callback of callbacks) {
    if (callback.type === event.type && callback.filter(event)) callback.run(event);
  }
  page.dispatchEvent(Object.assign(new Event("realtime-update"), { detail: event }));
}

class Tally {
  constructor(count) {
    Object.assign(this, { count, delays: [], firstSent: 0, last: 0, lastOffset: 0, inOrder: true });
  }

  take(sent) {
    this.last = now();
    this.firstSent ||= sent;
    this.delays.push(this.last - sent);
    return this.delays.length >= this.count;
  }

  takeEvent(event) {
    this.inOrder &&= event.offset > this.lastOffset;
    this.lastOffset = event.offset;
    return this.take(event.data.sent);
  }

  report() {
    const sorted = this.delays.sort((a, b) => a - b);
    return {
      events: sorted.length, first_sent: this.firstSent, last: this.last, in_order: this.inOrder,
      p50: sorted[Math.floor(sorted.length / 2)],
      p99: sorted[sorted.length - 1 - Math.floor(sorted.length / 100)],
    };
  }
}

function subscribe(nCallbacks, count) {
  const reports = [];

  for (let i = 0; i < nCallbacks; i++) {
    const tally = new Tally(count);
    const callback = { type: "grade_updated", filter: (event) => event.data.student_id !== null };

    callback.run = (event) => {
      if (!tally.takeEvent(event)) return;
      callbacks.delete(callback);
      reports.push(tally.report());
      if (reports.length === nCallbacks) console.log(JSON.stringify(reports));
    };
    callbacks.add(callback);
  }
  console.log("ready");
}

function enqueue(count) {
  const tally = new Tally(count);

  for (let done = false, i = 0; !done; i++) {
    const began = now();

    change("queue", (actions) => [...actions, {
      id: `offline_${Date.now()}_${Math.random().toString(36).slice(2, 11)}`,
      type: "update", entity: "grade", entityId: `g-${i}`, data: { score: 87.5, note: "x".repeat(60) },
      timestamp: Date.now(), status: "pending", retryCount: 0, endpoint: `/api/grades/g-${i}`, method: "PUT",
    }]);
    done = tally.take(began);
  }
  storage.setItem("queue", "[]");
  console.log(JSON.stringify(tally.report()));
}

const [url, rows] = process.argv.slice(2);

storage.setItem("grades", JSON.stringify(Array.from({ length: Number(rows) }, (_, i) => (
  { id: `g-${String(i).padStart(6, "0")}`, student_id: "s-1", score: 87.5, sent: 0 }
))));

const socket = new WebSocket(url, "labsync.v1", { perMessageDeflate: false });

socket.on("open", () => socket.send(JSON.stringify({ type: "hello" })));
socket.on("message", (text) => {
  const message = JSON.parse(text);

  if (message.type === "welcome") console.log("ready");
  // The feeder puts what it has into one frame, where the page's server would send a frame for each.
  for (const event of message.events ?? []) dispatch(event);
});
socket.on("close", () => process.exit());

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [order, ...numbers] = line.split(" ");

  ({ subscribe, enqueue })[order](...numbers.map(Number));
}).on("close", () => process.exit());
