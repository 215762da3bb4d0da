-- Spreads the tables over the machines of a Citus cluster by session, after `bemore migrate`, while the service is stopped:
--
--   psql --single-transaction -v ON_ERROR_STOP=1 -f deploy/citus.sql "$DATABASE_URL"
--
-- The extension is there already (CREATE EXTENSION citus, as a superuser). All rows of a session are on one machine. Small tables that are
-- of no session are on every machine; the audit log and the list of migrations stay on the coordinator.

-- Foreign keys are made again at the end. A table that is on every machine can refer to no session: the service deletes such rows itself.
ALTER TABLE idempotency_key DROP CONSTRAINT idempotency_key_note_id_fkey;
ALTER TABLE idempotency_key DROP CONSTRAINT idempotency_key_session_id_fkey;
ALTER TABLE frame DROP CONSTRAINT frame_session_id_fkey;
ALTER TABLE audio_chunk DROP CONSTRAINT audio_chunk_session_id_fkey;
ALTER TABLE stt_snippet DROP CONSTRAINT stt_snippet_session_id_fkey;
ALTER TABLE minute_score DROP CONSTRAINT minute_score_session_id_fkey;
ALTER TABLE minute_coverage DROP CONSTRAINT minute_coverage_session_id_fkey;
ALTER TABLE session_summary DROP CONSTRAINT session_summary_session_id_fkey;
ALTER TABLE note DROP CONSTRAINT note_session_id_fkey;
ALTER TABLE feedback DROP CONSTRAINT feedback_session_id_fkey;

SELECT create_reference_table('tally');
SELECT create_reference_table('preference');
SELECT create_reference_table('idempotency_key');

SELECT create_distributed_table('session', 'id');
SELECT create_distributed_table('frame', 'session_id', colocate_with => 'session');
SELECT create_distributed_table('audio_chunk', 'session_id', colocate_with => 'session');
SELECT create_distributed_table('stt_snippet', 'session_id', colocate_with => 'session');
SELECT create_distributed_table('minute_score', 'session_id', colocate_with => 'session');
SELECT create_distributed_table('minute_coverage', 'session_id', colocate_with => 'session');
SELECT create_distributed_table('session_summary', 'session_id', colocate_with => 'session');
SELECT create_distributed_table('note', 'session_id', colocate_with => 'session');
SELECT create_distributed_table('feedback', 'session_id', colocate_with => 'session');
SELECT create_distributed_table('outbox', 'session_key', colocate_with => 'session');

ALTER TABLE frame ADD CONSTRAINT frame_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
ALTER TABLE audio_chunk ADD CONSTRAINT audio_chunk_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
ALTER TABLE stt_snippet ADD CONSTRAINT stt_snippet_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
ALTER TABLE minute_score ADD CONSTRAINT minute_score_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
ALTER TABLE minute_coverage ADD CONSTRAINT minute_coverage_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
ALTER TABLE session_summary ADD CONSTRAINT session_summary_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
ALTER TABLE note ADD CONSTRAINT note_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
ALTER TABLE feedback ADD CONSTRAINT feedback_session_id_fkey FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
