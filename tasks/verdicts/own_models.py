"""The models that a workspace judges by: its own, or the shipped ones."""

from __future__ import annotations

from tasks.accounts.identity_model import (
    IdentityParameters,
    read_parameters,
    shipped_parameters,
)
from tasks.accounts.phantom_model import (
    PhantomModel,
    read_model,
    shipped_model,
)
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.workspace import Workspace


def load_model(workspace: Workspace) -> PhantomModel:
    """The weights in `<workspace>/models/phantom.json`, else the shipped ones.

    Raises:
        ConfigurationError: they can't be used.
    """
    own = workspace.root / "models" / "phantom.json"
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
    own = workspace.root / "models" / "identity.json"
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
