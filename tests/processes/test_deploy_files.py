"""``deploy/kubernetes.yaml`` and ``deploy/compose.yaml``: valid, and in agreement with the service, its image and nginx."""

import json
import re
import subprocess
import sys
from dataclasses import fields

import kubernetes_validate
import pytest
import yaml

from bemore.app import create_app
from bemore.lifecycle import check
from bemore.settings import Settings, variable
from tests.support.servers import REPOSITORY, RedisServer, need
from tests.support.stack import PgBouncer

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


# -- Compose -------------------------------------------------------------------------------------------------------------

GIVEN = {"POSTGRES_PASSWORD": "0" * 48, "JWT_SECRET": "0" * 64, "FRONTEND_URLS": "https://a.example.org,https://b.example.org"}


def interpolated(part):
    """A part of the file as Compose reads it, with GIVEN as ``deploy/.env``."""
    if isinstance(part, dict):
        return {name: interpolated(each) for name, each in part.items()}
    if isinstance(part, list):
        return [interpolated(each) for each in part]
    pattern = r"\$(?:\$|\{(\w+)(?::-([^}]*)|:\?[^}]*)?\})"
    return re.sub(pattern, lambda it: GIVEN.get(it[1], it[2] or "") if it[1] else "$", part) if isinstance(part, str) else part


COMPOSE = interpolated(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8")))
CONTAINERS = COMPOSE["services"]


def script_of(name, tmp_path, **paths):
    """Run a container's shell script without its last line, in which the server starts; ``paths`` are where files lie here."""
    script, _, server = CONTAINERS[name]["command"][-1].rstrip().rpartition("\nexec ")
    for original, replacement in {"/etc/bemore": DEPLOY, **paths}.items():
        script = script.replace(original, str(replacement))
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **CONTAINERS[name].get("environment", {})}
    subprocess.run(["sh", "-ec", script], env=env, cwd=tmp_path, check=True)
    return server


def test_containers_are_what_the_manual_says_and_find_their_files():
    assert {"app", "postgres", "pgbouncer", "redis", "nginx", "prometheus"} <= set(CONTAINERS)
    assert CONTAINERS["app"]["deploy"]["replicas"] == 2
    for name, each in CONTAINERS.items():
        mounts = [mount.split(":") for mount in each.get("volumes", ())]
        files = {source for source, *_ in mounts if source.startswith(".")} - {"./prometheus.token"}
        assert all((DEPLOY / source).exists() for source in files), name
        assert {source for source, *_ in mounts if not source.startswith(".")} <= set(COMPOSE["volumes"])
        assert set(each["networks"]) <= set(COMPOSE["networks"]) and set(each.get("depends_on", ())) <= set(CONTAINERS)
        assert ("healthcheck" in each or name == "app") and each["restart"] == "unless-stopped"


def test_environment_of_the_service_is_accepted():
    environment = CONTAINERS["app"]["environment"]
    assert set(environment) <= KNOWN
    image = dict(re.findall(r"(\w+)=(\S+)", re.search(r"ENV (.*?)\nUSER", (DEPLOY / "Dockerfile").read_text("utf-8"), re.DOTALL)[1]))
    settings = Settings.from_env({**image, **environment})
    assert (settings.environment, settings.auth_enabled, settings.web_concurrency, settings.trusted_proxies) == ("production", True, 2, 1)
    assert settings.frontend_urls == ("https://a.example.org", "https://b.example.org")


def test_nginx_of_the_container_reads_its_configuration(tmp_path):
    server = script_of("nginx", tmp_path, **{"/etc/nginx/": f"{tmp_path}/", "server app:8000": "server 127.0.0.1:8000"})
    assert server == "nginx -g 'daemon off;'"
    made = (tmp_path / "nginx.conf").read_text("utf-8")
    assert '"https://b.example.org" $http_origin;' in made
    assert "server 127.0.0.1:8000 fail_timeout=5s; server 127.0.0.1:8000 backup max_fails=0;" in made
    made = made.replace("/var/cache/nginx", str(tmp_path)).replace("/run/nginx.pid", f"{tmp_path}/nginx.pid")
    (tmp_path / "nginx.conf").write_text(made, "utf-8")
    done = subprocess.run([need("nginx"), "-e", "stderr", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_prometheus_of_the_container_reads_its_configuration(tmp_path):
    server = script_of("prometheus", tmp_path, **{"> /tmp/": f"> {tmp_path}/"})
    assert server.startswith("prometheus --config.file=/tmp/prometheus.yml ")
    (tmp_path / "prometheus.token").touch()
    made = (tmp_path / "prometheus.yml").read_text("utf-8").replace(f"{DEPLOY}/prometheus.token", f"{tmp_path}/prometheus.token")
    (tmp_path / "prometheus.yml").write_text(made, "utf-8")
    subprocess.run([need("promtool"), "check", "config", tmp_path / "prometheus.yml"], check=True, capture_output=True)
    (job,) = yaml.safe_load(made)["scrape_configs"]
    assert job["dns_sd_configs"] == [{"names": ["app"], "type": "A", "port": 8000}] and "static_configs" not in job


def test_redis_of_the_container_counts_on_when_memory_and_disk_are_full(tmp_path):
    class Container(RedisServer):
        def _command(self):
            program, *_ = super()._command()
            return [program, *CONTAINERS["redis"]["command"][1:], "--port", self.port, "--bind", "127.0.0.1"]

    with Container(tmp_path) as server:
        found = check.environment(Settings.from_env({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "REDIS_URL": server.url}), 1)
        assert [each.level for each in found if each.part == "redis"] == [check.OK]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_health_check_of_the_image_tells_whether_the_service_is_ready(service):
    running = service()
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    (command,) = (json.loads(each) for each in re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", text, re.MULTILINE))
    assert command[0] == "python"

    def status():
        asked = [sys.executable, *command[1:]]
        return subprocess.run(asked, env={"PORT": str(running.port)}, capture_output=True, check=False).returncode

    assert status() == 0
    running.close()
    assert status() != 0


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_pgbouncer_of_the_container_serves_the_service(database_url, postgres, tmp_path):
    name = database_url.rpartition("/")[2]

    class Container(PgBouncer):
        def _configure(self):
            here = {"> /tmp/": f"> {self.home}/", "|/tmp/userlist": f"|{self.home}/userlist"}
            server = script_of("pgbouncer", tmp_path, **here, **{"host=postgres port=5432": f"host=127.0.0.1 port={postgres.port}"})
            assert server == "pgbouncer /tmp/pgbouncer.ini"
            configuration = self.home / "pgbouncer.ini"
            text = configuration.read_text("utf-8").replace("\nbemore =", f"\n{name} =").replace("= 6432", f"= {self.port}")
            assert "listen_addr = 0.0.0.0" in text
            configuration.write_text(text, "utf-8")
            for each in self.home.iterdir():
                each.chmod(0o644)  # who runs it here is not who made the files

    environment = CONTAINERS["app"]["environment"]
    with Container(tmp_path, postgres) as bouncer:
        url = environment["DATABASE_URL"].replace("@pgbouncer:6432/bemore", f"@127.0.0.1:{bouncer.port}/{name}")
        settings = Settings.from_env({"DATABASE_URL": url, "DATABASE_PGBOUNCER": environment["DATABASE_PGBOUNCER"]})
        wrong = [each.text for each in check.environment(settings, 100) if each.level > check.OK and "=off" not in each.text]
        assert wrong == []
