// What screen readers are told when something has changed that nobody looks at.

const status = document.getElementById("status");

export function announce(words) {
  // A text that stays the same is not read again.
  status.textContent = words === status.textContent ? `${words} ` : words;
}
