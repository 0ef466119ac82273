"""What is made of the numbers: verdicts, tables, the chart, and the page."""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as ET

import pytest

from benchmarks import decoding, report, scale
from benchmarks.chart import chart
from benchmarks.results import Measurement, Results, rounds
from benchmarks.setting import setting
from repository import ROOT

PAGE = ROOT / "docs" / "performance.md"


@pytest.fixture
def results() -> Results:
    what = scale.cpu(32)
    made = Results(
        [
            Measurement("scale", what, "impasto", "µs", [390.0, 410.0, 400.0]),
            Measurement("scale", what, "raw streams", "µs", [100.0, 90.0, 5000.0]),
            Measurement("sse", decoding.HUGE, "impasto", "MB/s", [1500.0], more_is_better=True),
            Measurement("sse", decoding.HUGE, "httpx-sse", "MB/s", [1000.0], more_is_better=True),
        ],
        setting={"machine": "a machine | two cores"},
    )
    made.compare("scale", what, "impasto", (what, "raw streams"), 4)
    made.compare("sse", decoding.HUGE, "impasto", (decoding.HUGE, "httpx-sse"), 1.6, at_least=True)
    made.bound("scale", what, "impasto", 300)
    return made


class TestRounds:
    def test_each_turns_the_order_round(self) -> None:
        order: list[str] = []

        def measure(name: str) -> float:
            order.append(name)
            return len(order)

        rounds({name: functools.partial(measure, name) for name in "ab"}, 3, warm=0)
        assert order == ["a", "b", "b", "a", "a", "b"]

    def test_those_before_the_first_do_not_count(self) -> None:
        numbers = iter(range(10))
        assert rounds({"a": lambda: next(numbers)}, 2, warm=3) == {"a": [3, 4]}


class TestTargets:
    def test_one_slow_round_does_not_decide(self, results: Results) -> None:
        assert results.targets[0].value == 4.0
        assert results.targets[0].reached

    def test_some_are_the_least_that_must_be(self, results: Results) -> None:
        assert results.targets[1].value == 1.5
        assert not results.targets[1].reached

    def test_some_are_in_units(self, results: Results) -> None:
        assert (results.targets[2].value, results.targets[2].unit, results.targets[2].reached) == (400.0, "µs", False)

    def test_what_was_not_measured_cannot_be_judged(self, results: Results) -> None:
        with pytest.raises(LookupError, match="0 measurements of 'speed' by 'nobody'"):
            results.bound("scale", "speed", "nobody", 1)


def test_json_holds_everything(results: Results) -> None:
    assert Results.of_json(results.json()) == results


class TestTables:
    def test_targets(self, results: Results) -> None:
        assert report.plain(report.target_rows(results.targets)).splitlines() == [
            "what                                          against      measured  target          reached",
            "CPU a generation, 32 at once, impasto         raw streams  4 x       at most 4 x     yes",
            "huge events (5 MB), chunks of 64 KB, impasto  httpx-sse    1.5 x     at least 1.6 x  no",
            "CPU a generation, 32 at once, impasto                      400 µs    at most 300 µs  no",
        ]

    def test_the_best_stands_first(self, results: Results) -> None:
        assert [row[:3] for row in report.measurement_rows(results.measurements)[1:]] == [
            ("CPU a generation, 32 at once", "raw streams", "100 µs"),
            ("", "impasto", "400 µs"),
            ("huge events (5 MB), chunks of 64 KB", "impasto", "1,500 MB/s"),
            ("", "httpx-sse", "1,000 MB/s"),
        ]

    def test_a_page_is_filled_as_often_as_one_likes(self, results: Results) -> None:
        page = "".join(f"# {mark}\n<!-- {mark} -->\n<!-- end -->\n" for mark in ("targets", "measurements", "setting"))
        filled = report.filled(page, results)
        assert "| machine | a machine \\| two cores |\n\n<!-- end -->\n" in filled
        assert report.filled(filled, results) == filled

    def test_a_page_without_the_marks_is_refused(self, results: Results) -> None:
        with pytest.raises(LookupError, match="<!-- targets -->"):
            report.filled("# Performance\n", results)


class TestTheChart:
    def test_bars_are_as_long_as_their_numbers(self, results: Results) -> None:
        drawn = ET.fromstring(chart(results))
        bars = list(drawn.iter("{http://www.w3.org/2000/svg}rect"))
        lengths = [float(each.attrib["width"]) for each in bars]
        assert lengths[0] / lengths[1] == pytest.approx(100 / 400, abs=0.01)
        assert lengths[3] / lengths[2] == pytest.approx(1000 / 1500, abs=0.01)

    def test_impasto_is_the_one_in_colour(self, results: Results) -> None:
        found = re.findall(r'<text class="ours"[^>]*>([^<]+)<', chart(results))
        assert found == ["impasto", "400", "impasto", "1,500"]


def test_the_page_shows_the_numbers_of_the_last_whole_run() -> None:
    results = Results.of_json((PAGE.parent / "performance.json").read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    assert page == report.filled(page, results)
    assert (PAGE.parent / "performance.svg").read_text(encoding="utf-8") == chart(results)


def test_the_setting_names_the_machine_and_every_version() -> None:
    told = setting()
    assert "cores" in told["machine"]
    assert re.search(r"aiohttp \d.*g4f \d.*httpx \d.*httpx-sse \d.*trio \d.*gradio-client \d.*llm \d", told["peers"])
