// An OpenAPI document as the page shows it: areas with their operations, and what all may answer.

const METHODS = ["get", "post", "put", "patch", "delete"];
const REST = "Other";

/** {info, areas: [{name, words, operations}], common, resolve}.
 *
 * `common` are the answers that every operation has, which the operations then don't; `resolve`
 * follows a schema's `$ref`. */
export function readAreas(document) {
  const resolve = (schema) => {
    const name = schema?.$ref?.split("/").pop();
    return name ? { title: name, ...document.components.schemas[name] } : (schema ?? {});
  };
  const areas = new Map((document.tags ?? []).map(({ name }) => [name, []]));
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS.filter((each) => each in item)) {
      const operation = readOperation(path, method, item[method]);
      const name = item[method].tags?.[0] ?? REST;
      if (!areas.has(name)) areas.set(name, []);
      areas.get(name).push(operation);
    }
  }
  const common = takeCommon([...areas.values()].flat());
  const words = new Map((document.tags ?? []).map(({ name, description }) => [name, description]));
  return {
    info: document.info,
    areas: [...areas]
      .filter(([, operations]) => operations.length)
      .map(([name, operations]) => ({ name, words: words.get(name) ?? "", operations })),
    common,
    resolve,
  };
}

/** Takes what all operations may answer, in the words of most, out of them, and returns it. */
function takeCommon(operations) {
  const answers = operations.flatMap((operation) => operation.answers);
  const count = (test) => answers.filter(test).length;
  const isCommon = ({ status, description }) =>
    count((other) => other.status === status) === operations.length &&
    count((other) => other.description === description) > operations.length / 2;
  const common = new Map(answers.filter(isCommon).map((answer) => [answer.status, answer]));
  for (const operation of operations) {
    operation.answers = operation.answers.filter((answer) => !isCommon(answer));
  }
  return [...common.values()].sort((one, other) => one.status - other.status);
}

function readOperation(path, method, description) {
  const [kind, media] = Object.entries(description.requestBody?.content ?? {})[0] ?? [];
  return {
    id: description.operationId,
    method: method.toUpperCase(),
    path,
    summary: description.summary ?? "",
    description: description.description ?? "",
    parameters: description.parameters ?? [],
    body: kind && { kind, schema: media.schema, example: exampleOf(media) },
    answers: Object.entries(description.responses).map(([status, answer]) => {
      const [kind, media] = Object.entries(answer.content ?? {})[0] ?? [];
      return {
        status,
        description: answer.description,
        kind,
        schema: media?.schema,
        example: media && exampleOf(media),
      };
    }),
  };
}

/** The first example, or undefined. */
function exampleOf(media) {
  return media.example ?? Object.values(media.examples ?? {})[0]?.value;
}
