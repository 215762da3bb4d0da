"""nginx with the TLS lines of ``deploy/nginx.conf`` turned on, as that file says: HTTP/2, no old protocol, everybody else sent here."""

import re
import subprocess

import pytest

from tests.support.servers import REPOSITORY, NginxServer, Service, free_port, need

LETS_ENCRYPT = "/etc/letsencrypt/live/api.example.org"


class TlsServer(NginxServer):
    """nginx with a certificate of its own making; ``plain_port`` is the one that sends to TLS."""

    def __init__(self, directory, service):
        super().__init__(directory, service)
        self.plain_port = free_port()
        self.certificate = self.home / "fullchain.pem"
        key = [need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        files = ["-keyout", self.home / "privkey.pem", "-out", self.certificate]
        subprocess.run([*key, *names, *files], check=True, capture_output=True)
        self.changes |= {
            "listen 443 ssl http2 default_server;": f"listen 127.0.0.1:{self.port} ssl http2 default_server;",
            "#tls listen [::]:443 ssl http2 default_server;": "",
            "#tls listen 80;": f"#tls listen 127.0.0.1:{self.plain_port};",
            "#tls listen [::]:80;": "",
            LETS_ENCRYPT: str(self.home),
        }

    def _command(self):
        command = super()._command()
        # The sed command that the file names; its port 80 has become another one above.
        (script,) = re.findall(r"sed -i (-e '.*') nginx.conf", (REPOSITORY / "deploy" / "nginx.conf").read_text("utf-8"))
        script = script.replace("listen 80 default_server;", "listen 127.0.0.1:[0-9]* default_server;")
        subprocess.run(f"sed -i {script} nginx.conf", cwd=self.home, shell=True, check=True)
        assert "#tls " not in (self.home / "nginx.conf").read_text("utf-8")
        return command

    def curl(self, *arguments):
        """Status, HTTP version and headers of an answer, as curl tells them."""
        what = ["-s", "-o", self.home / "answer.json", "-D", "-", "-w", "%{http_version} %{http_code}", "--cacert", self.certificate]
        done = subprocess.run([need("curl"), *what, *arguments], capture_output=True, text=True, check=False)
        return done.stdout

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def _ready(self):
        return self.curl(f"{self.url}/health/live").endswith(" 200")


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    home = tmp_path_factory.mktemp("tls")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", RATE_LIMIT_ENABLED="false", TRUSTED_PROXIES=1) as service:
        with TlsServer(home, service) as nginx:
            yield nginx
            print(nginx.log, service.log)


def test_browsers_speak_http_2_and_are_told_to_stay_with_tls(tls):
    answer = tls.curl("--http2", f"{tls.url}/api/session/stats/summary")
    assert answer.endswith("\n2 200") and "HTTP/2 200" in answer
    assert "strict-transport-security: max-age=31536000" in answer
    assert tls.curl("--http1.1", f"{tls.url}/health/live").endswith("\n1.1 200")


def test_errors_of_nginx_itself_say_so_too(tls):
    answer = tls.curl("--http2", f"{tls.url}/metrics")
    assert answer.endswith("\n2 403") and answer.count("strict-transport-security") == 1
    assert '"code":"FORBIDDEN"' in (tls.home / "answer.json").read_text("utf-8")


def test_upload_over_http_2_arrives_whole(tls, tmp_path):
    (tmp_path / "start.json").write_text('{"userId": "client-1", "counselorId": "counselor-1"}', "utf-8")
    json = ("-H", "Content-Type: application/json")
    assert tls.curl("--http2", *json, "-d", f"@{tmp_path}/start.json", f"{tls.url}/api/session/start").endswith("\n2 200")
    (tmp_path / "large.json").write_bytes(b" " * (8 << 20) + b"{}")
    answer = tls.curl("--http2", *json, "--data-binary", f"@{tmp_path}/large.json", f"{tls.url}/api/session/start")
    assert answer.endswith("\n2 413")


def test_plain_http_is_sent_to_tls_with_its_method(tls):
    answer = tls.curl(f"http://127.0.0.1:{tls.plain_port}/api/session/start?x=1")
    assert answer.endswith("1.1 308") and "Location: https://127.0.0.1/api/session/start?x=1" in answer


def test_old_protocols_are_refused(tls):
    assert tls.curl("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", f"{tls.url}/health/live").endswith("0 000")
    for version in ("1.2", "1.3"):
        assert tls.curl(f"--tlsv{version}", "--tls-max", version, f"{tls.url}/health/live").endswith(" 200")
