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


def test_the_log_says_what_the_page_looks_for():
    page = (ROOT / "docs" / "operating" / "monitoring.md").read_text()
    rows = page.partition("| text | level | means |")[2].partition("\n\n")[0].splitlines()[2:]
    texts = [text for row in rows for text in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert len(texts) > 8
    sources = "\n".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    assert [text for text in texts if f'"{text}"' not in sources] == []
