"""Tests of docstrings read for help texts."""

from ganforge.language import docstring


def documented(data, lr, betas=()):
    """Say it in one
    sentence.

    Explain more: here.

    Args:
        data: What it imitates.
        lr (float): How fast;
            with a second line: and a colon.

        betas: Two numbers.

    Afterwards: this is no argument.

    Returns:
        out: Not an argument either.
    """


def test_the_summary_is_the_first_paragraph():
    assert docstring.summary(documented) == "Say it in one sentence."


def test_the_body_ends_at_the_first_section():
    assert docstring.body(documented) == "Say it in one\nsentence.\n\nExplain more: here."


def test_arguments_are_read_by_name_over_several_lines():
    assert docstring.arguments(documented) == {
        "data": "What it imitates.",
        "lr": "How fast; with a second line: and a colon.",
        "betas": "Two numbers.",
    }


def test_nothing_is_read_where_nothing_is_written():
    def silent() -> None: ...

    assert (docstring.summary(silent), docstring.body(silent), docstring.arguments(silent)) == ("", "", {})
