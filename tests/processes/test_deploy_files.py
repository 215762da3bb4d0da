"""``deploy/kubernetes.yaml`` and ``deploy/compose.yaml``: valid, and in agreement with the service, its image and nginx."""

import re
import subprocess
from dataclasses import fields

import kubernetes_validate
import pytest
import yaml

from bemore.app import create_app
from bemore.settings import Settings, variable
from tests.support.servers import REPOSITORY, need

DEPLOY = REPOSITORY / "deploy"
KNOWN = {variable(each) for each in fields(Settings)}
TEXT = (DEPLOY / "kubernetes.yaml").read_text("utf-8")
OBJECTS = {each["kind"]: each for each in yaml.safe_load_all(TEXT)}
POD = OBJECTS["Deployment"]["spec"]["template"]
SERVICE, NGINX = POD["spec"]["containers"]

SECRETS = {"JWT_SECRET": "0" * 64, "DATABASE_URL": "postgresql://bemore:PASSWORD@HOST/bemore", "REDIS_URL": "redis://HOST:6379/0"}


# -- Kubernetes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.29", "1.34"])
def test_manifests_are_valid(version):
    for each in yaml.safe_load_all(TEXT):
        kubernetes_validate.validate(each, version, strict=True)
    assert {"Deployment", "Service", "PodDisruptionBudget", "Job"} <= set(OBJECTS)


def test_everything_selects_the_pods_of_the_deployment():
    labels = POD["metadata"]["labels"]
    for kind, path in {
        "Deployment": "selector.matchLabels", "Service": "selector", "PodDisruptionBudget": "selector.matchLabels",
        "NetworkPolicy": "podSelector.matchLabels",
    }.items():  # fmt: skip
        found = OBJECTS[kind]["spec"]
        for part in path.split("."):
            found = found[part]
        assert found == labels, kind
    assert OBJECTS["Job"]["spec"]["template"]["metadata"]["labels"] != labels, "the Service would send it requests"
    ports = {port["name"] for each in (SERVICE, NGINX) for port in each["ports"]}
    named = {rule["port"] for ingress in OBJECTS["NetworkPolicy"]["spec"]["ingress"] for rule in ingress["ports"]}
    assert named | {OBJECTS["Service"]["spec"]["ports"][0]["targetPort"]} <= ports
    budget, replicas = OBJECTS["PodDisruptionBudget"]["spec"]["maxUnavailable"], OBJECTS["Deployment"]["spec"]["replicas"]
    assert budget < replicas


def test_settings_are_settings_and_start_a_service():
    data = OBJECTS["ConfigMap"]["data"]
    asked = re.findall(r"--from-literal=([A-Z_]+)=", TEXT)
    assert set(asked) == set(SECRETS) and not set(data) & set(SECRETS) and {*data, *SECRETS} <= KNOWN
    settings = Settings.from_env({**data, **SECRETS, "HOST": "0.0.0.0"})
    assert settings.environment == "production" and settings.auth_enabled
    assert SERVICE["ports"][0]["containerPort"] == settings.port
    (migrate,) = OBJECTS["Job"]["spec"]["template"]["spec"]["containers"]
    assert (migrate["command"], SERVICE["command"]) == (["bemore", "migrate"], ["bemore", "serve"])
    assert migrate["image"] == SERVICE["image"] and migrate["envFrom"] == SERVICE["envFrom"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_probes_ask_addresses_that_exist_and_the_end_has_time(settings):
    addresses = {rule.rule for rule in create_app(settings).url_map.iter_rules()}
    probes = [each[name] for each in (SERVICE, NGINX) for name in each if name.endswith("Probe")]
    assert len(probes) == 4 and {each["httpGet"]["path"] for each in probes} <= addresses
    assert SERVICE["livenessProbe"]["httpGet"]["path"] == "/health/live", "a database that is away is no reason to restart"
    leave = int(SERVICE["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["spec"]["terminationGracePeriodSeconds"] >= leave + 30 + 5


def test_containers_have_no_rights_and_their_limits():
    for spec in (POD["spec"], OBJECTS["Job"]["spec"]["template"]["spec"]):
        assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
        for each in spec["containers"]:
            security = each["securityContext"]
            assert security["readOnlyRootFilesystem"] and security["capabilities"] == {"drop": ["ALL"]}
            assert security["allowPrivilegeEscalation"] is False and each["resources"]["limits"]["memory"]


def test_nginx_reads_what_the_sed_command_makes_for_its_container(tmp_path):
    (script,) = re.findall(r"sed (-e .*?) deploy/nginx.conf", TEXT.replace(" \\\n#      ", ""))
    made = subprocess.run(f"sed {script} {DEPLOY}/nginx.conf", shell=True, check=True, capture_output=True, text=True).stdout
    assert "listen 8080 default_server;" in made and "/dev/stdout bemore;" in made and "\nuser " not in made
    assert "/var/" not in re.sub("(?m)^ *#.*", "", made)
    (tmp_path / "nginx.conf").write_text(made.replace("/tmp/", f"{tmp_path}/"), "utf-8")
    done = subprocess.run([need("nginx"), "-e", "stderr", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr
    assert NGINX["ports"] == [{"name": "http", "containerPort": 8080}]
