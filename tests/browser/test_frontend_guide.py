"""The frontend's guide: each snippet runs as it stands there, each answer is the one that comes, in both languages.

A JSON block is the last answer to the snippet before it. Names and numbers are compared as they are, but for ids, times and the like.
"""

import json
import re
import subprocess

from tests.support import guide
import pytest

from tests.support.browsing import ORIGIN
from tests.support.answers import CODES
from tests.support.servers import Service
from tests.support.signing import HS256, bearer

from bemore.app import CORS_EXPOSED_HEADERS, CORS_METHODS, CORS_REQUEST_HEADERS
from bemore.settings import Settings


LANGUAGES = [*guide.GUIDES]

#: Values of an answer that are others each time; only their type is compared.
VOLATILE = {"sessionId", "batchId", "requestId", "serverTs", "startedAt", "endedAt", "duration"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service as it is without any setting, but for its place."""
    home = tmp_path_factory.mktemp("service")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db") as running:
        yield running
        print(running.log)


@pytest.fixture(scope="module")
def own_tokens(tmp_path_factory):
    """A service that wants tokens."""
    home = tmp_path_factory.mktemp("tokens")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", **HS256) as running:
        yield running
        print(running.log)


class Reader:
    """Does what a reader does: pastes scripts into the console of a page, opens the pages, runs the commands.

    ``answer`` is the last that the service said, ``shown`` what the last page shows.
    """

    def __init__(self, context, server, service):
        self.context, self.server, self.service = context, server, service
        self.page, self.answer, self.shell, self.shown = self._opened("/"), None, "", None

    def _opened(self, path):
        page = self.context.new_page()
        self.faults, self.responses = [], []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda reported: self.faults.append(reported.text) if reported.type == "error" else None)
        page.on("response", lambda answer: self.responses.append(answer) if answer.url.startswith(self.service.url) else None)
        page.goto(ORIGIN + path)
        return page

    def run(self, language, text):
        self.responses.clear()
        getattr(self, f"_run_{language}")(text.replace(guide.SERVICE, self.service.url))
        assert not self.faults, self.faults
        if language in ("javascript", "html"):
            refused = [f"{each.request.method} {each.url}: {each.status}" for each in self.responses if each.status >= 400]
            assert not refused, refused
            self.answer = self.responses[-1].text() if self.responses else None

    def _run_javascript(self, text):
        # As the console does it: what a script declares is there for the next one, and it may await.
        session = self.context.new_cdp_session(self.page)
        reported = session.send("Runtime.evaluate", {"expression": text, "awaitPromise": True, "replMode": True})
        assert "exceptionDetails" not in reported, reported["exceptionDetails"].get("exception", reported)["description"]

    def _run_html(self, text):
        self.server.pages["/whole.html"] = text
        # A page that shows nothing has not run to its end.
        self.shown = self._opened("/whole.html").wait_for_function("() => document.body?.textContent.trim()").json_value()

    def _run_sh(self, text):
        # What earlier commands have set is there for later ones.
        self.shell += f"printf '\\036'\n{text}"
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", self.shell], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        self.answer = done.stdout.rpartition("\036")[2]
        assert self.answer.strip(), "the command says nothing"

    def _run_json(self, text):
        assert self.answer is not None, "there is no answer to compare with"
        assert differences(json.loads(text), json.loads(self.answer)) == []


def differences(shown, real, where="$"):
    """Where an answer is another than the one that is shown."""
    if isinstance(shown, dict) and isinstance(real, dict):
        if shown.keys() != real.keys():
            return [f"{where}: {sorted(shown)} is shown, it has {sorted(real)}"]
        pairs = [(shown[key], real[key], f"{where}.{key}") for key in shown]
    elif isinstance(shown, list) and isinstance(real, list):
        if len(shown) != len(real):
            return [f"{where}: {len(shown)} elements are shown, it has {len(real)}"]
        pairs = [(one, other, f"{where}[{index}]") for index, (one, other) in enumerate(zip(shown, real))]
    else:
        same = type(shown) is type(real) and (shown == real or where.rpartition(".")[2] in VOLATILE)
        return [] if same else [f"{where}: {shown!r} is shown, it is {real!r}"]
    return [each for pair in pairs for each in differences(*pair)]


def section_with(sections, literal):
    return next(each for each in sections if literal in each.literals)


# -- What runs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_snippet_runs_and_every_answer_is_the_one_shown(language, context, scripted, service):
    reader = Reader(context, scripted, service)
    seen = []
    for section in guide.of(language):
        for kind, text in section.blocks:
            try:
                reader.run(kind, text)
            except AssertionError as error:
                raise AssertionError(f"{section.title}: {error}\n\n{text}") from None
            seen.append(kind)
            if kind == "html":
                assert reader.shown in section.literals
    assert {*seen} == {*guide.LANGUAGES} and seen.count("javascript") > 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_score_is_stored_within_the_first_screen(language):
    text = guide.GUIDES[language].read_text("utf-8")
    assert text[: text.index("/api/session/batch-tick")].count("\n") <= 30


def test_what_does_not_run_or_is_not_so_is_noticed(context, scripted, service):
    reader = Reader(context, scripted, service)
    reader.run("javascript", "await (await fetch('http://localhost:8000/health', {})).text();")
    answer = json.loads(reader.answer)
    reader.run("json", json.dumps(answer))
    for wrong in ({**answer, "more": 1}, {"status": "ok"}, {**answer, "status": "fine"}, {**answer, "version": 1}, [answer]):
        with pytest.raises(AssertionError):
            reader.run("json", json.dumps(wrong))
    for kind, text in (
        ("javascript", "nothing.like.this"),
        ("javascript", "const broken = ;"),
        ("javascript", "await fetch('http://localhost:8000/nowhere', {});"),
        ("javascript", "await fetch('http://localhost:8000/health', { headers: { 'X-Unknown': '1' } });"),
        ("sh", "false"),
        ("sh", "curl -s http://localhost:1/health"),
    ):
        with pytest.raises(AssertionError):
            reader.run(kind, text)
        reader.faults.clear()
        reader.shell = ""


def test_a_block_that_no_test_runs_is_noticed():
    title = "A guide\n=======\n\n"
    assert guide.blocks(guide.sections(f"{title}.. code-block:: sh\n\n   true\n\nText.\n")) == [("sh", "true\n")]
    for block in (".. code-block:: python", ".. code-block::", ".. code:: ruby", ".. sourcecode:: ts", "As here::"):
        with pytest.raises(AssertionError):
            guide.sections(f"{title}{block}\n\n   true\n\nText.\n")


# -- Two languages -------------------------------------------------------------------------------------------------------


def test_both_guides_have_the_same_sections_snippets_and_names():
    one, other = (guide.of(language) for language in ("en", "ko"))
    assert [each.level for each in one] == [each.level for each in other]
    for english, korean in zip(one, other):
        where = f"{english.title} / {korean.title}"
        same = [[(kind, guide.without_comments(kind, text)) for kind, text in each.blocks] for each in (english, korean)]
        assert same[0] == same[1], where
        assert english.literals - _OWN == korean.literals - _OWN, f"{where}: {english.literals ^ korean.literals}"
        assert re.search("[가-힣]", korean.title) or korean.title == english.title, where


#: Each guide names the other.
_OWN = {path.name for path in guide.GUIDES.values()}


# -- What it says of the code --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_names_every_failure(language):
    rows = guide.table_rows(section_with(guide.of(language), "RATE_LIMIT"), 4)
    reported = {(int(status), code.strip("`")) for status, code, *_ in rows if status.isdigit()}
    assert reported == {(status, code) for status, codes in CODES.items() for code in codes}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_names_what_crosses_origins(language):
    literals = section_with(guide.of(language), "FRONTEND_URLS").literals
    for name in (*CORS_METHODS, *CORS_REQUEST_HEADERS, *CORS_EXPOSED_HEADERS, *Settings().frontend_urls):
        assert name in literals, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_tells_the_quotas_that_are_the_default(language):
    text = section_with(guide.of(language), "RateLimit-Reset").prose
    for quota in (Settings().rate_limit_all, Settings().rate_limit_write):
        assert {*re.findall(r"\d+", quota)} <= {*re.findall(r"\d+", text)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_tells_what_start_answers_to_whom(language, own_tokens, http):
    rows = guide.table_rows(section_with(guide.of(language), "sub"), 4)
    assert {answer.split(" ")[0] for *_, answer in rows} == {"200", "401", "403"}
    for role, subject, body, reported in rows:
        headers = {} if role == "``-``" else bearer(subject, role.strip("`"))
        answer = http.post(f"{own_tokens.url}/api/session/start", json=json.loads(body.strip("`")), headers=headers)
        code = answer.json().get("error", {}).get("code", "")
        assert f"{answer.status_code} {code}".strip() == reported, (role, subject, body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_tells_all_of_the_library(language, tab):
    section = section_with(guide.of(language), "keepBytes")
    tab.open()
    defaults, methods = tab.page.evaluate(
        """async () => {
          const {DEFAULTS, BeMoreClient} = await import('/bemore-client.js');
          return [DEFAULTS, Object.getOwnPropertyNames(BeMoreClient.prototype)];
        }"""
    )
    assert {*methods} - {"constructor"} <= section.literals
    library = (guide.DOCS.parent / "bemore" / "web" / "bemore-client.js").read_text("utf-8")
    reported = {name.strip("`") for name, _ in guide.table_rows(section, 2) if re.fullmatch("``[a-z]+``", name)}
    assert reported == {*re.findall(r'#emit\("(\w+)"', library)}
    options = {name.strip("`"): value for name, value, _ in guide.table_rows(section, 3)}
    assert options.keys() == defaults.keys()
    reported = {name: _value(text) for name, text in options.items() if isinstance(defaults[name], (int, float, list)) and name != "debug"}
    assert reported == {name: defaults[name] for name in reported} and len(reported) > 10
    assert options["debug"] == "``false``" and not defaults["debug"]
    assert options["storage"] == '``"indexeddb"``' and options["credentials"] == '``"same-origin"``'


_UNITS = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "d": 86_400_000, "KiB": 1 << 10, "MiB": 1 << 20}


def _value(text):
    """A default as the code has it, of one as the guide tells it: ``64 MiB``, ``1, 3, 10 s``."""
    numbers, unit = re.fullmatch(r"([\d.]+(?:,\d{3})*(?:, [\d.]+)*)(?: (\w+))?", text).groups()
    values = [float(each.replace(",", "")) * _UNITS[unit or ""] for each in numbers.split(", ")]
    return values if len(values) > 1 else values[0]
