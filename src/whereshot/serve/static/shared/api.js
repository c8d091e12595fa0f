// The server's answers. A problem is thrown as {type, message}, as the API words it.

/** A JSON answer, null where there is none. Throws {type, message}; an abort by the caller as it
 * is. */
export async function ask(path, options) {
  const response = await send(path, options);
  if (response.status === 204) return null;
  const body = await readJson(response);
  // Not without a look at the status: a photo may have an `error` of its own.
  if (!response.ok && body.error) throw body.error;
  return body;
}

async function send(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw { type: "Unreachable", message: "no connection" };
  }
}

async function readJson(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw {
      type: "Garbled",
      message: `The server's answer (${response.status}) is not understood.`,
    };
  }
}

/** The answer for one photo, as `whereshot predict --json` prints it, with `certainty`, `digest`
 * and what a person said of it before: `correction`, or null. */
export async function recognize(file, k = 5) {
  const form = await formOf([file], { k, include: "certainty,correction" });
  const [answer] = await ask("/api/recognize", { method: "POST", body: form });
  if (answer.error) throw answer.error;
  return answer;
}

export const health = () => ask("/healthz");
export const landmarks = () => ask("/api/landmarks");

/** Landmarks of the bundle and of the gazetteer: `wanted` = {query, near, limit}. */
export const findLandmarks = (wanted, signal) =>
  ask(`/api/landmarks?${new URLSearchParams({ scope: "all", ...wanted })}`, { signal });

/** What was learned, and what is odd about the photos. */
export async function teach(about, files) {
  return ask("/api/enrolled", { method: "POST", body: await formOf(files, about) });
}

export const taught = () => ask("/api/enrolled");
export const forget = (id) => ask(`/api/enrolled/${encodeURIComponent(id)}`, { method: "DELETE" });
export const samplePhoto = (id, index) => `/api/enrolled/${encodeURIComponent(id)}/photos/${index}`;

/** Keep what a person says of a photo; `landmark` is an id, or "" for no landmark. */
export const correct = (digest, landmark, answered) =>
  ask(`/api/corrections/${digest}?${new URLSearchParams({ landmark, answered })}`, { method: "PUT" });

export const takeBack = (digest) => ask(`/api/corrections/${digest}`, { method: "DELETE" });

/** The address of a picture that the server makes of a photo: "heatmap" or "preview". To be
 * revoked. */
export async function pictureOf(kind, file, about = {}) {
  const response = await send(`/api/${kind}`, { method: "POST", body: await formOf([file], about) });
  if (!response.ok) throw (await readJson(response)).error;
  return URL.createObjectURL(await response.blob());
}

async function formOf(files, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  for (const file of files) form.append("photos", await readable(file), file.name || "pasted photo");
  return form;
}

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
