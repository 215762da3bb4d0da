"""Pages and the files they load, all from the package: which are served, how long caches keep them, what a page may load."""

import hashlib
from functools import cache, cached_property

from flask import Response, abort, render_template, request

#: A page loads files of this service and nothing else; it has no script or style inside.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

REVALIDATE = "public, no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"


def cached(response, cache_control):
    """``response`` with an ETag and this Cache-Control; 304 if the client has it already."""
    response.headers["Cache-Control"] = cache_control
    response.add_etag()
    # Not make_conditional(), which treats `If-Match: *` as a failed condition and sends the whole content as a 412.
    if request.if_none_match.contains_weak(response.get_etag()[0]):
        response.status_code = 304
    return response


#: By the end of a file's name; files of other kinds are served by no StaticFiles.
_MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8",
    ".ts": "text/plain; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
}  # fmt: skip


class StaticFiles:
    """The files ``names`` of a ``folder``; no other file is served."""

    def __init__(self, folder, names):
        self._files = {}
        self._content = cache(lambda name: self._files[name].read_bytes())
        self.add(folder, names)

    @classmethod
    def below(cls, folder):
        """All files of known kinds in a folder and its folders."""
        return cls(folder, sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.suffix in _MEDIA_TYPES))

    def add(self, folder, names):
        """Serve files of one more folder."""
        self._files |= {name: folder / name for name in names}

    def __iter__(self):
        return iter(self._files)

    @cached_property
    def version(self):
        """A hash of the content of all files."""
        digest = hashlib.sha256()
        for name in self._files:
            digest.update(self._content(name))
        return digest.hexdigest()[:16]

    def file(self, name, version=None):
        """A response with the file, which caches keep forever if the address has this version, else revalidate. 404 for other names."""
        if name not in self._files:
            abort(404)
        response = Response(self._content(name), content_type=_MEDIA_TYPES[self._files[name].suffix])
        return cached(response, IMMUTABLE if version == self.version else REVALIDATE)

    def page(self, template):
        """A response with the page of a template, in which ``version`` is that of the files."""
        response = cached(Response(render_template(template, version=self.version), mimetype="text/html"), REVALIDATE)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response
