"""Stored snippets and the server's minutes are scored again under today's rules; what the browser scored stays."""

import pytest

from tests.support import storing
from tests.support.stocked import NOW_MS, everything, in_process, shown, started, unrestricted

from bemore.lifecycle import rescoring
from bemore.models import audit, minute, telemetry
from bemore.models.speaker import CODES
from bemore.scoring.minute_score import Weights

#: What earlier rules may have stored, and what today's say.
OLD = ("회사에서 회의가 힘들었어요", "ko", "neutral", '["힘들었어요"]')
NEW = ("negative", '["회사","회의"]')
#: Nothing changes of this one.
SAME = ("지하철을 탔어요", "ko", "neutral", '["지하철"]')

FOR_THE_USER = storing.RULES._replace(model_version="rules-user", without_counselor=True)


def scored_by_old_rules(minutes=3, per_minute=2):
    """The id of a session: each minute has old snippets and one that stays, the last is scored by the browser, one more by nobody."""
    row = started(NOW_MS)
    scope = unrestricted(row.public_id)
    for index in range(minutes):
        starts = [index * 60_000 + number * 100 for number in range(per_minute)]
        storing.store_stt(scope, [(start, start + 90, *OLD) for start in starts])
        telemetry.store_stt(scope, [(starts[0], starts[0] + 95, CODES["counselor"], *OLD)], storing.ARRIVAL)
        storing.store_stt(scope, [(starts[0], starts[0] + 99, *SAME)])
        storing.tick(scope, index, NOW_MS)
    minute.store(scope, [(minutes - 1, 0.1, 0.2, 0.3, 0.4, ["잠"], "neutral", 0.9, NOW_MS, 60_000)], "rules-v1.0")
    storing.store_stt(scope, [(minutes * 60_000, minutes * 60_000 + 1, *SAME)])
    return row.public_id


def survey(rules=storing.RULES):
    return rescoring.survey(rescoring.all_sessions(), rules)


def rescore(public_id, rules=storing.RULES, after_batch=None):
    return rescoring.rescore([unrestricted(public_id)], rules, "cli:test", NOW_MS, after_batch)


def snippets(public_id):
    return telemetry.transcript(unrestricted(public_id), 10_000)


def text_scores(public_id):
    return {each.minute_index: (each.text, each.model_version, each.source) for each in storing.minutes(unrestricted(public_id))}


def test_snippets_and_the_minutes_of_the_server_follow_todays_rules_and_nothing_else_changes(app, database_url):
    public_id, untouched = scored_by_old_rules(), started(NOW_MS).public_id
    storing.store_stt(unrestricted(untouched), [(0, 90, *SAME)])
    before = everything(database_url)
    expected = rescoring.Amount(sessions=1, sentiments=9, keywords=9, minutes=2)
    assert survey() == expected
    assert everything(database_url) == before, "a survey changes nothing"
    looked_at = []
    assert rescoring.rescore(rescoring.all_sessions(), storing.RULES, "cli:test", NOW_MS, looked_at.append) == expected
    assert sum(looked_at) == 13 + 2 + 1, "all snippets, the minutes of the server"
    assert {(each.sentiment, each.keywords) for each in snippets(public_id) if each.text == OLD[0]} == {NEW}
    # Three unpleasant ones and a neutral one.
    assert text_scores(public_id) == {
        0: (0.35, "rules-v1.0", "server"), 1: (0.35, "rules-v1.0", "server"), 2: (0.3, "rules-v1.0", "client"),
    }  # fmt: skip
    after = everything(database_url)
    assert {table for table in after if after[table] != before[table]} == {"session", "stt_snippet", "minute_score", "audit"}
    assert (shown(public_id).stt_count, shown(public_id).minute_count) == (13, 3)
    assert [(each.action, each.session_id, each.actor) for each in audit.entries()] == [("session.rescore", public_id, "cli:test")]
    assert survey() == rescore(public_id) == rescoring.Amount()
    assert everything(database_url) == after, "once is enough"


def test_other_weights_and_a_left_out_counselor_change_minutes_as_the_survey_says(app):
    public_id = scored_by_old_rules()
    rules = FOR_THE_USER._replace(weights=Weights(0, 0, 1))
    amount = survey(rules)
    assert amount == rescore(public_id, rules) == (1, 9, 9, 2)
    assert text_scores(public_id)[0] == (0.367, "rules-user", "server")
    assert rescore(public_id, rules) == rescoring.Amount()


class Killed(BaseException):
    pass


def test_an_interrupted_run_is_finished_by_the_next_one(app, monkeypatch):
    monkeypatch.setattr(rescoring, "_BATCH", 3)
    public_id = scored_by_old_rules()

    def die(rows):
        raise Killed

    with pytest.raises(Killed):
        rescore(public_id, after_batch=die)
    assert [each.sentiment for each in snippets(public_id)].count("negative") == 2, "the first batch is stored"
    assert text_scores(public_id)[0][0] == 0.5
    assert rescore(public_id) == (1, 7, 7, 2)
    assert rescore(public_id) == rescoring.Amount() and text_scores(public_id)[0][0] == 0.35


def test_a_score_of_the_browser_that_comes_meanwhile_stays(app):
    public_id = scored_by_old_rules()
    own = (0, 0.9, 0.9, 0.9, 0.9, None, None, None, None, None)

    def overtake(rows):
        minute.store(unrestricted(public_id), [own], "rules-v1.0")

    assert rescore(public_id, after_batch=overtake).minutes == 1
    assert text_scores(public_id)[0] == (0.9, "rules-v1.0", "client")


def test_the_command_says_what_would_change_and_what_did(app, database_url):
    public_id = scored_by_old_rules()
    changes = "the sentiment of 9 snippets, the keywords of 9 snippets and 2 minute scores in 1 session"
    assert in_process("rescore", "--all", "--dry-run", url=database_url).output == f"would change {changes}\n"
    refused = in_process("rescore", public_id, url=database_url)
    assert refused.exit_code == 1 and f"add --yes to change {changes}" in refused.output
    assert f"changed {changes}\n" in in_process("rescore", public_id, "--yes", url=database_url).output
    assert "changed the sentiment of 0 snippets" in in_process("rescore", "--all", "--yes", url=database_url).output
    for arguments in ([], [public_id, "--all"]):
        assert "Give a SESSION_ID or --all" in in_process("rescore", *arguments, "--yes", url=database_url).output
    assert "There is no session sess_1_none" in in_process("rescore", "sess_1_none", "--dry-run", url=database_url).output
