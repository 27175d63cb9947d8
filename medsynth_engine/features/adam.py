"""Adam (Kingma and Ba 2015) as torch has it, step for step, without torch's compiler.

The first step of an optimiser of torch imports the compiler, to tell it where not to look. Nothing here is compiled,
and the import costs every training more than a second and tens of megabytes before its first image.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.optim import Optimizer


def _plain(method: Any) -> Any:
    """A method of torch's optimiser without the wrappers that ask the compiler to look away."""
    return inspect.unwrap(method)


class Adam(torch.optim.Adam):
    """The same numbers, to the last bit, as `torch.optim.Adam` with the same arguments."""

    step = torch.no_grad()(_plain(torch.optim.Adam.step))
    add_param_group = _plain(Optimizer.add_param_group)
    state_dict = _plain(Optimizer.state_dict)
    load_state_dict = _plain(Optimizer.load_state_dict)
    zero_grad = _plain(Optimizer.zero_grad)
