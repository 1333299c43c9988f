"""The code of a notebook is what `json.loads` finds in it, whatever stands beside it, and costs no more than the notebook."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.judging.notebooks import MAX_ITEMS, Budget, NotebookError, bare_notebook, code_cells, refuse_heavy

CODE = '{"cell_type": "code", "source": "x = 1"}'


@contextmanager
def in_one_pass() -> Iterator[None]:
    """Small notebooks read as large ones are: everything here holds of both ways."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grader.judging.notebooks.MAX_WHOLE_BYTES", -1)
        yield


WAYS: tuple[Callable[[], AbstractContextManager[None]], ...] = (nullcontext, in_one_pass)


def cells_by_json(data: str | bytes) -> list[str]:
    """Read the code as whoever trusts the file would."""
    notebook = json.loads(data)
    sheets = notebook.get("worksheets", [notebook])
    cells = [cell for sheet in sheets for cell in sheet["cells"]]
    found = [cell.get("source", cell.get("input", "")) for cell in cells if cell.get("cell_type") == "code"]
    return ["".join(source) for source in found]


@pytest.mark.parametrize(
    "text",
    [
        f'{{"cells": [{CODE}]}}',
        f'{{"cells": [], "cells": [{CODE}]}}',
        f'{{"metadata": {{"cells": [{CODE}], "x": [[{{}}]]}}, "cells": []}}',
        '{"cells": [{"source": ["a\\n", "b"], "outputs": [{"text": "}]\\"{["}], "cell_type": "code", "x": -1.5e-3}]}',
        '{"cells": [{"source": "a", "cell_type": "code", "source": "b", "cell_type": "code"}]}',
        '{"cells": [{"cell_type": "markdown", "source": "t"}, {"cell_type": "code"}, {"cell_type": 7, "source": []}]}',
        '{"cells": [{"cell_type": "code", "source": "\\u00e9 \\ud83d\\ude00 \\n\\t\\\\ \\ud800 é 😀"}]}',
        '{"c\\u0065lls": [{"cell_type": "code", "sourc\\u0065": "x"}]}',
        f'{{"worksheets": [{{"metadata": {{}}, "cells": [{CODE}]}}, {{"cells": [{CODE}]}}], "cells": 3}}',
        '{"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"], "outputs": [1, NaN, -Infinity, true, null]}]}]}',
        f' \t\r\n{{ "cells" : [ {CODE} , {CODE} ] , "a" : [ ] , "b" : {{ }} }} \n',
    ],
)
def test_the_code_is_what_json_finds(text: str) -> None:
    """Also of two fields of one name, in any order, beside fields of the same names deeper down, and in UTF-16."""
    expected = cells_by_json(text)
    for way, encoding in itertools.product(WAYS, ("utf-8", "utf-8-sig", "utf-16", "utf-32")):
        with way():
            assert expected == [cell.source for cell in code_cells(text.encode(encoding, "surrogatepass"))]


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))
fields = st.dictionaries(st.sampled_from(["metadata", "outputs", "cells", "id", '"', "}"]), values, max_size=4)
a_cell = st.builds(
    lambda rest, kind, source: {**rest, "cell_type": kind, "source": source},
    fields,
    st.sampled_from(["code", "markdown"]),
    st.text() | st.lists(st.text()),
)


@given(st.lists(a_cell, max_size=5), fields, st.booleans(), st.sampled_from([None, 1]))
def test_the_code_of_any_notebook_is_what_json_finds(cells: Any, rest: Any, escaped: bool, indent: Any) -> None:
    """However it is written."""
    data = json.dumps({**rest, "cells": cells}, ensure_ascii=escaped, indent=indent).encode("utf-8", "surrogatepass")
    for way in WAYS:
        with way():
            found = [cell.source for cell in code_cells(data)]
            assert cells_by_json(data) == found
            assert found == [cell.source for cell in code_cells(bare_notebook(found))]
    refuse_heavy(data)


