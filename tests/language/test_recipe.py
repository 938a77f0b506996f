"""Tests of recipes and of the reading of recipe files."""

import subprocess
import sys
from pathlib import Path

import pytest
from ganforge_toys import Hinge, Images, Shelf

import ganforge as gf
from ganforge.errors import DataError, RecipeError
from ganforge.language.recipe import load_recipe

HEAD = '"""Doc."""\nimport ganforge as gf\nfrom ganforge_toys import *\n'


def failure(load) -> str:
    """What the reader of an error sees."""
    with pytest.raises(RecipeError) as caught:
        load()
    return str(caught.value)


def test_a_recipe_is_read_from_its_file(write):
    recipe = load_recipe(write())
    assert (recipe.name, recipe.file, recipe.line, str(recipe.site)) == ("toys", "recipe.py", 4, "recipe.py:4")
    game = recipe.read({}, Shelf())
    assert isinstance(game, gf.Game) and game.site.line == 12 and game.players[0].site.line == 10


def test_the_signature_is_the_set_of_parameters(write):
    text = HEAD + (
        "@gf.recipe\n"
        "def toys(data: gf.ImageData = Images(), *rest, steps: float, k: 'int | None' = 3, **more) -> gf.Game:\n"
        '    """Play.\n\n    Args:\n        data: What to imitate.\n        steps: How long.\n    """\n'
    )
    found = load_recipe(write(text)).parameters
    assert list(found) == ["data", "steps", "k"] and found["data"].default == Images()
    assert [found[name].annotation for name in found] == [gf.ImageData, float, int | None]
    assert [found[name].doc for name in found] == ["What to imitate.", "How long.", ""]


def test_a_parameter_without_default_must_be_given(problems):
    text = HEAD + "@gf.recipe\ndef toys(steps: float, rate: float) -> gf.Game:\n    return None\n"
    assert problems(text, rate="1") == [(0, "toys needs a value for 'steps'.", "")]


def test_annotations_that_cannot_be_read_are_told(problems):
    text = HEAD + "@gf.recipe\ndef toys(steps: 'Stepps' = 3) -> gf.Game:\n    return None\n"
    assert problems(text) == [(4, "the annotations of recipe 'toys' cannot be read: name 'Stepps' is not defined.", "")]


def test_a_missing_file_is_told_with_its_neighbours(write):
    write(name="dcgan.py")
    assert failure(lambda: load_recipe(Path("dcgam.py"))) == (
        "there is no recipe file dcgam.py.\nhint: did you mean 'dcgan.py'?"
    )
    assert failure(lambda: load_recipe(Path("no/such.py"))) == "there is no recipe file no/such.py."


def test_a_folder_is_no_recipe(write):
    write(name="b.py"), write(name="a.py")
    message = ". is a folder; a recipe is a Python file. Those in it: a.py, b.py."
    assert failure(lambda: load_recipe(Path("."))) == message
    Path("empty").mkdir()
    assert failure(lambda: load_recipe(Path("empty"))).endswith("Those in it: none.")


