"""Pages that the package brings and the files they load: which are served, what caches may keep, what a page may load."""

import hashlib
from functools import cached_property, lru_cache
from string import Template

from flask import Response, abort, request

#: What a page may load: files of this service and nothing else, no script or style inside of the page.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

REVALIDATE = "public, no-cache"
FOR_EVER = "public, max-age=31536000, immutable"


def cached(response, policy):
    """``response`` with an ETag and this Cache-Control; 304 where the client has it already."""
    response.headers["Cache-Control"] = policy
    response.add_etag()
    # Not make_conditional(), which takes `If-Match: *` for a failed condition and sends the whole content as a 412.
    if request.if_none_match.contains_weak(response.get_etag()[0]):
        response.status_code = 304
    return response


class Files:
    """Files by their names: ``{name: (folder, media type)}``. No other is served."""

    def __init__(self, files):
        self._files = files
        self._read = lru_cache(maxsize=None)(lambda name: files[name][0].joinpath(name).read_bytes())

    def __iter__(self):
        return iter(self._files)

    @cached_property
    def version(self):
        """Names the content of all files together."""
        digest = hashlib.sha256()
        for name in self._files:
            digest.update(self._read(name))
        return digest.hexdigest()[:16]

    def file(self, name, version=None):
        """The answer with a file. Under its version's address a file never changes; under any other it is asked for again."""
        if name not in self._files:
            abort(404)
        policy = FOR_EVER if version == self.version else REVALIDATE
        return cached(Response(self._read(name), content_type=self._files[name][1]), policy)

    def page(self, html):
        """The answer with a page: the file ``html`` (a Traversable), in which ``$version`` stands for the files' version."""
        text = Template(html.read_text("utf-8")).substitute(version=self.version)
        response = cached(Response(text, content_type="text/html; charset=utf-8"), REVALIDATE)
        response.headers["Content-Security-Policy"] = CSP
        return response
