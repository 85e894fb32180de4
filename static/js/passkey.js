/* Lets the browser make a passkey or ask for one, and sends what it answers with the form around the button. The pages have a
   code field beside it for browsers that cannot; only making a passkey needs this script. */
"use strict";

const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const described = (list) => (list || []).map((one) => ({ ...one, id: bytesOf(one.id) }));

const made = async (options) => {
  const user = { ...options.user, id: bytesOf(options.user.id) };
  const publicKey = { ...options, user, challenge: bytesOf(options.challenge) };
  publicKey.excludeCredentials = described(options.excludeCredentials);
  const found = await navigator.credentials.create({ publicKey });
  return [found, { attestationObject: textOf(found.response.attestationObject) }];
};

const used = async (options) => {
  const publicKey = { ...options, challenge: bytesOf(options.challenge) };
  publicKey.allowCredentials = described(options.allowCredentials);
  const found = await navigator.credentials.get({ publicKey });
  const { authenticatorData, signature } = found.response;
  return [found, { authenticatorData: textOf(authenticatorData), signature: textOf(signature) }];
};

const answer = async (button) => {
  const options = JSON.parse(button.dataset.options);
  const [found, response] = await (button.dataset.passkey === "create" ? made(options) : used(options));
  response.clientDataJSON = textOf(found.response.clientDataJSON);
  return JSON.stringify({ id: found.id, rawId: textOf(found.rawId), type: found.type, response });
};

const works = Boolean(window.PublicKeyCredential && navigator.credentials);
for (const part of document.querySelectorAll("[data-without-passkey]")) part.hidden = works;

for (const button of works ? document.querySelectorAll("button[data-passkey]") : []) {
  const form = button.form;
  const complaint = form.querySelector("[data-passkey-failed]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    complaint.hidden = true;
    const isEmpty = [...form.querySelectorAll("input[required]")].some((field) => !field.value.trim());
    if (button.dataset.passkey === "create" && isEmpty) return form.requestSubmit();
    button.disabled = true;
    try {
      form.elements[button.dataset.into].value = await answer(button);
      form.requestSubmit();
    } catch {
      complaint.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}
