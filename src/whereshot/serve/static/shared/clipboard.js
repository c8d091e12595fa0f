// "Copy", with an answer on the button itself.

const SHOWN_MS = 2500;

/** Put text on the clipboard and say so in the button's <span>, for a moment. */
export async function copy(button, text) {
  const label = button.querySelector("span");
  button.dataset.label ??= label.textContent;
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = "Copied";
  } catch {
    // Browsers give the clipboard to https and localhost only: then show what is to be copied.
    label.textContent = text;
  }
  setTimeout(() => (label.textContent = button.dataset.label), SHOWN_MS);
}
