"""Tables, on wide and on narrow terminals."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from impasto.cli.tables import table

ROWS = [("PLUGIN", "MODELS", "HOOKS"), ("sketch", "1", "build_payload, list_models, parse_event"), ("log", "0", "")]


def test_columns_are_aligned_and_lines_do_not_end_in_spaces() -> None:
    assert table(ROWS).splitlines() == [
        "PLUGIN  MODELS  HOOKS",
        "sketch  1       build_payload, list_models, parse_event",
        "log     0",
    ]


def test_a_last_column_that_is_too_long_goes_on_below_itself() -> None:
    assert table(ROWS, 48).splitlines() == [
        "PLUGIN  MODELS  HOOKS",
        "sketch  1       build_payload, list_models,",
        "                parse_event",
        "log     0",
    ]


def test_where_columns_leave_no_room_each_row_is_a_paragraph() -> None:
    assert table(ROWS, 40).splitlines() == [
        "sketch",
        "  models  1",
        "  hooks   build_payload, list_models,",
        "          parse_event",
        "log",
        "  models  0",
    ]


@given(st.integers(46, 200))
def test_lines_are_no_longer_than_the_terminal(width: int) -> None:
    assert max(map(len, table(ROWS, width).splitlines())) <= width
