// The server's answers. A problem is thrown as {type, message}, as the API words it.

/** A JSON answer. Throws {type, message}; an abort by the caller as it is. */
export async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw { type: "Unreachable", message: "no connection" };
  }
  let body;
  try {
    body = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw {
      type: "Garbled",
      message: `The server's answer (${response.status}) is not understood.`,
    };
  }
  if (body.error) throw body.error;
  return body;
}

/** The answer for one photo, as `whereshot predict --json` prints it. */
export async function recognize(file, k = 5) {
  const form = new FormData();
  form.append("k", String(k));
  form.append("photos", await readable(file), file.name || "pasted photo");
  const [answer] = await ask("/api/recognize", { method: "POST", body: form });
  if (answer.error) throw answer.error;
  return answer;
}

export const health = () => ask("/healthz");
export const landmarks = () => ask("/api/landmarks");

/** A folder, or a file that is gone, looks like a file until it is read; fetch would only say that
 * the network failed. */
async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return file;
  } catch {
    throw { type: "Unreadable", message: "the file can't be opened" };
  }
}
