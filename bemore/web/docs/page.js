"use strict";

const START = "/api/session/start";

let ui = null;
let known = null; // the id that stands in the examples now

/** The id of the examples: the first parameter of that name tells it. */
function exampleId(paths) {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  return operations.flatMap(({ parameters = [] }) => parameters).find(({ name }) => name === "session_id")?.example;
}

/** Put a session that was just started in the place of the one that the examples speak of. */
function useSession(id) {
  const text = ui.specSelectors.specStr();
  if (!known) known = exampleId(JSON.parse(text).paths);
  const inBodies = known;
  ui.specActions.updateSpec(text.replaceAll(known, id));
  const { paths } = JSON.parse(text);
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { parameters = [], requestBody }] of Object.entries(methods)) {
      if (parameters.some(({ name }) => name === "session_id")) ui.specActions.changeParam([path, method], "session_id", "path", id, false);
      // What was typed into a body stays, but for the id.
      const body = requestBody && ui.oas3Selectors.requestBodyValue(path, method);
      if (typeof body === "string") ui.oas3Actions.setRequestBodyValue({ value: body.replaceAll(inBodies, id), pathMethod: [path, method] });
    }
  }
  known = id;
  document.getElementById("how-session").textContent = id;
}

/** Swagger UI hands over each answer before it shows it. */
function noteAnswer(answer) {
  const started = new URL(answer.url, location.href).pathname.endsWith(START);
  if (started && answer.ok && answer.body?.data?.sessionId) setTimeout(() => useSession(answer.body.data.sessionId));
  return answer;
}

ui = SwaggerUIBundle({
  url: "openapi.json",
  domNode: document.getElementById("docs"),
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  responseInterceptor: noteAnswer,
  onComplete: () => {
    document.getElementById("how-token").hidden = !ui.specSelectors.securityDefinitions()?.size;
  },
  // Nothing of this page asks another host.
  validatorUrl: "none",
});
