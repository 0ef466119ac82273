"""The tables, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.results import Measurement, Results, Target

Row = tuple[str, ...]


def number(value: float) -> str:
    """Return a number with three digits that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value)} x" if unit == "x" else f"{number(value)} {unit}".rstrip()


def target_rows(targets: Sequence[Target]) -> list[Row]:
    """Return the table of targets, headings first."""
    rows: list[Row] = [("what", "against", "measured", "target", "reached")]
    for each in targets:
        side = "at least" if each.at_least else "at most"
        rows.append(
            (
                each.what,
                each.against,
                _with_unit(each.value, each.unit),
                f"{side} {_with_unit(each.bound, each.unit)}",
                "yes" if each.reached else "no",
            )
        )
    return rows


def measurement_rows(measurements: Sequence[Measurement]) -> list[Row]:
    """Return the table of measurements, headings first: the best of those who did the same first."""
    rows: list[Row] = [("what", "who", "median", "lowest", "highest", "rounds")]
    for what in dict.fromkeys(each.what for each in measurements):
        group = [each for each in measurements if each.what == what]
        ranked = sorted(group, key=lambda each: -each.median if each.more_is_better else each.median)
        for place, each in enumerate(ranked):
            numbers = (number(value) for value in each.spread)
            rows.append(
                ("" if place else what, each.who, _with_unit(each.median, each.unit), *numbers, str(len(each.values)))
            )
    return rows


def plain(rows: Sequence[Row]) -> str:
    """Return rows as columns of a terminal."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def markdown(rows: Sequence[Row]) -> str:
    """Return rows as a table of a page."""
    head, *rest = rows
    lines = [head, tuple("---" for _ in head), *rest]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines)


def setting_rows(setting: Mapping[str, str]) -> list[Row]:
    """Return the table of where it was measured, headings first."""
    return [("", "measured with"), *setting.items()]


def filled(page: str, results: Results) -> str:
    """Return a page with the tables between its marks: ``<!-- targets -->`` and the like, to ``<!-- end -->``.

    Raises:
        LookupError: a mark is not there.
    """
    tables = {
        "targets": target_rows(results.targets),
        "measurements": measurement_rows(results.measurements),
        "setting": setting_rows(results.setting),
    }
    for name, rows in tables.items():
        mark = f"<!-- {name} -->\n"
        before, found, after = page.partition(mark)
        _, end, rest = after.partition("<!-- end -->")
        if not (found and end):
            raise LookupError(f"the page has no {mark.strip()} … <!-- end -->")
        page = f"{before}{mark}\n{markdown(rows)}\n\n{end}{rest}"
    return page


def on_terminal(results: Results) -> str:
    """Return everything as text."""
    parts = [plain(measurement_rows(results.measurements))]
    if results.targets:
        parts.append(plain(target_rows(results.targets)))
    return "\n\n".join(parts)
