/* Keeps the Order Summary up to date while somebody chooses. The server computes; without this script, Change does the same. */
"use strict";

for (const summary of document.querySelectorAll("[data-summary-of]")) {
  const form = document.getElementById(summary.dataset.summaryOf);
  let pause = 0;
  let asked = new AbortController();

  const ask = async () => {
    asked.abort();
    asked = new AbortController();
    const chosen = new URLSearchParams(new FormData(form));
    chosen.set("piece", "1");
    try {
      const answer = await fetch(`${form.action}?${chosen}`, { signal: asked.signal, redirect: "error" });
      // 400 brings a piece too: the sentences that say why it cannot be.
      if (answer.ok || answer.status === 400) summary.innerHTML = (await answer.json()).piece;
    } catch {
      /* Overtaken by the next one, or no network: the button still asks. */
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(ask, 300);
  });
}
