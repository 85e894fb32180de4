/* A page that waits for a result asks again by itself; without a script its link does. <main> needs no change: any element
   with data-refresh-seconds sets the pace. Each round waits half as long again, at most a minute. */
"use strict";

const waiting = document.querySelector("[data-refresh-seconds]");
if (waiting) {
  const key = `waiting:${location.pathname}`;
  const round = Number(sessionStorage.getItem(key) || 0);
  const seconds = Math.min(60, Number(waiting.dataset.refreshSeconds) * 1.5 ** round);
  sessionStorage.setItem(key, String(round + 1));
  setTimeout(() => location.reload(), seconds * 1000);
}
