// Buttons that make or use a passkey: what the browser answers goes along with the button's form.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const named = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
const TRANSPORTS = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];
const WORDS = {
  create: {
    InvalidStateError: "This device has a passkey for you already.",
    NotAllowedError: "No passkey was added: it was cancelled, or it took too long. Try again.",
    NotSupportedError: "This device cannot make a passkey. Use another device or a security key.",
    ConstraintError: "This device cannot check that it is you. Set up its fingerprint, face or PIN first.",
  },
  get: {
    NotAllowedError: "No passkey was used: it was cancelled, it took too long, or it is not on this device. Try again.",
  },
  any: {
    SecurityError: "Passkeys do not work at this address.",
    unasked: "Something went wrong. Reload the page and try again.",
    none: "This browser does not support passkeys.",
  },
};

async function made(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const { response, authenticatorAttachment } = await navigator.credentials.create({ publicKey });
  const transports = (response.getTransports?.() ?? []).filter((one) => TRANSPORTS.includes(one));
  return {
    response: { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject), transports },
    authenticatorAttachment,
  };
}

async function used(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
  const { id, response, authenticatorAttachment } = await navigator.credentials.get({ publicKey });
  return {
    id,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle?.byteLength ? text(response.userHandle) : null,
    },
    authenticatorAttachment,
  };
}

async function asked({ options, ask }) {
  if (options) return JSON.parse(options);
  const answer = await fetch(ask, { method: "POST", headers: { accept: "application/json" } });
  if (!answer.ok || !answer.headers.get("content-type")?.startsWith("application/json")) throw { name: "unasked" };
  return answer.json();
}

for (const note of document.querySelectorAll("[data-without-script]")) note.remove();
for (const button of document.querySelectorAll("[data-passkey]")) {
  const { form, dataset } = button;
  const kind = dataset.passkey;
  const says = document.getElementById(dataset.says);
  const say = (words) => {
    says.textContent = words;
    says.hidden = words === "";
  };
  if (!window.PublicKeyCredential) {
    say(WORDS.any.none);
    continue;
  }
  button.hidden = false;
  // A page that comes back by the back button asks anew.
  addEventListener("pageshow", () => {
    form.elements[dataset.field].value = "";
    button.disabled = false;
  });
  form.addEventListener("submit", async (event) => {
    if (event.submitter !== button) return;
    event.preventDefault();
    say("");
    button.disabled = true;
    try {
      const options = await asked(dataset);
      const answer = await (kind === "create" ? made(options) : used(options));
      form.elements[dataset.field].value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      say(WORDS[kind][error.name] ?? WORDS.any[error.name] ?? WORDS.any.unasked);
      button.disabled = false;
    }
  });
}
