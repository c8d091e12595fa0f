// Shows the server an API key once; from then on a cookie that no script can read speaks for it.

import { ask } from "../shared/api.js";

const form = document.getElementById("sign-in");
const key = document.getElementById("key");
const problem = document.getElementById("problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  // A header holds no other characters, and no key has them.
  const shown = key.value.trim().replace(/[^\x21-\x7e]/g, "");
  try {
    await ask("/api/session", { method: "POST", headers: { "X-API-Key": shown } });
  } catch (error) {
    problem.textContent = error.message;
    key.setAttribute("aria-invalid", "true");
    key.focus();
    return;
  }
  location.reload();
});

key.focus();
