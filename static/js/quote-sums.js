/* Says what a quote comes to while it is written. The server computes; without this script, Recalculate does the same. */
"use strict";

for (const sums of document.querySelectorAll("[data-sums-of]")) {
  const form = document.getElementById(sums.dataset.sumsOf);
  let pause = 0;
  let asked = new AbortController();

  const ask = async () => {
    asked.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(sums.dataset.sumsFrom, {
        method: "POST",
        body: new FormData(form),
        signal: asked.signal,
        redirect: "error",
      });
      // 400 brings a piece too: the sentences that say what is still missing.
      if (answer.ok || answer.status === 400) sums.innerHTML = (await answer.json()).piece;
    } catch {
      /* Overtaken by the next one, or no network: the button still asks. */
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(ask, 400);
  });
}
