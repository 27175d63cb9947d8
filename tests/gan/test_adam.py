"""The optimiser is torch's, without torch's compiler."""

from __future__ import annotations

import torch

from medsynth_engine.features.adam import Adam


def stepped(kind: type[torch.optim.Adam]) -> tuple[torch.Tensor, dict[str, object]]:
    """Weights after five steps, in whose midst the optimiser is put away and made anew, and what it keeps."""
    weights = torch.nn.Parameter(torch.linspace(-1, 1, 12).view(3, 4))
    optimiser = kind([weights], lr=1e-2, betas=(0.0, 0.9), eps=1e-8)
    for step in range(5):
        weights.grad = torch.sin(weights.detach() * (step + 1))
        optimiser.step()
        optimiser.zero_grad()
        assert weights.grad is None
        if step == 2:
            kept = optimiser.state_dict()
            optimiser = kind([weights], lr=1.0)
            optimiser.load_state_dict(kept)
    return weights.detach(), optimiser.state_dict()


def test_steps_are_those_of_torch_to_the_last_bit_and_so_is_what_it_keeps() -> None:
    (ours, our_state), (theirs, their_state) = stepped(Adam), stepped(torch.optim.Adam)
    assert torch.equal(ours, theirs)
    assert our_state["param_groups"] == their_state["param_groups"]
    for name, value in our_state["state"][0].items():  # type: ignore[index]
        assert torch.equal(value, their_state["state"][0][name])  # type: ignore[index]
