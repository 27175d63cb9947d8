"""One place that runs an operation, prints its result, and turns an error into a sentence and an exit code."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from medsynth_engine.kernel.errors import Denied, Interrupted, MedSynthError, Refused
from medsynth_engine.kernel.escape import markup
from medsynth_engine.kernel.home import default_home

if TYPE_CHECKING:
    from rich.console import Console

    from medsynth_engine.engine import Engine

T = TypeVar("T")
Document = dict[str, Any]


class Link(StrEnum):
    auto = "auto"
    fast = "fast"
    slow = "slow"


@dataclass(frozen=True)
class Manner:
    """How a command was asked for: the options that every command takes."""

    home: Path | None = None
    json: bool = False
    link: Link | None = None
    plain: bool = False
    ascii: bool = False
    simulated: bool = False

    def changed(self, **options: Any) -> Manner:
        """With the options that were given; what was not given stays as it is."""
        return replace(self, **{key: value for key, value in options.items() if value not in (None, False)})


class Face:
    """One command under way. As a context manager it ends every MedSynthError in its exit code."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.json = manner.json
        self.home = manner.home.expanduser().resolve() if manner.home else default_home()
        self._runner: asyncio.Runner | None = None
        self._engine: Engine | None = None
        for stream in (sys.stdout, sys.stderr):
            if isinstance(
                stream, io.TextIOWrapper
            ):  # what a terminal cannot show becomes a question mark, not an error
                stream.reconfigure(errors="replace", encoding="ascii" if manner.ascii else None)

    def __enter__(self) -> Face:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._engine is not None:
            self._engine.close()
        if self._runner is not None:
            self._runner.close()
        if isinstance(error, KeyboardInterrupt):
            error = Interrupted("interrupted", "Interrupted.")
        if isinstance(error, MedSynthError):
            self._fail(error)
            raise typer.Exit(error.exit_code) from error

    # --- asking the engine -------------------------------------------------------------------------------------

    @property
    def runner(self) -> asyncio.Runner:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner

    @property
    def engine(self) -> Engine:
        """The engine as the holder of the kept session, if there is one."""
        if self._engine is None:
            from medsynth_tui.cli import token

            session = token.read(self.home)
            self._engine = self.engine_with(session.token if session else None)
        return self._engine

    def engine_with(self, session_token: str | None) -> Engine:
        from medsynth_engine.engine import Engine  # not for --help: it knows the ledger

        return Engine(self.home, session_token, face="cli")

    def ask(self, operation: Callable[[Engine], Awaitable[T]]) -> T:
        """What a short operation returns. Where it wants the password again, a person at a terminal is asked for it."""

        async def call() -> T:
            return await operation(self.engine)

        try:
            return self.runner.run(call())
        except Denied as denied:
            from medsynth_tui.cli.proving import prove_again

            if denied.code != "confirm_needed" or not prove_again(self, self.engine):
                raise
            return self.runner.run(call())

    def work(self, operation: Callable[[Engine], Awaitable[Document]]) -> Document:
        """Start long work and wait for it, with its progress on stderr; the job's result, or what needs no job."""
        from medsynth_tui.cli.waiting import wait

        started = self.ask(operation)
        if started["job"] is None:
            return {name: value for name, value in started.items() if name != "job"}
        return wait(self, str(started["job"]))

    # --- showing -----------------------------------------------------------------------------------------------

    @cached_property
    def out(self) -> Console:
        """Where results go."""
        return self._console(stderr=False)

    @cached_property
    def messages(self) -> Console:
        """Where progress and sentences about it go."""
        return self._console(stderr=True)

    def _console(self, stderr: bool) -> Console:
        from medsynth_tui.cli.console import open_console

        return open_console(stderr, self.manner.plain)

    def give(self, document: Any, view: Callable[[Face, Any], None]) -> None:
        """Print a result: as the one JSON document, or as `view` shows it to a person."""
        if self.json:
            print_json(document)
            return
        with patient_stdout():
            self._say_stamp()
            view(self, document)

    def say(self, sentence: str) -> None:
        """A message to a person, beside the result. Escape what comes from outside before."""
        self.messages.print(sentence, soft_wrap=not self.messages.is_terminal)

    def _say_stamp(self) -> None:
        """A development store says so wherever a person looks at it."""
        from medsynth_tui.cli import token

        session = token.read(self.home)
        if session is not None and session.stamp == "development" and sys.stderr.isatty():
            self.say("[dim]DEVELOPMENT store: for trying out, never for patients' data.[/dim]")

    def _fail(self, error: MedSynthError) -> None:
        if self.json:
            document: Document = {"error": error.document()}
            if isinstance(error, Refused):
                document["refused"] = error.reasons
            print_json(document)
            return
        self.say(f"[bold]{markup(error.message, 500)}[/bold]")
        for reason in error.reasons if isinstance(error, Refused) else []:
            self.say(f"  - {markup(reason.get('why', ''), 500)}")
            if reason.get("what_to_do"):
                self.say(f"    [dim]{markup(reason['what_to_do'], 500)}[/dim]")
        if error.hint:
            self.say(markup(error.hint, 2_000))


def print_json(document: Any) -> None:
    """Only ASCII: what a person or a file supplied then cannot steer the terminal either."""
    with patient_stdout():
        print(json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False, default=str))


@contextmanager
def patient_stdout() -> Iterator[None]:
    """Write and flush; where the reader has left (`| head`), the command ends as it would have ended."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        from medsynth_tui.cli.console import silence_stdout

        silence_stdout()
