#!/usr/bin/env python3
"""Which obligation is shown by which test: reads core.tsv and the tags in the sources of the tests.

A tag is a comment of its own in the lines before a test, in Swift or Python, with one obligation or several:

    // Shows: CORE-TX-16, CORE-STAT-16
    # Shows: CORE-TX-16

It belongs to the test function, or the `case(…)` of Tests/Certification, that comes next; only comments and attributes may stand between. Exits 1 when a tag names an obligation that is not in the table,
stands before no test, or contradicts a reason in the table. `--list` prints every obligation with its tests."""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
TABLE = HERE / "core.tsv"
TAG = re.compile(r"^\s*(?://|#) Shows: (.+)$")
IDS = re.compile(r"(?:J|CORE|MSG|SEED)(?:-[A-Z]+)?-\d+")
COMMENT = re.compile(r"^\s*(?://|#(?!\[)|$)")
SWIFT_TEST = re.compile(r"\bfunc\s+(\w+)\s*[(<]")
PYTHON_TEST = re.compile(r"""^def (test_\w+)\(|^@?case\(\s*"([^"]+)"|^\s+"(TC_[^"]+)",""")
PYTHON_OPENING = re.compile(r"^@?case\(\s*$")


def read_table():
    """Obligations by id, in their order: clause, words, reason why no test shows it (or nothing)."""
    table = {}
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    assert lines[0].split("\t") == ["id", "clause", "obligation", "reason"], "core.tsv has another heading"
    for number, line in enumerate(lines[1:], 2):
        fields = line.split("\t")
        if len(fields) != 4 or not IDS.fullmatch(fields[0]) or not fields[1] or not fields[2] or fields[0] in table:
            raise SystemExit(f"core.tsv, line {number}: expected an id of its own, a clause, an obligation and a reason or nothing")
        table[fields[0]] = fields[1:]
    return table


def read_tags(path):
    """Pairs of an id and the test that it stands before; a test of None is a tag before no test."""
    pending, pairs = [], []
    name_of = name_in_swift if path.suffix == ".swift" else name_in_python
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        tag = TAG.match(line)
        if tag:
            pending += [part.strip() for part in tag[1].split(",")]
        elif pending and not COMMENT.match(line):
            name = name_of(lines[number:])
            pairs += [(identifier, name) for identifier in pending]
            pending = []
    return pairs + [(identifier, None) for identifier in pending]


def name_in_swift(lines):
    """The function that the attribute @Test on the first line makes a test; None when there is none."""
    if not lines[0].lstrip().startswith("@Test"):
        return None
    for line in lines:
        found = SWIFT_TEST.search(line)
        if found or line.rstrip().endswith("{"):
            return found and found[1]
    return None


def name_in_python(lines):
    """The test function or the case that begins on the first line, or behind the decorators there; None when there is none."""
    depth = 0
    for line in lines:
        found = PYTHON_TEST.match(line) if depth == 0 or line.lstrip().startswith('"') else None
        if found:
            return next(group for group in found.groups() if group)
        if depth == 0 and not line.startswith("@") and not PYTHON_OPENING.match(line):
            return None
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
    return None


def main():
    table = read_table()
    shown, problems = {}, []
    for path in sorted([*TESTS.rglob("*.swift"), *TESTS.rglob("*.py")]):
        if path.parent == HERE:
            continue
        place = path.relative_to(TESTS)
        for identifier, test in read_tags(path):
            if test is None:
                problems.append(f"{place}: the tag {identifier} stands before no test")
            elif identifier not in table:
                problems.append(f"{place}: {test} shows {identifier}, which is no obligation of the table")
            elif table[identifier][2].startswith("not applicable"):
                problems.append(f"{place}: {test} shows {identifier}, which the table calls not applicable")
            else:
                shown.setdefault(identifier, []).append(f"{place}: {test}")
    tested = [identifier for identifier in table if identifier in shown]
    reasoned = [identifier for identifier in table if identifier not in shown and table[identifier][2]]
    neither = [identifier for identifier in table if identifier not in shown and not table[identifier][2]]
    if "--list" in sys.argv[1:]:
        for identifier, (clause, words, reason) in table.items():
            print(f"{identifier}  {clause}  {words}")
            for test in shown.get(identifier, [reason or "NEITHER TEST NOR REASON"]):
                print(f"    {test}")
    print(f"{len(table)} obligations: {len(tested)} shown by tests, {len(reasoned)} with a reason why not, {len(neither)} with neither")
    for identifier in neither:
        print(f"  {identifier}  {table[identifier][0]}  {table[identifier][1]}")
    for problem in problems:
        print(f"✘ {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
