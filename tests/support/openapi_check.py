"""Holds real answers against the OpenAPI document: is the status documented, do the body and the headers fit?"""

import json
import re
from functools import lru_cache
from urllib.parse import unquote

from jsonschema_rs import Draft202012Validator

#: Failures that an operation does not list, as the request did not come as far as one: code and component by status.
UNROUTED = {404: ("NOT_FOUND", "AddressNotFound"), 405: ("METHOD_NOT_ALLOWED", "MethodNotAllowed")}


class AnswerChecker:
    """Checks answers against one document; keeps what it prepared for the next answer."""

    def __init__(self, document):
        self._document = document
        # A path of the document that is more concrete comes first, as OpenAPI has it.
        paths = sorted(document["paths"], key=lambda path: [part.startswith("{") for part in path.split("/")])
        self._patterns = [(re.compile(re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(path))), path) for path in paths]
        # A value at the end may hold a slash: in the request it stood there as %2F, which Flask's client has decoded.
        self._patterns += [(re.compile(re.sub(r"\[\^/\]\+$", ".+", pattern.pattern)), path) for pattern, path in self._patterns]
        self._validator = lru_cache(maxsize=None)(self._validator)

    def problems(self, method, path, response):
        """What is wrong with an answer: a list of sentences.

        ``path`` is that of the request or of the document; ``response`` is one of Flask's test client or of ``requests``.
        """
        template = self.template(path)
        operation = self._document["paths"].get(template, {}).get("get" if method == "HEAD" else method.lower())
        where = f"{method} {template or path[:200]} -> {response.status_code}"
        return [f"{where}: {problem}" for problem in self._problems(method, operation, response)]

    def template(self, path):
        """The document's path for a request's path; None if it has none."""
        if path in self._document["paths"]:
            return path
        path = unquote(path)
        return next((template for pattern, template in self._patterns if pattern.fullmatch(path)), None)

    def _problems(self, method, operation, response):
        body = _body(response)
        documented = self._documented(operation, response, body)
        if documented is None:
            yield "is not documented"
            return
        yield from self._header_problems(documented, response)
        if method == "HEAD" or "content" not in documented:
            if body:
                yield "has a body"
            return
        yield from self._content_problems(documented["content"], response, body)

    def _documented(self, operation, response, body):
        if response.status_code in UNROUTED:
            code, name = UNROUTED[response.status_code]
            error = (_json(body) or {}).get("error") or {}
            # The answer to a HEAD has no body to tell its code.
            if error.get("code") == code or (operation is None and not body):
                return self._document["components"]["responses"][name]
        if operation is None:
            return None
        return self._resolved(operation["responses"].get(str(response.status_code)))

    def _header_problems(self, documented, response):
        for name, header in documented.get("headers", {}).items():
            header, value = self._resolved(header), response.headers.get(name)
            if value is None:
                if header.get("required"):
                    yield f"has no {name}"
                continue
            if header["schema"]["type"] == "integer" and value.isdigit():
                value = int(value)
            for error in self._validator(json.dumps(header["schema"])).iter_errors(value):
                yield f"{name}: {error.message}"

    def _content_problems(self, content, response, body):
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind not in content and "*/*" not in content:
            yield f"is {kind}, not {' or '.join(content)}"
        elif kind == "application/json":
            value = _json(body)
            if value is None:
                yield "is not JSON"
                return
            for error in self._validator(json.dumps(content[kind]["schema"])).iter_errors(value):
                yield f"{error.instance_path}: {error.message[:300]}"

    def _validator(self, schema):
        # References in the document begin at the document.
        return Draft202012Validator({**json.loads(schema), "components": self._document["components"]}, validate_formats=True)

    def _resolved(self, part):
        while part and "$ref" in part:
            target = self._document
            for step in part["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            part = target
        return part


def check_answer(document, method, path, response):
    """The problems of one answer; for many answers make one AnswerChecker."""
    return AnswerChecker(document).problems(method, path, response)


def _body(response):
    return response.content if hasattr(response, "content") else response.get_data()


def _json(body):
    try:
        return json.loads(body)
    except ValueError:
        return None
