"""Point-in-time recovery as ``docs/operations.rst`` has it: a base backup and the archived log bring back a moment between two writes."""

import shutil
import subprocess

from tests.support.samples import start_session
from tests.support.servers import PostgresServer, Service, wait_for


class Archiving(PostgresServer):
    """A PostgreSQL that archives its log, or comes back from what was archived."""

    settings = ()

    def _command(self):
        return [*super()._command(), *(part for each in self.settings for part in ("-c", each))]

    def run(self, program, *arguments):
        """Run one of PostgreSQL's programs as its account."""
        command = [self.programs / program, *map(str, arguments)]
        subprocess.run(command, env=self.env, cwd=self.home, check=True, capture_output=True, **self._user())

    def make(self, name):
        directory = self.home / name
        directory.mkdir()
        if "user" in self._user():
            shutil.chown(directory, self._user()["user"], self._user()["group"])
        return directory


def test_database_comes_back_as_of_a_moment_between_two_writes(tmp_path, http):
    with Archiving(tmp_path) as original:
        archive = original.make("archive")
        original.stop()
        archived = f"test ! -f {archive}/%f && cp %p {archive}/%f.part && mv {archive}/%f.part {archive}/%f"
        original.settings = ("archive_mode=on", f"archive_command={archived}")
        original.start()
        url = original.url(original.create_database())
        with Service(tmp_path, DATABASE_URL=url, RATE_LIMIT_ENABLED="false") as service:
            original.run("pg_basebackup", "-c", "fast", "-d", url, "-D", original.home / "base", "--no-sync")
            before = start_session(http, "before", base=service.url)
            ((moment,),) = original.execute("SELECT clock_timestamp()::text")
            after = start_session(http, "after", base=service.url)
            assert http.get(f"{service.url}/api/session/{after}").status_code == 200
        original.stop()  # which archives the last of the log

        (original.home / "data").rename(original.home / "before-recovery")
        (original.home / "base").rename(original.home / "data")
        (original.home / "data" / "recovery.signal").touch()
        original.settings = (f"restore_command=cp {archive}/%f %p", f"recovery_target_time={moment}", "recovery_target_action=promote")
        with original:
            wait_for(lambda: original.execute("SELECT pg_is_in_recovery()::text") == [("false",)], what="the end of the recovery")
            with Service(tmp_path, DATABASE_URL=url, RATE_LIMIT_ENABLED="false") as service:
                assert http.get(f"{service.url}/api/session/{before}").status_code == 200
                assert http.get(f"{service.url}/api/session/{after}").status_code == 404
                assert start_session(http, "again", base=service.url)
