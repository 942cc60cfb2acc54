# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What the pages for operators have them ask a database, and look for in a log, is there."""

import re

import pytest
from support.server import ROOT

PAGES = sorted((ROOT / "docs" / "operating").glob("*.md"))


def queries():
    for page in PAGES:
        for number, block in enumerate(re.findall(r"```sql\n(.+?)```", page.read_text(), re.DOTALL)):
            yield pytest.param(block, id=f"{page.stem}-{number}")


@pytest.mark.parametrize("query", queries())
def test_a_query_of_a_page_runs(query, fleet):
    fleet.cluster.sql(query, fleet.database)


def test_who_works_on_a_database_stands_in_it(own_fleet):
    def names():
        return {name for (name,) in own_fleet.cluster.sql("SELECT name FROM penstock_server", own_fleet.database)}

    one, two = own_fleet.replicas
    (of_one,) = {name for name in names() if name.endswith(f":{one.process.pid}")}
    assert len(names()) == 2
    one.stop()
    two.kill()
    # Who dies says nothing.
    assert names() == {name for name in names() if name.endswith(f":{two.process.pid}")} and of_one not in names()


def texts_of_the_page():
    """The level of each text that the page tells of."""
    page = (ROOT / "docs" / "operating" / "monitoring.md").read_text()
    rows = page.partition("| text | level | means |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [row.split("|") for row in rows]
    return {text: level.strip() for _, told, level, *_ in cells for text in re.findall(r"`([^`]+)`", told)}


def errors_of_the_server():
    """What its sources log as an error. Those of workers are for whoever runs a worker."""
    modules = [each for each in (ROOT / "Sources").iterdir() if each.name not in ("PenstockClient", "PenstockWorker")]
    source = "\n".join(path.read_text() for module in modules for path in module.rglob("*.swift"))
    calls = (r"logger\.(?:error|critical)\(", r"level: [^\n]*\.error,", r"\.isolating\(", r"self\.log\(", r"orLog: ")
    texts = set(re.findall(rf'(?:{"|".join(calls)})\s*"([^"]+)"', source))
    # Says what could not be removed.
    texts.remove(r"\(what) could not be removed")
    return texts | {f"{what} could not be removed" for what in re.findall(r'self\.remove\("([^"]+)"\)', source)}


def test_the_page_has_every_error_that_the_server_logs():
    errors = {text for text, level in texts_of_the_page().items() if level == "error"}
    assert len(errors) > 20 and errors == errors_of_the_server()


def test_the_log_says_what_the_page_warns_of():
    warnings = [text for text, level in texts_of_the_page().items() if level == "warning"]
    sources = "\n".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    assert warnings and [text for text in warnings if f'"{text}"' not in sources] == []
