// The ways in: choose, drop anywhere, paste.

/** Call `onPhotos(files)` for every file that comes in. */
export function watchIntake(onPhotos) {
  const input = document.getElementById("files");
  const dropzone = document.getElementById("dropzone");
  const take = (list) => {
    const files = [...list];
    if (files.length) onPhotos(files);
  };

  // The button does it for keyboards and screen readers; a pointer may hit the whole zone.
  dropzone.addEventListener("click", () => input.click());
  input.addEventListener("click", (event) => event.stopPropagation());
  input.addEventListener("change", () => {
    take(input.files);
    input.value = ""; // the same photo again is a change too
  });

  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) {
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
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark();
    take(event.dataTransfer.files);
  });
}
