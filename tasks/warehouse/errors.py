"""Everything that can go wrong in a way a user can repair.

WeiboManagerError            exit code 1
├── ConfigurationError       exit code 2, carries every mistake found
├── WorkspaceLockedError     exit code 4
├── ValidationFailedError    exit code 1, an error-level expectation failed
└── CheckFailedError         exit code 1, a `fail__` check found bad rows
"""

from __future__ import annotations

from collections.abc import Sequence


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


class WorkspaceLockedError(WeiboManagerError):
    """Another run holds the workspace."""

    exit_code = 4


class ValidationFailedError(WeiboManagerError):
    """An error-level expectation failed; nothing was published."""


class CheckFailedError(WeiboManagerError):
    """A `fail__` check found rows that contradict each other."""
