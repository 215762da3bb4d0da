"""A session is named by a SessionScope alone, and who makes scopes is known: access is decided where requests are checked, and by type."""

import ast
import importlib
import inspect
import pkgutil
import re
from functools import cache

import pytest

import bemore.lifecycle
import bemore.models
from tests.support import storing
from tests.support.servers import REPOSITORY

from bemore.models.scope import Reader
from bemore.schemas.captions import Transcript


@cache
def sources():
    """The modules of the package, as trees."""
    return {
        str(path.relative_to(REPOSITORY / "bemore").with_suffix("")).replace("/", "."): ast.parse(path.read_text("utf-8"))
        for path in sorted((REPOSITORY / "bemore").rglob("*.py"))
    }


def storing_modules():
    """Those that may read and write sessions."""
    return {
        name: tree for name, tree in sources().items() if name.startswith(("models.", "lifecycle.")) and not name.endswith("__init__")
    }


_TABLES = "session|frame|audio_chunk|stt_snippet|minute_score|minute_coverage|session_summary|note|feedback|idempotency_key"
#: SQL about tables that hold sessions; a name in braces is a table that the code fills in.
_OF_SESSIONS = re.compile(rf"\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:(?:{_TABLES})\b|{{)")

#: Functions with SQL about sessions that take no scope, and why they need none. What is not here needs one.
WITHOUT_SCOPE = {
    # One session, which somebody with a scope has found: its SessionRow or, of a hidden one, its key.
    "models.coverage.of_row": "row",
    "models.minute.of_row": "row",
    "models.note.shared": "row",
    "models.note._find": "row",
    "models.note._delete": "row",
    "models.minute_scoring._changed": "row",
    "models.minute_scoring.differing": "row",
    "models.session.reload": "row",
    "models.session_data.SessionData.store_of": "row",
    "models.summary.chunks_of": "row",
    "models.summary.kept_audio": "row",
    "models.summary.read_audio": "row",
    "models.summary.keep": "row",
    "models.telemetry.minutes_data": "row",
    "models.telemetry.snippets_of": "row",
    "models.session_data._cover": "row",
    "models.session._move": "row",
    "lifecycle.idle.last_data_ms": "row",
    "models.session.erase_hidden": "key",
    "models.session._erase_rows": "key",
    "lifecycle.export._rows": "session_key",
    "models.idempotency.remember": "session_key",
    # What makes the statements that store() runs with a scope.
    "models.session_data.SessionData._postgres_statement": "",
    "models.outbox.postgres_part": "",
    # No session is named: a new one, lists, what is out of date, and the rows of an Idempotency-Key.
    "models.session.start": "",
    "models.session.newest_of": "",
    "models.search.find": "",
    "models.search._of_people": "",
    "models.summary.kept": "rows",
    "models.progress._newest_version": "",
    "models.progress._newest_complete": "",
    "models.feedback.mean_ratings": "keys",
    "models.session.hidden": "",
    "models.overview.of_page": "rows",
    "models.dashboard._minutes": "keys",
    "models.idempotency.recall": "key",
    "models.idempotency.forget": "",
    # What an author has written, in whatever sessions.
    "models.note.count_of_author": "author",
    "models.note.sessions_of_author": "author",
    "lifecycle.idle.started_by": "",
    # Partitions, and the sessions in them.
    "models.partitions._make": "wanted",
    "models.partitions.not_ended_by": "span",
    "models.partitions.hide_ended": "span",
    "models.session.hide_all": "keys",
    "models.partitions._is_due": "span",
    "models.partitions._erase_sessions": "span",
    "lifecycle.backup.is_empty": "",
    "lifecycle.rescoring.row_count": "",
}

#: Parameters that look like a session's public id, and are not used to find one.
PUBLIC_IDS = {
    ("models.scope", "unrestricted", "public_id"),
    ("models.keys", "session_key", "public_id"),
    ("models.audit", "record", "session_id"),
    ("models.audit", "record_all", "session_ids"),
    ("models.audit", "record_alone", "session_id"),
    ("models.audit", "entries", "session_id"),
    ("lifecycle.backup", "erase_again", "session_ids"),
}


def parents(tree):
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def annotations(tree):
    """The nodes of a module that are types of parameters, results and variables."""
    types = [getattr(node, "returns", None) or getattr(node, "annotation", None) for node in ast.walk(tree)]
    return {each for annotation in types if annotation is not None for each in ast.walk(annotation)}


def texts(node):
    """The string literals in a node; what an f-string fills in is in braces."""
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in each.values)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def functions(tree):
    """(qualified name, node) of the functions of a module and its classes; a function inside of another one is part of that one."""
    for node in tree.body:
        for each in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(each, ast.FunctionDef):
                yield (f"{node.name}.{each.name}" if each is not node else each.name), each


def parameters(function):
    return [each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def statements_of(tree):
    """Names of a module's constants that hold SQL about sessions, or that are made of such."""
    constants = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names = [each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)]
            constants.update(dict.fromkeys(names, node.value))
    found, before = set(), None
    while found != before:
        before = set(found)
        found |= {name for name, value in constants.items() if _has_sql(value, found)}
    return found


