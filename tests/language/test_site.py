"""Tests of places: the line in the reader's own file."""

import linecache
import sys
from pathlib import Path

from ganforge_toys import Critic, Gen, told

import ganforge as gf
from ganforge.language.site import here, is_reading, noted, reading, report, shorten

PLUGIN_FAULT = [(10, "critic 'D' wants images.", "give it images")]


def test_an_error_inside_a_component_points_to_the_recipe(problems):
    lines = {10: "d = gf.Player('D', trains=D, minimizes=adv.discriminator(real=D(z), fake=D(z)), optimizer=adam)"}
    assert problems(lines=lines)[:1] == PLUGIN_FAULT


def test_an_error_inside_a_component_written_in_the_recipe_points_to_where_it_is_used(problems):
    text = (
        '"""Doc."""\nimport ganforge as gf\nfrom ganforge_toys import *\n'
        '@gf.component("local")\nclass Local(gf.Discriminator):\n'
        "    @property\n    def size(self):\n        return [gf.expect(False, 'never fits.') for _ in range(1)]\n"
        "    def __call__(self, x):\n        self.size\n        return self.output(x, shape=(1,))\n"
        "@gf.recipe\ndef toys() -> gf.Game:\n"
        "    D = Local('D')\n"
        "    loss = Plain().generator(fake=D(gf.noise(3)))\n"
        "    return play(gf.Player('D', trains=D, minimizes=loss, optimizer=Adam()))\n"
    )
    assert problems(text) == [(15, "never fits.", "")]


def test_an_error_inside_a_helper_of_the_recipe_points_into_the_helper(problems):
    text = (
        '"""Doc."""\nimport ganforge as gf\nfrom ganforge_toys import *\n'
        "def helper():\n    return gf.noise(0)\n"
        "@gf.recipe\ndef toys() -> gf.Game:\n    helper()\n    return None\n"
    )
    assert [line for line, _, _ in problems(text)] == [5, 6]


def test_outside_of_a_recipe_the_place_is_the_callers_line():
    line = sys._getframe().f_lineno + 1
    site = Gen("G").site
    assert (Path(site.file).name, site.line, site.text) == ("test_site.py", line, 'site = Gen("G").site')
    # Evaluations are recorded inside the component's own file.
    assert Critic("D")(gf.noise(1, 8, 8)).origin.site.line == sys._getframe().f_lineno


def test_problems_are_collected_while_reading_each_once_and_raised_otherwise():
    assert not is_reading() and noted() == 0
    with reading(__file__, "shown.py") as current:
        assert is_reading()
        for _ in range(2):
            report("twice the same.", hint="once is enough")
        line = sys._getframe().f_lineno - 1
        assert noted() == 1
    (problem,) = current.problems
    assert str(problem) == (
        f'shown.py:{line}\n    report("twice the same.", hint="once is enough")\ntwice the same.\nhint: once is enough'
    )
    assert told(lambda: report("raised.", hint="at once")) == ("raised.", "at once")


def test_what_is_typed_has_no_place():
    with reading("", ""):
        assert here() is None and Gen("G").site is None


def test_paths_below_the_working_folder_are_shortened(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert shorten(str(tmp_path / "a" / "b.py")) == "a/b.py"
    assert shorten("/elsewhere/b.py") == "/elsewhere/b.py" and shorten("c.py") == "c.py"


def test_a_place_is_found_in_microseconds():
    import time

    def deep(levels: int) -> float:
        if levels:
            return deep(levels - 1)
        begin = time.process_time()
        for _ in range(1_000):
            here()
        return time.process_time() - begin

    with reading("no such file", "no such file"):
        assert deep(30) < 0.2
    assert linecache.getline(__file__, 1)
