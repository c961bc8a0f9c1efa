#!/usr/bin/env python3
"""Holds every `kasbah …` line of README.md and docs/*.md against the binary's own --help.

usage: docs_commands_check.py SOURCE_DIRECTORY KASBAH

A command is read from code blocks (lines that begin with "$ " or "kasbah ", with what their
backslashes continue) and from `kasbah …` in running text. Its words have to be subcommands as
far as there are subcommands, and its options have to be among those of the command or of kasbah
itself. Ends with 1 and a line for each fault.
"""

import functools
import pathlib
import re
import shlex
import subprocess
import sys

WORD = re.compile(r"[a-z][a-z0-9-]*$")
# Where one command ends and what follows is not kasbah's: pipes, redirections, comments, `--`.
END = {"|", ">", ">>", "<", ";", "&&", "||", "&", "#", "--", "2>&1"}
# A namespace or a release of that name is no call.
CALL = re.compile(r"(?:^|(?<=[\s;|&(`]))(?<!-n )(?<!--namespace )(?:build/dev/bin/)?kasbah(?= )")


class Help:
    """What one command's --help says it takes."""

    def __init__(self, text):
        self.subcommands = set()
        # Option to whether a value follows it.
        self.options = {}
        section = ""
        for line in text.splitlines():
            if line and not line[0].isspace():
                section = line.strip()
            found = re.match(r"  ([a-z][a-z0-9-]*)(\s{2,}|$)", line)
            if section == "Subcommands:" and found:
                self.subcommands.add(found.group(1))
            found = re.match(r"  ((?:-{1,2}[A-Za-z][\w-]*,?)+)(.*)", line)
            if section == "Options:" and found:
                takes_value = re.match(r" (TEXT|INT|UINT|FLOAT)", found.group(2)) is not None
                for name in found.group(1).split(","):
                    self.options[name] = takes_value


@functools.lru_cache(maxsize=None)
def help_of(program, *path):
    run = subprocess.run([program, *path, "--help"], capture_output=True, text=True, check=False)
    return Help(run.stdout) if run.returncode == 0 else None


def calls_in(text):
    """Every call in a line, from the word after `kasbah`."""
    for match in CALL.finditer(text):
        yield text[match.end():]


def commands_of(path):
    """(line number, text) of what stands in code, continued lines joined."""
    lines = path.read_text(encoding="utf-8").splitlines()
    fenced = False
    number = 0
    while number < len(lines):
        start, line = number + 1, lines[number]
        number += 1
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        code = re.sub(r"\s#\s.*", "", line.strip())
        in_block = fenced or line.startswith("    ")
        if in_block and re.match(r"(\$ |kasbah )", code):
            # A quoted value may go over several lines as well as a backslash may.
            while number < len(lines) and (code.endswith("\\") or code.count("'") % 2):
                code = code.rstrip("\\") + " " + lines[number].strip()
                number += 1
            yield start, code
        elif not in_block:
            # A command that the line's end cuts is checked as far as the line goes.
            for piece in re.findall(r"`([^`]*\bkasbah [^`]*)(?:`|$)", line):
                yield start, piece


def words_of(call):
    """The call's words up to where it ends; None when its quotes do not match."""
    lexer = shlex.shlex(call, posix=True, punctuation_chars="|;&<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words = []
    try:
        for word in lexer:
            if word in END or word.startswith("#"):
                break
            words.append(word.rstrip(")`"))
    except ValueError:
        return None
    return words


def fault_of(program, words):
    path, known, place = [], help_of(program), 0
    everywhere = dict(known.options)
    while place < len(words):
        word = words[place]
        place += 1
        if word.startswith("-") and word != "-":
            name = word.split("=")[0]
            if name not in known.options and name not in everywhere:
                return f"kasbah {' '.join(path)}".strip() + f" has no option {name}"
            if known.options.get(name, everywhere.get(name)) and "=" not in word:
                place += 1
        elif known.subcommands:
            if word in known.subcommands:
                path.append(word)
                known = help_of(program, *path)
                if known is None:
                    return f"kasbah {' '.join(path)} --help fails"
            elif WORD.match(word):
                return f"kasbah {' '.join(path)}".strip() + f" has no subcommand {word}"
            else:
                break
    return ""


def main():
    source, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    if help_of(program) is None or not help_of(program).subcommands:
        print(f"{program} --help shows no subcommands")
        return 1
    checked, faults = 0, []
    for path in [source / "README.md", *sorted((source / "docs").glob("*.md"))]:
        for number, text in commands_of(path):
            for call in calls_in(text):
                words = words_of(call)
                checked += 1
                fault = "its quotes do not match" if words is None else fault_of(program, words)
                if fault:
                    faults.append(f"{path.relative_to(source)}:{number}: {fault}")
    print("\n".join(faults + [f"{checked} commands, {len(faults)} faults"]))
    # A reader that finds no command any more must not pass.
    return 1 if faults or checked < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
