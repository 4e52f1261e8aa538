# SPDX-License-Identifier: LGPL-2.1-or-later
"""Just enough of a C parser for our house style: tokens, comments, includes, functions."""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<directive>^[ \t]*\#(?:/\*.*?\*/|\\\n|[^\n])*)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<sign>->|&&|\|\||[-+*/%&|^~!<>=?:;,.(){}\[\]])""",
    re.X | re.S | re.M,
)
CONTROL = {"if", "for", "while", "switch"}


@dataclass
class Token:
    kind: str
    text: str
    line: int


@dataclass
class Function:
    name: str
    static: bool
    line: int
    end: int
    parameters: int
    branches: int
    nesting: int
    gotos: int
    statics: list = field(default_factory=list)

    @property
    def lines(self):
        return self.end - self.line + 1


class Source:
    """tokens: without comments and directives; docs: last line of each doc comment."""

    def __init__(self, text):
        self.tokens = []
        self.includes = []
        self.docs = set()
        self.functions = []
        self.statics = []
        self.declared = {}
        line, at = 1, 0
        for match in TOKEN.finditer(text):
            line += text.count("\n", at, match.start())
            at = match.start()
            kind, body = match.lastgroup, match.group()
            if kind == "comment":
                if body.startswith("/**"):
                    self.docs.add(line + body.count("\n"))
            elif kind == "directive":
                include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', body)
                if include:
                    self.includes.append((include[2], include[1] == "<", line))
            else:
                self.tokens.append(Token(kind, body, line))
        self._parse()

    def _parse(self):
        start, depth, index = 0, 0, 0
        tokens = self.tokens
        while index < len(tokens):
            text = tokens[index].text
            if text == "{" and depth == 0 and self._opens_function(start, index):
                index = self._function(start, index)
                start = index + 1
            elif text == "{":
                depth += 1
            elif text == "}":
                depth -= 1
            elif text == ";" and depth == 0:
                self._declaration(tokens[start:index])
                start = index + 1
            index += 1

    def _opens_function(self, start, index):
        # With a `=` before it, it is an initialiser such as `= MACRO (x) { … }`.
        return self.tokens[index - 1].text == ")" and not any(
            token.text == "=" for token in self.tokens[start:index]
        )

    def _open_parenthesis(self, close):
        depth = 0
        for at in range(close, -1, -1):
            depth += (self.tokens[at].text == ")") - (self.tokens[at].text == "(")
            if depth == 0:
                return at
        raise ValueError("unbalanced parentheses")

    def _function(self, start, brace):
        tokens = self.tokens
        close = brace - 1
        opening = self._open_parenthesis(close)
        if tokens[opening - 1].text.startswith("G_GNUC_"):
            close = opening - 2
            opening = self._open_parenthesis(close)
        name = tokens[opening - 1]
        # A macro without a semicolon (G_DEFINE_…) may stand before the function in the same run.
        head = [token for token in tokens[start:opening] if token.line >= name.line - 1]
        function = Function(
            name.text,
            any(token.text == "static" for token in head),
            head[0].line if head else name.line,
            0,
            self._parameters(opening, close),
            0,
            0,
            0,
        )
        end = self._body(function, brace)
        function.end = tokens[end].line
        self.functions.append(function)
        return end

    def _parameters(self, opening, close):
        inner = self.tokens[opening + 1 : close]
        if not inner or [token.text for token in inner] == ["void"]:
            return 0
        depth, count = 0, 1
        for token in inner:
            depth += (token.text in "([") - (token.text in ")]")
            count += token.text == "," and depth == 0
        return count

    def _body(self, function, brace):
        """Measures from the opening brace on; returns the index of the closing one."""
        tokens = self.tokens
        blocks = []
        for at in range(brace, len(tokens)):
            text = tokens[at].text
            if text == "{":
                # After a sign other than these, or inside another, it is an initialiser, not a block.
                opens = tokens[at - 1].text in (")", "else", "do", "{", "}", ";", ":")
                blocks.append(opens and (not blocks or blocks[-1]))
                function.nesting = max(function.nesting, sum(blocks) - 1)
            elif text == "}":
                blocks.pop()
                if not blocks:
                    return at
            elif text in CONTROL or text == "?":
                # The tail of do … while belongs to its do.
                function.branches += not (text == "while" and tokens[at - 1].text == "}" and self._ends_do(at))
            elif text == "goto":
                function.gotos += 1
            elif text == "static":
                function.statics.append(self._static(tokens[at:]))
        raise ValueError(f"{function.name}: no closing brace")

    def _ends_do(self, at):
        depth = 0
        for index in range(at - 1, -1, -1):
            text = self.tokens[index].text
            depth += (text == "}") - (text == "{")
            if depth == 0:
                return self.tokens[index - 1].text == "do"
        return False

    @staticmethod
    def _static(tokens):
        """(name, line) of a mutable static variable, or None when it is const or a function."""
        words = []
        for token in tokens:
            if token.text in (";", "=", "["):
                break
            if token.text in ("(", "const"):
                return None
            words.append(token)
        return (words[-1].text, words[0].line)

    def _declaration(self, statement):
        if not statement:
            return
        texts = [token.text for token in statement]
        if "static" in texts:
            self.statics.append(self._static(statement[texts.index("static") :]))
        elif "(" in texts and texts[0] != "typedef":
            at = texts.index("(")
            if at and statement[at - 1].kind == "word":
                self.declared[texts[at - 1]] = statement[0].line

    def documented(self, line):
        """Whether a doc comment ends on the line above (attributes may stand between)."""
        return any(line - back in self.docs for back in (1, 2, 3))

    def mutable_statics(self):
        found = list(self.statics)
        for function in self.functions:
            found += function.statics
        return [item for item in found if item]