def _has_sql(node, constants):
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return bool(names & constants) or any(_OF_SESSIONS.search(text) for text in texts(node))


def with_sql():
    """{qualified name: parameters} of the functions that have SQL about sessions in them."""
    found = {}
    for module, tree in storing_modules().items():
        constants = statements_of(tree)
        for name, function in functions(tree):
            if _has_sql(ast.Module([each for each in function.body if not _is_docstring(each)], []), constants):
                found[f"{module}.{name}"] = parameters(function)
    return found


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_whatever_reads_or_writes_a_session_takes_a_scope():
    found = with_sql()
    assert len(found) > 20
    without = {name: names for name, names in found.items() if "scope" not in names}
    assert without.keys() == WITHOUT_SCOPE.keys()
    for name, instead in WITHOUT_SCOPE.items():
        assert not instead or instead in without[name], f"{name} takes no {instead}"


def test_no_parameter_is_the_public_id_of_a_session():
    found = {
        (module, function.name, parameter)
        for module, tree in storing_modules().items()
        for function in ast.walk(tree) if isinstance(function, ast.FunctionDef)
        for parameter in parameters(function) if parameter in ("session_id", "public_id", "session_ids", "public_ids")
    }  # fmt: skip
    assert found == PUBLIC_IDS


def test_one_condition_finds_sessions_by_their_public_id():
    condition = re.compile(r"\bpublic_id\s*(?:=|<|>|IN\b|LIKE\b)", re.IGNORECASE)
    found = [(module, text) for module, tree in sources().items() for text in texts(tree) if condition.search(text)]
    from bemore.models.session import NAMED

    # That of a note beside it, as no note is named without its session.
    assert found == [("models.note", "session_id = ? AND public_id = ?"), ("models.session", NAMED)]


def test_rows_of_sessions_are_made_where_they_are_found():
    """What takes a SessionRow instead of a scope can rely on it."""
    made = {
        module
        for module, tree in sources().items()
        for node, parent in parents(tree).items()
        if isinstance(node, ast.Name) and node.id == "SessionRow" and isinstance(parent, (ast.Call, ast.Attribute))
    }
    assert made == {"models.session", "models.partitions", "lifecycle.idle"}


def test_only_the_check_of_access_makes_scopes_and_only_commands_make_unrestricted_ones():
    for module, tree in sources().items():
        above, types = parents(tree), annotations(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "SessionScope":
                raise AssertionError(f"{module}: SessionScope is imported by its name alone, so that this test finds it")
            if not (isinstance(node, ast.Name) and node.id == "SessionScope") or node in types:
                continue
            parent = above[node]
            if isinstance(parent, ast.Call) and parent.func is node:
                assert module == "auth.access", f"{module} makes a SessionScope"
            elif isinstance(parent, ast.Attribute):
                assert parent.attr == "unrestricted", f"{module}: SessionScope.{parent.attr}"
                assert module.startswith(("cli.", "lifecycle.")), f"{module} makes an unrestricted SessionScope"
            else:
                is_check = isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "isinstance"
                assert is_check, f"{module} passes the class SessionScope on"


def test_no_scope_is_made_of_another():
    """By ``_replace``, say."""
    for module, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and "scope" in node.value.id:
                assert node.attr in ("public_id", "user_id", "counselor_id"), f"{module}: {node.value.id}.{node.attr}"


#: Values for the other parameters of functions that take a scope.
OTHERS = {
    "also": None, "arrival": storing.ARRIVAL, "after": -1, "author": Reader("c", "counselor"), "changes": {},
    "chunks": [(0, 9, 3, 1.0, 0.5, None)],
    "frames": [(5, 3, 0.5, None, None)], "items": [(0, 0.1, 0.2, 0.3, 0.4, *[None] * 5)],
    "limit": 5, "minute_index": 0, "model_version": "v", "note": None,
    "note_id": "note_1_0123456789abcdef", "now_ms": 1, "rating": 5, "reader": Reader("c", "counselor"), "values": {},
    "transcript": Transcript([(0, 9, "말", "ko", None)], ["line 1"]), "max_bytes": 1 << 30, "after_batch": None,
    "rules": storing.RULES, "snippets": [(0, 9, 3, "말", "ko", "neutral", None)], "sql": "SELECT 1",
}  # fmt: skip


def taking_a_scope():
    for package in (bemore.models, bemore.lifecycle):
        for each in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(each.name)
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == each.name and not name.startswith("_") and "scope" in inspect.signature(function).parameters:
                    yield pytest.param(function, id=f"{each.name}.{name}".removeprefix("bemore."))


@pytest.mark.parametrize("function", list(taking_a_scope()))
def test_anything_but_a_scope_is_refused(app, function):
    required = {each.name for each in inspect.signature(function).parameters.values() if each.default is each.empty}
    values = {name: value for name, value in OTHERS.items() if name in required}
    for scope in ("sess_1_aaaaaaaaaaaaaaaa", ("sess_1_aaaaaaaaaaaaaaaa", None, None), None):
        with pytest.raises(TypeError, match="named by a SessionScope"):
            result = function(**values, scope=scope)
            if inspect.isgenerator(result):
                next(result)
