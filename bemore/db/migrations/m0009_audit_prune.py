"""Old entries of the audit log can be deleted, by ``bemore audit prune`` alone.

PostgreSQL: in a transaction that has set ``bemore.audit_prune_ms``, entries of that time and before. SQLite's triggers see no settings:
there the command drops the trigger and creates it again in one transaction.
"""

_UNTIL = "COALESCE(NULLIF(current_setting('bemore.audit_prune_ms', true), ''), '-1')::bigint"


def up(dialect):
    if dialect == "sqlite":
        return ()
    return (
        "DROP TRIGGER audit_no_change ON audit",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW"
        f" WHEN (OLD.at_ms > {_UNTIL}) EXECUTE FUNCTION audit_refuse()",
    )
