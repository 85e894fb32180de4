// Turns a typed test number into a choice of the list below it. The input has no name, so no browser sends what is in it,
// and a number that is none of the test numbers stops the form.
(function () {
  "use strict";

  const field = document.getElementById("typed-number");
  const input = document.getElementById("card-number");
  const error = document.getElementById("card-number-error");
  const list = document.getElementById("card");
  const tokens = new Map();
  for (const option of list.options) {
    tokens.set(option.dataset.number, option.value);
  }

  function digits() {
    return input.value.replace(/\D/g, "");
  }

  function say(text) {
    error.textContent = text;
    if (text) {
      input.setAttribute("aria-invalid", "true");
    } else {
      input.removeAttribute("aria-invalid");
    }
  }

  input.addEventListener("input", function () {
    const token = tokens.get(digits());
    if (token) {
      list.value = token;
    }
    say(!token && digits().length >= 16 ? error.dataset.text : "");
  });

  list.addEventListener("change", function () {
    input.value = "";
    say("");
  });

  list.form.addEventListener("submit", function (event) {
    if (digits() && !tokens.has(digits())) {
      event.preventDefault();
      say(error.dataset.text);
      input.focus();
    }
  });

  field.hidden = false;
})();
