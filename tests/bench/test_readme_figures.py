"""scripts/readme-figures on pages made for it."""

import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

PROGRAM = str(Path(__file__).resolve().parents[2] / "scripts" / "readme-figures")
loader = importlib.machinery.SourceFileLoader("readme_figures", PROGRAM)
figures = importlib.util.module_from_spec(importlib.util.spec_from_loader("readme_figures", loader))
loader.exec_module(figures)

README = "before\n<!-- figures: x -->\nold\n<!-- /figures -->\nafter\n"
RESULTS = """# Bench results

Written by `make bench` on 2026-01-02 03:04 UTC in 9 s.

| | |
|---|---|
| processor | Eight Fast Ones |
| system | Debian, Linux 6 |

## Warm calls

| measure | value | required | verdict |
|---|---|---|---|
| virga p50 | 62 us | p50 <= 100 us | pass |
| FastAPI, 1 worker, p50 | 133 us |  |  |
| virga / FastAPI |  | <= 0.6 x | not measured: no peer |
| slow one | 3 x | <= 2 x | **FAIL** |
"""


def test_every_required_figure_appears_with_its_verdict_also_a_bad_one():
    page = figures.rewritten(README, RESULTS)
    assert "| Warm calls: virga p50 | 62 us | p50 <= 100 us | pass |" in page
    assert "not measured: no peer" in page and "**FAIL**" in page
    assert "2026-01-02: Eight Fast Ones, Debian, Linux 6" in page
    assert "FastAPI, 1 worker" not in page and "old" not in page
    assert page.startswith("before\n") and page.endswith("\nafter\n")


def test_writing_twice_changes_nothing():
    once = figures.rewritten(README, RESULTS)
    assert figures.rewritten(once, RESULTS) == once


def test_without_results_the_page_says_how_to_measure():
    assert "make bench" in figures.rewritten(README, None)


def test_a_page_without_its_markers_is_refused():
    with pytest.raises(SystemExit):
        figures.rewritten("nothing here\n", RESULTS)
