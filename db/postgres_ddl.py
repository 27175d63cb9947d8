"""The tables and rules of the migrations in PostgreSQL's words: one text, so that both kinds keep the same rules.

A trigger becomes a function and a trigger that fires always, also where a superuser calls a session a replica. Where
deleting is forbidden, emptying the whole table (TRUNCATE) is forbidden too.
"""

from __future__ import annotations

import re

NOT_ALLOWED = "MS001"
"""The SQLSTATE of a rule that said no; its message is the rule's own sentence."""
_TRIGGER = re.compile(
    r'CREATE TRIGGER (?P<name>\w+) BEFORE (?P<verb>UPDATE|DELETE|INSERT) ON "?(?P<table>\w+)"?'
    r"(?:\s+WHEN (?P<condition>.*?))?\s+BEGIN SELECT RAISE\(ABORT, '(?P<sentence>[^']*)'\); END",
    re.DOTALL,
)
_DROPPED = re.compile(r"DROP TRIGGER (\w+)")


def translated(sql: str) -> list[str]:
    """The statements that say the same. Raises ValueError where this cannot be told."""
    said = sql.strip()
    rule = _TRIGGER.fullmatch(said)
    if rule is not None:
        return _rule(**rule.groupdict())
    dropped = _DROPPED.fullmatch(said)
    if dropped is not None:
        names = {dropped[1], dropped[1].replace("_no_delete", "_no_truncate")}
        return [f"DROP FUNCTION {name}() CASCADE" for name in sorted(names)]
    if said.startswith(("CREATE TABLE", "ALTER TABLE")):
        words = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "TEXT": 'TEXT COLLATE "C"', "STRICT": ""}
        return [re.sub(r"\b(INTEGER|BLOB|TEXT|STRICT)\b", lambda found: words[found[0]], said)]
    raise ValueError(f"not known how PostgreSQL says: {said[:60]}")


def _rule(name: str, verb: str, table: str, condition: str | None, sentence: str) -> list[str]:
    row = "OLD" if verb == "DELETE" else "NEW"
    made = _trigger(name, f"BEFORE {verb}", table, _condition(condition), sentence, row)
    if verb == "DELETE" and name.endswith("_no_delete"):
        whole = name.replace("_no_delete", "_no_truncate")
        made += _trigger(whole, "BEFORE TRUNCATE", table, "true", sentence, "")
    return made


def _condition(sqlite: str | None) -> str:
    if sqlite is None:
        return "true"
    said = re.sub(r"\bIS NOT (?!NULL\b)", "IS DISTINCT FROM ", sqlite)
    said = re.sub(r"\bIS (?!NOT\b|NULL\b|DISTINCT\b)", "IS NOT DISTINCT FROM ", said)
    return " ".join(re.sub(r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')", said).split())


def _trigger(name: str, when: str, table: str, condition: str, sentence: str, row: str) -> list[str]:
    """`row` is what goes on where the rule says nothing; empty for a rule about the table as a whole.

    The function looks for tables where it was made: nobody's temporary table of the same name stands in for one.
    """
    return [
        f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF {condition} THEN RAISE EXCEPTION USING ERRCODE = '{NOT_ALLOWED}', MESSAGE = '{sentence}'; END IF;
  RETURN {row or "NULL"};
END $$""",
        f'CREATE TRIGGER {name} {when} ON "{table}" FOR EACH {"ROW" if row else "STATEMENT"} EXECUTE FUNCTION {name}()',
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}',
    ]
