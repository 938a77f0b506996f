"""The project's Python files and what each imports, read without executing anything."""

import ast
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]


@attrs.frozen
class Import:
    """One imported module of one import statement.

    Args:
        module: Its absolute name; of ``from a import b`` it is a.b where that is a module, else a.
        names: What is taken from it; empty for the module itself.
        line: Where.
        inside: Whether it stands inside a function.
        typing: Whether it stands under TYPE_CHECKING, so that nothing is imported at run time.
    """

    module: str
    names: tuple[str, ...]
    line: int
    inside: bool
    typing: bool

    @property
    def top(self) -> str:
        """The imported top-level package."""
        return self.module.partition(".")[0]


def files(*folders: str) -> list[Path]:
    """All Python files below some folders of the project, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def modules(source_root: Path, package: str) -> dict[str, Path]:
    """The modules of a package by absolute name."""
    found = {}
    for path in sorted((source_root / package).rglob("*.py")):
        parts = path.relative_to(source_root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(module: str, path: Path, known: dict[str, Path]) -> list[Import]:
    """Everything that a module imports.

    Args:
        module: Its absolute name.
        path: Its file.
        known: All modules by name, to tell a module from a name taken out of one.
    """
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        found
        for node, inside, typing in _walk(tree, False, False)
        for found in _read(node, package, known, inside, typing)
    ]


def _walk(node: ast.AST, inside: bool, typing: bool) -> Iterator[tuple[ast.AST, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        hidden = typing or (isinstance(node, ast.If) and _asks_typing(node.test) and child in node.body)
        yield child, inside, hidden
        function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(child, inside or function, hidden)


def _asks_typing(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _read(node: ast.AST, package: str, known: dict[str, Path], inside: bool, typing: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, (), node.lineno, inside, typing)
    elif isinstance(node, ast.ImportFrom):
        base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        name = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            full = f"{name}.{alias.name}"
            yield (
                Import(full, (), node.lineno, inside, typing)
                if full in known
                else Import(name, (alias.name,), node.lineno, inside, typing)
            )


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Some cycle of a graph, from a node to itself; empty if there is none."""
    done: set[str] = set()
    for start in graph:
        trail: list[str] = []
        stack = [(start, iter(sorted(graph[start])))]
        trail.append(start)
        while stack:
            node, rest = stack[-1]
            step = next((other for other in rest if other in graph and other not in done), None)
            if step is None:
                done.add(node)
                stack.pop()
                trail.pop()
            elif step in trail:
                return [*trail[trail.index(step) :], step]
            else:
                trail.append(step)
                stack.append((step, iter(sorted(graph[step]))))
    return []