def test_a_file_that_cannot_be_read_is_told(write, monkeypatch):
    path = write()
    path.write_bytes(b'"""Caf\xe9."""\n')
    text = "recipe.py cannot be read: 'utf-8' codec can't decode byte 0xe9 in position 6: invalid continuation byte."
    assert failure(lambda: load_recipe(path)) == text

    def denied(self: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", denied)
    assert failure(lambda: load_recipe(path)) == "recipe.py cannot be read: [Errno 13] Permission denied: 'recipe.py'."


def test_a_syntax_error_is_shown_with_a_caret(write):
    path = write(HEAD + "def broken():\n    real = = 3\n")
    assert failure(lambda: load_recipe(path)) == "recipe.py:5:12\n    real = = 3\n           ^\ninvalid syntax."


def test_a_file_that_holds_no_python_text_is_told(write):
    path = write("x = '\0'")
    assert "recipe.py" in failure(lambda: load_recipe(path)) and "null bytes" in failure(lambda: load_recipe(path))


def test_a_file_that_python_cannot_hold_is_told(write):
    path = write("x = " + "-" * 50_000 + "1")
    assert failure(lambda: load_recipe(path)).startswith("recipe.py cannot be read as Python: ")


def test_a_file_may_begin_with_a_byte_order_mark(write):
    path = write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_recipe(path).name == "toys"


def test_an_exception_is_told_with_the_recipes_own_line(write, problems):
    path = write(HEAD + "import json\ndef load():\n    return json.loads('{')\nload()\n")
    assert failure(lambda: load_recipe(path)) == (
        "recipe.py:6\n    return json.loads('{')\n"
        "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    )
    assert problems(lines={8: "fake = G(z); 1 / 0"}) == [(8, "ZeroDivisionError: division by zero", "")]
    assert problems(lines={8: "fake = G(z); assert not z.shape"}) == [(8, "AssertionError", "")]
    assert problems(lines={8: "fake = G(z).shap"})[0][0] == 8


def test_the_exception_itself_is_kept_for_whoever_asks(read):
    with pytest.raises(RecipeError) as caught:
        read(lines={8: "fake = G(z); 1 / 0"})
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_syntax_error_in_an_imported_module_is_told_at_the_import(write, monkeypatch):
    monkeypatch.syspath_prepend(".")
    write("def x(:\n", name="broken_module.py")
    path = write(HEAD + "import broken_module\n")
    message = failure(lambda: load_recipe(path))
    assert message.startswith("recipe.py:4\n    import broken_module\nSyntaxError: ") and "broken_module.py" in message


def test_a_recipe_that_exits_is_told(write, problems):
    path = write(HEAD + "raise SystemExit(3)\n")
    assert failure(lambda: load_recipe(path)) == "recipe.py:4\n    raise SystemExit(3)\nSystemExit: 3"
    assert problems(lines={8: "raise SystemExit(3)"}) == [(8, "SystemExit: 3", "")]


@pytest.mark.parametrize("line", ["raise KeyboardInterrupt"])
def test_an_interrupt_passes_through(write, line):
    with pytest.raises(KeyboardInterrupt):
        load_recipe(write(HEAD + line))


def test_problems_of_defaults_are_told_when_the_file_is_loaded(write):
    path = write(HEAD + "a = Images(size='x')\nb = gf.noise(0)\nc = Folder()\n")
    assert failure(lambda: load_recipe(path)) == (
        "recipe.py:4\n    a = Images(size='x')\nimages: 'size' must be int; received 'x'.\n\n"
        "recipe.py:5\n    b = gf.noise(0)\n"
        "noise takes whole sizes of one or more, such as gf.noise(100); received (0,).\n\n"
        "recipe.py:6\n    c = Folder()\nfolder needs a value for 'root'.\nhint: it takes: size, root, flip"
    )
    path = write(HEAD + "a = Images(size='x')\n1 / 0\n")
    assert failure(lambda: load_recipe(path)).endswith("images: 'size' must be int; received 'x'.")


def test_an_error_that_is_not_the_recipes_keeps_its_exit_code(read, write):
    lines = {8: "from ganforge.errors import DataError; raise DataError('no such folder.')"}
    with pytest.raises(DataError, match="no such folder"):
        read(lines=lines)
    with pytest.raises(DataError, match="no such folder"):
        load_recipe(write(HEAD + lines[8]))


def test_a_file_without_recipes_says_how_to_mark_one(write):
    path = write(HEAD + "def toys():\n    return None\n")
    hint = "hint: mark the function that returns a gf.Game with @gf.recipe"
    assert failure(lambda: load_recipe(path)) == f"recipe.py defines no recipe.\n{hint}"


def test_one_of_several_recipes_is_chosen_by_name(write):
    text = HEAD + "".join(f"@gf.recipe\ndef {name}() -> gf.Game:\n    return None\n" for name in ("small", "large"))
    path = write(text)
    assert load_recipe(path, "large").name == "large"
    assert failure(lambda: load_recipe(path)) == (
        "recipe.py defines 2 recipes: small (line 4), large (line 7).\nhint: choose one with recipe.py:small"
    )
    assert failure(lambda: load_recipe(path, "smal")) == (
        "recipe.py defines no recipe called 'smal'. It defines: small (line 4), large (line 7).\n"
        "hint: did you mean 'small'?"
    )


def test_recipes_that_are_imported_or_have_two_names_do_not_count(write, monkeypatch):
    monkeypatch.syspath_prepend(".")
    write(name="other_toys.py")
    text = (
        "from other_toys import toys\n@gf.recipe\ndef mine() -> gf.Game:\n    return toys(adv=Hinge())\nagain = mine\n"
    )
    recipe = load_recipe(write(HEAD + text))
    assert recipe.name == "mine"
    assert recipe.read({}, Shelf()).players[0].minimizes.parts[0].label == "hinge"


def test_a_problem_inside_another_recipe_is_told_at_the_line_that_calls_it(write, problems, monkeypatch):
    monkeypatch.syspath_prepend(".")
    write(name="third_toys.py")
    text = "from third_toys import toys\n@gf.recipe\ndef mine() -> gf.Game:\n    return toys(lr=-1)\n"
    assert problems(HEAD + text) == [(7, "adam: 'lr' must be > 0: -1.", "")]


def test_a_recipe_may_print(write, capsys):
    load_recipe(write(lines={8: "fake = G(z); print('hello')"})).read({}, Shelf())
    assert capsys.readouterr().out == "hello\n"


def test_a_recipe_returns_a_game(problems):
    text = HEAD + "@gf.recipe\ndef toys() -> gf.Game:\n    return gf.noise(3)\n"
    assert problems(text) == [(4, "recipe 'toys' returns a gf.Game; received <signal noise (3,)>.", "")]


def test_a_recorded_text_is_read_in_place_of_the_file(write):
    path = write("1 / 0\n")
    recorded = HEAD + "@gf.recipe\ndef old() -> gf.Game:\n    return gf.noise(0)\n"
    recipe = load_recipe(path, text=recorded)
    assert recipe.name == "old"
    assert "recipe.py:6\n    return gf.noise(0)\n" in failure(lambda: recipe.read({}, Shelf()))


def test_lines_are_shown_as_they_were_executed(write):
    path = write(HEAD + "x = 1\n1 / 0  # first\n")
    assert "1 / 0  # first" in failure(lambda: load_recipe(path))
    path = write(HEAD + "1 / 0  # second\n")
    assert "recipe.py:4\n    1 / 0  # second" in failure(lambda: load_recipe(path))


def test_another_path_may_be_shown(write):
    recipe = load_recipe(write(lines={9: "adam = Adam(lr=-1)"}))
    message = failure(lambda: recipe.read({}, Shelf(), shown="runs/one/recipe.py"))
    assert message.startswith("runs/one/recipe.py:9\n    adam = Adam(lr=-1)\n")


def test_a_recipe_called_in_python_tells_all_problems_at_its_lines(write):
    recipe = load_recipe(write(lines={7: "G, D = Gen('G'), Critic('D', x=1)"}))
    message = failure(lambda: recipe(lr=-1))
    assert message.startswith("recipe.py:7\n") and "\n\nrecipe.py:9\n    adam = Adam(lr=lr)\n" in message
    game = load_recipe(write())(adv=Hinge())
    assert game.players[0].minimizes.parts[0].label == "hinge"
    with pytest.raises(TypeError, match="unexpected keyword argument 'adb'"):
        recipe(adb=3)


def test_a_recipe_keeps_its_functions_name_and_documentation():
    @gf.recipe
    def documented() -> gf.Game:
        """Say something."""

    assert (documented.__name__, documented.__doc__) == ("documented", "Say something.")


def test_a_recipe_is_read_without_torch(write):
    path, toys = write().resolve(), Path(__file__).with_name("toys.py")
    program = (
        "import sys, importlib.util, pathlib\n"
        f"spec = importlib.util.spec_from_file_location('ganforge_toys', {str(toys)!r})\n"
        "sys.modules['ganforge_toys'] = toys = importlib.util.module_from_spec(spec); spec.loader.exec_module(toys)\n"
        "from ganforge.language.recipe import load_recipe\n"
        f"load_recipe(pathlib.Path({str(path)!r})).read({{'adv': 'hinge'}}, toys.Shelf())\n"
        "assert 'torch' not in sys.modules\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
