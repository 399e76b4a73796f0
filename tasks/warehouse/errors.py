"""Everything that can go wrong in a way a user can repair.

WeiboManagerError            exit code 1
├── StepFailedError          exit code 1, hides what a library's error quotes
├── ConfigurationError       exit code 2, carries every mistake found
├── DamagedError             exit code 1, a file of ours is not as it was written
├── DeferredError            exit code 3, an API's budget is spent for now
├── SourceLateError          exit code 1, a source gave nothing when it should have
├── DiskFullError            exit code 1, the disk can't hold what a run makes
├── LandingDamagedError      exit code 1, landed files and their log don't fit
├── WorkspaceLockedError     exit code 4
├── ValidationFailedError    exit code 1, an error-level expectation failed
└── CheckFailedError         exit code 1, a `fail__` check found bad rows

`StoppedError` stands apart: somebody stopped the process, which no `except Exception`
may take for a failure; exit code 128 and the signal's number, as shells have it.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class WeiboManagerError(Exception):
    """One readable sentence that tells what is wrong and the repair."""

    exit_code = 1


class ConfigurationError(WeiboManagerError):
    """Wrong use or configuration; names every mistake at once."""

    exit_code = 2

    def __init__(self, mistakes: Sequence[str]) -> None:
        """Keep the mistakes and make them the message, one a line."""
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class StepFailedError(WeiboManagerError):
    """Something unforeseen; tells the kind only, since its words may quote data."""


class DeferredError(WeiboManagerError):
    """A source could not be read to its end now; what was read is published."""

    exit_code = 3


class SourceLateError(WeiboManagerError):
    """A source gave nothing when it should have; what the others gave is published."""

    def __init__(self, late: Sequence[str]) -> None:
        """Name the sources, one a line, and the repair."""
        super().__init__(
            "\n".join(
                [
                    *(f"Late: {one}." for one in late),
                    "What had landed is published; the days that are missing are caught"
                    " up when it arrives. See whether the export is still made and put"
                    " where workspace.toml looks for it. Of a source that gives"
                    " something less often, or no more, say so there:"
                    " expect_every_days = 7, or 0 for never.",
                ]
            )
        )


class DiskFullError(WeiboManagerError):
    """The disk can't hold what a run makes; told before it begins."""


class LandingDamagedError(WeiboManagerError):
    """Landed files and their log don't fit together; nothing was changed."""


class DamagedError(WeiboManagerError, ValueError):
    """A file of ours is not as it was written; names it and the repair."""

    def __init__(self, file: object, what: str = "is damaged") -> None:
        """Name the file."""
        super().__init__(
            f"{file} {what}: run `python -m flows recover`, which mends what can be."
        )


class AlarmError(WeiboManagerError):
    """An alarm may not have been told; what was published stands."""


class WorkspaceLockedError(WeiboManagerError):
    """Another run holds the workspace."""

    exit_code = 4


class StoppedError(BaseException):
    """Somebody stopped the process by a signal."""

    def __init__(self, number: int) -> None:
        """Name the signal and the repair."""
        self.exit_code = 128 + number
        super().__init__(
            f"Stopped by {signal.Signals(number).name}. What was published before still"
            " stands; the same command goes on where this one stopped."
        )


class ValidationFailedError(WeiboManagerError):
    """An error-level expectation failed; nothing was published."""


class CheckFailedError(WeiboManagerError):
    """A `fail__` check found rows that contradict each other."""


# What systems and libraries say when a disk is full.
_FULL = ("No space left", "disk is full", "Disk quota exceeded", "File too large")


def tell_disk(error: BaseException | None) -> str | None:
    """A sentence where an error, or what led to it, was a disk that took no more."""
    while error is not None:
        number = getattr(error, "errno", None)
        if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or any(
            words in str(error) for words in _FULL
        ):
            return "No space left on the disk of the workspace: make room."
        if number == errno.EROFS:
            return "The disk of the workspace is read-only: make it writable."
        if isinstance(error, PermissionError) and error.filename:
            return (
                f"This user may not use {error.filename}: run as its owner, or give it"
                " to the user that runs this."
            )
        error = error.__cause__ or error.__context__
    return None


def is_corrupt(error: BaseException) -> bool:
    """Whether the database found, by its checksums, that a block is damaged."""
    return "Corrupt database file" in str(error)


@contextmanager
def without_values(step: str) -> Iterator[None]:
    """Keep what an unforeseen error quotes out of logs and the orchestrator.

    A database's error can hold a person's words. With `WM_DEBUG` set (the command
    line's --debug) the error comes through as it is.
    """
    try:
        yield
    except WeiboManagerError:
        raise
    except Exception as error:
        if os.environ.get("WM_DEBUG"):
            raise
        if is_corrupt(error):
            raise DamagedError("A block of the warehouse") from None
        where = (
            f"{error.strerror} ({error.filename})."
            if (isinstance(error, OSError) and error.strerror)
            else f"{type(error).__name__}."
        )
        raise StepFailedError(
            f"The step '{step}' failed: {tell_disk(error) or where} What was published"
            " before still stands. Run the same command again; --debug shows where it"
            " failed."
        ) from None
