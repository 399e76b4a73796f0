"""The models that a workspace judges by: its own, or the shipped ones."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.warehouse.code_digest import SHIPPED_MODELS
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from tasks.accounts.identity_model import IdentityParameters
    from tasks.accounts.phantom_model import PhantomModel


def digest_of_models(workspace: Workspace) -> str:
    """A digest of the files that `load_model` and `load_parameters` read."""
    digest = hashlib.sha256()
    for name in ("phantom.json", "identity.json"):
        own = _own(workspace, name)
        file = own if own.exists() else SHIPPED_MODELS / name
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _own(workspace: Workspace, name: str) -> Path:
    return workspace.root / "models" / name


def load_model(workspace: Workspace) -> PhantomModel:
    """The weights in `<workspace>/models/phantom.json`, else the shipped ones.

    Raises:
        ConfigurationError: they can't be used.
    """
    from tasks.accounts.phantom_model import read_model, shipped_model

    own = _own(workspace, "phantom.json")
    if not own.exists():
        return shipped_model()
    try:
        return read_model(own.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            [
                f"{own} holds no weights that this version can use ({error}): train"
                " them again, or remove the file to use the shipped ones."
            ]
        ) from None


def load_parameters(workspace: Workspace) -> IdentityParameters:
    """The linkage model in `<workspace>/models/identity.json`, else the shipped one.

    Raises:
        ConfigurationError: it can't be used.
    """
    from tasks.accounts.identity_model import read_parameters, shipped_parameters

    own = _own(workspace, "identity.json")
    if not own.exists():
        return shipped_parameters()
    try:
        return read_parameters(own.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            [
                f"{own} holds no linkage model that this version can use ({error}):"
                " train it again, or remove the file to use the shipped one."
            ]
        ) from None
