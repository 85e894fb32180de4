/* Says while a new password is typed how easily it is guessed. Advice only: the server decides by its own lists. */
"use strict";

for (const advice of document.querySelectorAll("[data-advice-for]")) {
  const input = document.getElementById(advice.dataset.adviceFor);
  const meter = advice.querySelector("meter");
  const output = advice.querySelector("output");
  const levels = JSON.parse(advice.dataset.levels);
  const common = zxcvbnts["language-common"];
  const judge = new zxcvbnts.core.ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs });
  const names = JSON.parse(advice.dataset.names);

  const show = () => {
    const typed = input.value.normalize("NFKC");
    advice.hidden = !typed;
    if (!typed) return;
    const missing = Number(advice.dataset.least) - [...typed.trim()].length;
    const { score } = judge.check(typed.slice(0, 100), names);
    meter.value = missing > 0 ? Math.min(score, 1) : score;
    output.textContent = missing > 0 ? advice.dataset.missing.replace("#", missing) : levels[score];
  };

  input.addEventListener("input", show);
  show();
}
