// A command line that asks what an operation is asked.

/** `curl ...` with the example's body, or with the fields of a form. */
export function curlOf({ method, path, parameters, body }, resolve) {
  const query = parameters
    .filter((each) => each.in === "query" && each.required)
    .map(({ name }) => `${name}=…`)
    .join("&");
  const words = ["curl"];
  if (method !== "GET" && !body) words.push(`-X ${method}`);
  if (body?.kind === "multipart/form-data") {
    const { properties = {}, required = [] } = resolve(body.schema);
    for (const name of required) words.push(`-F ${name}=${isFile(properties[name], resolve) ? "@photo.jpg" : "…"}`);
  } else if (body) {
    if (method !== "POST") words.push(`-X ${method}`);
    words.push(`-H 'Content-Type: ${body.kind}'`, `-d '${JSON.stringify(body.example ?? {}).replaceAll("'", "'\\''")}'`);
  }
  const address = `${location.origin}${path}${query && `?${query}`}`;
  words.push(/[&?{}]/.test(address) ? `'${address}'` : address);
  return words.join(" ");
}

/** Whether a field of a form is a file, or several. */
export function isFile(schema, resolve) {
  const whole = resolve(schema);
  if (whole.type === "array") return isFile(whole.items, resolve);
  return whole.format === "binary" || Boolean(whole.contentMediaType);
}
