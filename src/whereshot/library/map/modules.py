r"""JavaScript modules as one script, so that a page can carry them inside of itself.

A browser doesn't let a page that was opened from a folder import from other files. Each module
becomes a function that gives what it exports. What is understood is what the project's own modules
and those that it takes from others use; anything else is an error, and no guess.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     _ = Path(folder, "a.js").write_text("export const one = 1;\n")
...     _ = Path(folder, "b.js").write_text('import { one as i } from "./a.js";\nconsole.log(i);\n')
...     print(join_modules(Path(folder, "b.js")))
"use strict";
const $a = (() => {
const one = 1;
return { one };
})();
const $b = (() => {
const { one: i } = $a;
console.log(i);
return {  };
})();
<BLANKLINE>
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(
    r"""^import\s*(?P<names>[\w$]+|\{[^}]*\})\s*from\s*["'](?P<path>[^"']+)["'];?""", re.MULTILINE
)
_EXPORT_LIST = re.compile(r"\bexport\s*\{(?P<names>[^}]*)\};?\s*$")
_EXPORT = re.compile(r"^export (?P<kind>(?:async )?function|const|class) (?P<name>[\w$]+)", re.M)
_EXPORT_DEFAULT = re.compile(r"^export default function\s*\(", re.MULTILINE)
_LEFT = re.compile(r"^\s*(?:import|export)\b|\bexport\s*\{", re.MULTILINE)
_RENAMED = re.compile(r"([\w$]+)\s+as\s+([\w$]+)")


def join_modules(entry: Path) -> str:
    """A module and all that it imports, in an order in which each finds what it needs.

    Raises ValueError for a form of import or export that is not understood.
    """
    texts: dict[Path, str] = {}
    _add(entry.resolve(), texts, ())
    script = '"use strict";\n' + "".join(texts.values())
    # Nothing inside a script element may look like its end, or like the start of a comment.
    return script.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _add(path: Path, texts: dict[Path, str], above: tuple[Path, ...]) -> None:
    if path in texts:
        return
    if path in above:
        raise ValueError(f"'{path}' imports itself by way of {', '.join(map(str, above))}")
    text = path.read_text(encoding="utf-8")
    for found in _IMPORT.finditer(text):
        _add((path.parent / found["path"]).resolve(), texts, (*above, path))

    def imported(found: re.Match[str]) -> str:
        source = _variable((path.parent / found["path"]).resolve(), texts)
        names = found["names"]
        if not names.startswith("{"):
            return f"const {{ default: {names} }} = {source};"
        names = _RENAMED.sub(r"\1: \2", names)
        return f"const {names} = {source};"

    exports: list[str] = []

    def exported(found: re.Match[str]) -> str:
        exports.append(found["name"])
        return f"{found['kind']} {found['name']}"

    def listed(found: re.Match[str]) -> str:
        exports.append(_RENAMED.sub(r"\2: \1", found["names"]).strip())
        return ""

    text = _IMPORT.sub(imported, text)
    text = _EXPORT_LIST.sub(listed, text)
    text = _EXPORT.sub(exported, text)
    text, defaults = _EXPORT_DEFAULT.subn("const $default = function(", text)
    exports += ["default: $default"] * defaults
    left = _LEFT.search(text)
    if left is not None:
        line = text[left.start() :].lstrip().splitlines()[0][:80]
        raise ValueError(f"'{path}' has an import or export that is not understood: {line}")
    texts[path] = ""  # for its own name
    texts[path] = (
        f"const {_variable(path, texts)} = (() => {{\n{text.strip()}\n"
        f"return {{ {', '.join(exports)} }};\n}})();\n"
    )


def _variable(path: Path, texts: dict[Path, str]) -> str:
    """The name of a module's exports: its file's, numbered where two files share one."""
    same = [each for each in texts if each.stem == path.stem]
    number = same.index(path)
    return f"${re.sub(r'[^a-zA-Z0-9_]', '_', path.stem)}{number or ''}"
