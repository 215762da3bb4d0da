"""The dashboard and the alert rules in ``deploy/`` ask for what the service really tells, in one process and in several."""

import json
import re
import subprocess

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.samples import scores, start_session
from tests.support.servers import REPOSITORY, need

pytestmark = pytest.mark.by_command

DEPLOY = REPOSITORY / "deploy"
RULES = yaml.safe_load((DEPLOY / "bemore-alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))

#: Labels and metrics that Prometheus itself adds.
PROMETHEUS = {"instance", "job"}


def dashboard_expressions():
    expressions = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [each.replace("$__rate_interval", "5m").replace("$instance", ".*") for each in expressions]


def asked(expressions):
    """``(metric, {label: value or None})`` of everything that expressions select."""
    for expression in expressions:
        for metric, _, matchers in re.findall(r"\b(up|bemore_\w+)\b(\{([^}]*)\})?", expression):
            yield metric, dict(re.findall(r'(\w+)="([^"]*)"', matchers)) | dict.fromkeys(re.findall(r"(\w+)[!=]~", matchers))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("processes", [1, 2])
def test_every_metric_and_label_that_they_name_exists(service, http, redis_url, processes):
    running = service(WEB_CONCURRENCY=processes, REDIS_URL=redis_url, RATE_LIMIT_ENABLED="true")
    session_id = start_session(http, base=running.url)
    batch = {"sessionId": session_id, "items": scores(1)}
    assert http.post(f"{running.url}/api/session/batch-tick", json=batch).status_code == 201
    assert http.get(f"{running.url}/nowhere").status_code == 404
    told = {}
    for family in text_string_to_metric_families(http.get(f"{running.url}/metrics").text):
        for sample in family.samples:
            told.setdefault(sample.name, []).append(sample.labels)
    wanted = list(asked([rule["expr"] for rule in RULES] + dashboard_expressions()))
    assert len(wanted) > 30
    for metric, labels in wanted:
        if metric == "up":
            continue
        assert metric in told, metric
        for label, value in labels.items():
            assert label in PROMETHEUS or any(label in each for each in told[metric]), (metric, label)
            if label in ("route", "method", "state", "status") and value not in (None, "5xx"):
                assert any(each[label] == value for each in told[metric]) or value == "/health/ready", (metric, label, value)
    grouped = {label for each in wanted_labels() for label in each.split(", ")}
    assert grouped <= {label for each in told.values() for labels in each for label in labels} | PROMETHEUS


def wanted_labels():
    """What the expressions group by."""
    expressions = [rule["expr"] for rule in RULES] + dashboard_expressions()
    return [labels for each in expressions for labels in re.findall(r"\bby \(([^)]*)\)", each)]


def test_prometheus_accepts_the_rules_and_they_fire_when_they_should(tmp_path):
    promtool = need("promtool")
    recorded = [{"record": f"panel_{number}", "expr": each} for number, each in enumerate(dashboard_expressions())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}), "utf-8")
    for arguments in (
        ("check", "config", "prometheus.yml"),
        ("check", "rules", tmp_path / "panels.yml"),
        ("test", "rules", "bemore-alerts.test.yml"),
    ):
        done = subprocess.run([promtool, *arguments], cwd=DEPLOY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_and_explained():
    tests = yaml.safe_load((DEPLOY / "bemore-alerts.test.yml").read_text("utf-8"))["tests"]
    quiet, *firing = ({each["alertname"]: each.get("exp_alerts") for each in test["alert_rule_test"]} for test in tests)
    names = {rule["alert"] for rule in RULES}
    assert quiet == dict.fromkeys(names), "each is silent while all is well"
    assert {name for each in firing for name, alerts in each.items() if alerts} == names
    manual = (REPOSITORY / "docs" / "operations.rst").read_text("utf-8")
    assert {name for name in names if f"``{name}``" not in manual} == set()
