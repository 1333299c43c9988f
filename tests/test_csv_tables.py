"""Tables are read whatever separates their cells, and written so that a spreadsheet runs none of them."""

from __future__ import annotations

import pytest

from grader.csv_tables import CsvError, as_text, from_text, read_rows, separator_of, write_rows


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r=1", "\n=1"])
def test_formulas_are_made_text(text: str) -> None:
    """A spreadsheet shows them, and runs nothing; read back they are what they were."""
    assert f"'{text}" == as_text(text)
    assert text == from_text(as_text(text))


@pytest.mark.parametrize("text", ["s01", "'s Gravenhage", "'", "", "1=1"])
def test_other_text_stays(text: str) -> None:
    """Also where it begins with an apostrophe of its own."""
    assert text == as_text(text) == from_text(text)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_as_it_was_written(separator: str) -> None:
    """Cells may hold separators, quotes and line ends; a blank row is none."""
    rows = [["student", "days"], ["a,b;c\td", '"x"\ny'], ["s02", "2"]]
    text = write_rows([rows[0], ["", " "], *rows[1:]], separator=separator)
    assert separator == separator_of(text)
    assert rows == [row for _, row in read_rows(text, separator)]
    assert [1, 4, 5] == [line for line, _ in read_rows(text, separator)]


def test_a_table_of_one_column_is_read_with_commas() -> None:
    """No letter of its header separates anything."""
    assert "," == separator_of("student\ns01\n")


def test_what_is_no_csv_is_said_with_its_line() -> None:
    """A quote that is never closed."""
    with pytest.raises(CsvError) as raised:
        list(read_rows('id\n"s01\n', ","))
    assert (2, "unexpected end of data") == (raised.value.line, raised.value.reason)
