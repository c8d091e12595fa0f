// The ways in: choose, take one (phones), drop anywhere, paste.

/** Call `onPhotos(files)` for every file that comes in. */
export function watchIntake(onPhotos) {
  const input = document.getElementById("files");
  const camera = document.getElementById("camera");
  const dropzone = document.getElementById("dropzone");
  const take = (list) => {
    const files = [...list];
    if (files.length) onPhotos(files);
  };

  // The button does it for keyboards and screen readers; a pointer may hit the whole zone.
  dropzone.addEventListener("click", () => input.click());
  document.getElementById("shoot").addEventListener("click", (event) => {
    event.stopPropagation();
    camera.click();
  });
  for (const each of [input, camera]) {
    each.addEventListener("click", (event) => event.stopPropagation());
    each.addEventListener("change", () => {
      take(each.files);
      each.value = ""; // the same photo again is a change too
    });
  }

  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      take(event.clipboardData.files);
    }
  });

  // On the whole window: a photo that misses the zone would otherwise replace the page.
  let depth = 0;
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = () => document.body.classList.toggle("is-dragging", depth > 0);
  addEventListener("dragenter", (event) => {
    if (carriesFiles(event)) depth += 1;
    mark();
  });
  addEventListener("dragleave", (event) => {
    if (carriesFiles(event)) depth = Math.max(0, depth - 1);
    mark();
  });
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  const stop = () => {
    depth = 0;
    mark();
  };
  addEventListener("drop", stop, true); // also where a dialog takes the photos for itself
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) take(event.dataTransfer.files);
  });
}
