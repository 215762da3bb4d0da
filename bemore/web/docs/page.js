"use strict";

const START = "/api/session/start";

let ui = null;
let currentId = null; // the session id in the examples now

/** The session id of the examples: that of the first parameter with this name. */
function exampleId(paths) {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  return operations.flatMap(({ parameters = [] }) => parameters).find(({ name }) => name === "session_id")?.example;
}

/** Replace the examples' session id with that of a session that was just started. */
function useSession(id) {
  const text = ui.specSelectors.specStr();
  if (!currentId) currentId = exampleId(JSON.parse(text).paths);
  const previousId = currentId;
  ui.specActions.updateSpec(text.replaceAll(currentId, id));
  const { paths } = JSON.parse(text);
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { parameters = [], requestBody }] of Object.entries(methods)) {
      if (parameters.some(({ name }) => name === "session_id")) ui.specActions.changeParam([path, method], "session_id", "path", id, false);
      // Keep what was typed into a body, except for the id.
      const body = requestBody && ui.oas3Selectors.requestBodyValue(path, method);
      if (typeof body === "string") ui.oas3Actions.setRequestBodyValue({ value: body.replaceAll(previousId, id), pathMethod: [path, method] });
    }
  }
  currentId = id;
  document.getElementById("how-session").textContent = id;
}

/** Swagger UI calls this with each response before it shows it. */
function onResponse(response) {
  const started = new URL(response.url, location.href).pathname.endsWith(START);
  if (started && response.ok && response.body?.data?.sessionId) setTimeout(() => useSession(response.body.data.sessionId));
  return response;
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
  responseInterceptor: onResponse,
  onComplete: () => {
    document.getElementById("how-token").hidden = !ui.specSelectors.securityDefinitions()?.size;
  },
  // This page sends nothing to another host.
  validatorUrl: "none",
});