@given(st.binary(max_size=60) | st.text('{}[],:"\\cels source1e0', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """With no other error than the one that says why."""
    texts = (data, b'{"cells": [' + data + b"]}", b'{"cells": [{"cell_type": "code", "source": ' + data + b"}]}")
    readers: tuple[Callable[[bytes], object], ...] = (code_cells, refuse_heavy)
    for way, read, text in itertools.product(WAYS, readers, texts):
        try:
            with way():
                read(text)
        except NotebookError as error:
            assert error.what


NOT_JSON, NO_CELLS = "it is not JSON", "it has no list of cells"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", NOT_JSON),
        (b"\xff\xfe\x00", NOT_JSON),
        (b'{"cells": [', NOT_JSON),
        (b'{"cells": [' + CODE.encode() + b"]} x", NOT_JSON),
        (b'{"cells": [' + CODE.encode() + b" " + CODE.encode() + b"]}", NOT_JSON),
        (b'{"cells": [], "a": [1}}', NOT_JSON),
        (b'{"cells": [], "a": [\n<<<<<<< HEAD\n 1]}', NOT_JSON),
        (b'{"cells": [{"cell_type": "code", "source": "\\x"}]}', NOT_JSON),
        (b'{"cells": [{"cell_type": "code", "source": "\xff"}]}', NOT_JSON),
        (b'{"cells": [{"cell_type": "code", "source": "a\nb"}]}', NOT_JSON),
        (b"[" * 200_000, NOT_JSON),
        (b"[]", NO_CELLS),
        (b"7", NO_CELLS),
        (b'{"metadata": {"cells": []}}', NO_CELLS),
        (b'{"cells": {}}', NO_CELLS),
        (b'{"cells": [[]]}', NO_CELLS),
        (b'{"worksheets": [{}]}', NO_CELLS),
        (b'{"cells": [{"cell_type": "code", "source": 1}]}', NO_CELLS),
        (b'{"cells": [{"cell_type": "code", "source": {"a": "b"}}]}', NO_CELLS),
        (b'{"cells": [{"cell_type": "code", "source": ["a", ["b"]]}]}', NO_CELLS),
        (b'{"cells": [' + b",".join([CODE.encode()] * 20_001) + b"]}", "more than 20000 code cells"),
        (b'{"cells": [{"cell_type": "code", "source": "' + b"\\u00e9" * (1 << 20) + b'"}]}', "more than 1 MiB of code"),
        (b'{"cells": [], "a": [' + b"[]," * MAX_ITEMS + b"[]]}", "more values than are read"),
    ],
)
def test_what_is_no_notebook_is_said(text: bytes, said: str) -> None:
    """Torn files, half-merged ones, other JSON, and too much of anything."""
    for way in WAYS:
        with pytest.raises(NotebookError) as caught, way():
            code_cells(text)
        assert said in caught.value.what


def test_what_nbgrader_keeps_with_a_cell_is_read_where_it_is_asked_for() -> None:
    """Of a large notebook only what is as short as nbgrader's own."""
    ours = {"grade": True, "grade_id": "x", "solution": False}
    cells = [{"cell_type": "code", "source": "", "metadata": {"a": 1, "nbgrader": one}} for one in (ours, "x" * 5000)]
    data = json.dumps({"cells": cells}).encode()
    assert ours == code_cells(data, with_nbgrader=True)[0].nbgrader
    with in_one_pass():
        assert [ours, None] == [cell.nbgrader for cell in code_cells(data, with_nbgrader=True)]
        assert [None, None] == [cell.nbgrader for cell in code_cells(data)]


def test_notebooks_of_one_student_share_a_budget() -> None:
    """Many that are each just small enough are not read all."""
    budget = Budget()
    data = b'{"cells": [], "a": [' + b"[]," * (MAX_ITEMS // 2 + 1) + b"[]]}"
    code_cells(data, budget)
    with pytest.raises(NotebookError, match="more values than are read"):
        code_cells(data, budget)


SPECIMENS = {
    "lists": """'"outputs": [' + '[],' * (10 << 20) + '0]'""",
    "objects": """'"outputs": [' + '{},' * (10 << 20) + '0]'""",
    "floats": """'"outputs": [' + '1.5,' * (7 << 20) + '0]'""",
    "texts": """'"outputs": [' + '"ab",' * (6 << 20) + '0]'""",
    "names": """'"outputs": {' + ','.join(f'"{i}":0' for i in range(2_000_000)) + '}'""",
    "depth": """'"outputs": ' + '[' * (15 << 20) + ']' * (15 << 20)""",
    "a picture": """'"outputs": ["' + 'a' * (30 << 20) + '"]'""",
    "a character of four bytes": """'"outputs": ["' + 'a' * (30 << 20) + '\\U0001f600"]'""",
    "a long integer": """'"outputs": ' + '9' * (30 << 20)""",
    "lines": """'"source": [' + '"ab",' * (6 << 20) + '""]'""",
    "lists for lines": """'"source": [' + '[],' * (10 << 20) + '0]'""",
    "fields": """'"a":0,' * (5 << 20) + '"b": 0'""",
}


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
@pytest.mark.parametrize("specimen", SPECIMENS)
def test_no_notebook_takes_more_memory_than_its_bytes(specimen: str) -> None:
    """32 MiB of anything are read in 100 MiB, the bytes and building them apart: `json.loads` takes up to a gigabyte."""
    program = f"""
import resource
from grader.judging.notebooks import NotebookError, code_cells, refuse_heavy
data = ('{{"cells": [{{"cell_type": "code", ' + {SPECIMENS[specimen]} + '}}]}}').encode()
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (100 << 20), resource.RLIM_INFINITY))
for read in (code_cells, refuse_heavy):
    try:
        read(data)
    except NotebookError as error:
        print(error.what)
print("done")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("done\n"), done.stderr
