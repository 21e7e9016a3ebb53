"""Templates of Jinja whose values become text in one step: a site writes half a million of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jinja2 import Environment
from jinja2.compiler import CodeGenerator
from markupsafe import escape

from navlayers.output.html import finalize

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.compiler import Frame

_MARKUP = re.compile("[&<>'\"]").search


class _Code(CodeGenerator):
    """Writes `environment.text(…)` where Jinja has `escape(environment.finalize(…))`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("(environment.text(")


class Templates(Environment):
    """The environment of all templates, which escape every value."""

    code_generator_class = _Code

    @staticmethod
    def text(value: object) -> str:
        """A value as it is written into a page, the same as `escape(finalize(value))`."""
        if type(value) is str and value.isprintable() and not _MARKUP(value):
            return value
        return escape(finalize(value))
