"""Hugging Face's Trainer as its guide to causal language modelling sets it up: FOLDER MINUTES {gpt2|llama} [bf16].

6 layers of 256, 4 heads, a vocabulary of 8,192 of its own, rows of 256, 16 a step; AdamW 1e-3, decay 0.1, cosine with 5 % warm-up.
The cosine needs a number of steps, so 12 are timed first; the run ends with the clock.
"""

import sys
import tempfile
import time
from typing import Any

import transformers
from plain import Clock, Text, bits_per_byte, report, start, subwords
from torch import Tensor, nn

BLOCK, ROWS, VOCABULARY, PROBED = 256, 16, 8192, 12


class Watch(transformers.TrainerCallback):  # type: ignore[misc]
    """Notes when steps ended, and ends the run with the clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.ends = clock, list[float]()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """One step more."""
        self.ends.append(time.time())
        control.should_training_stop |= self.clock.progress >= 1


def network(shape: str) -> nn.Module:
    """A model of the shape named."""
    if shape == "gpt2":
        config = transformers.GPT2Config(vocab_size=VOCABULARY, n_positions=BLOCK, n_embd=256, n_layer=6, n_head=4)
        return transformers.GPT2LMHeadModel(config)
    config = transformers.LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=256,
        intermediate_size=688,
        num_hidden_layers=6,
        num_attention_heads=4,
        max_position_embeddings=BLOCK,
        tie_word_embeddings=True,
    )
    return transformers.LlamaForCausalLM(config)


def run(model: nn.Module, rows: Tensor, clock: Clock, steps: int, *, bf16: bool) -> Watch:
    """Trains for so many steps, or until the clock ends."""
    watch = Watch(clock)
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            output_dir=folder,
            max_steps=steps,
            per_device_train_batch_size=ROWS,
            learning_rate=1e-3,
            weight_decay=0.1,
            warmup_steps=max(1, steps // 20),
            lr_scheduler_type="cosine",
            report_to="none",
            save_strategy="no",
            use_cpu=True,
            disable_tqdm=True,
            bf16=bf16,
        )
        data = [{"input_ids": row, "labels": row} for row in rows]
        transformers.Trainer(model=model, args=arguments, train_dataset=data, callbacks=[watch]).train()
    return watch


def main() -> None:
    """The whole run."""
    folder, clock = start()
    transformers.logging.set_verbosity_error()
    shape, bf16 = sys.argv[3], "bf16" in sys.argv[4:]
    text: Text = subwords(folder, VOCABULARY)
    rows = text.train[: len(text.train) // BLOCK * BLOCK].view(-1, BLOCK)
    probe = run(network(shape), rows, clock, PROBED, bf16=bf16).ends
    per_step = (probe[-1] - probe[3]) / (len(probe) - 4)
    began = time.time()
    left = clock.seconds - (began - clock.began)
    model = network(shape)
    watch = run(model, rows, clock, max(20, int(left / per_step)), bf16=bf16)
    trained = time.time() - began
    model.eval()
    score = bits_per_byte(lambda x: model(x).logits, text, BLOCK)
    figures = {"bits_per_byte": score, "parameters": sum(p.numel() for p in model.parameters())}
    report(figures, steps=len(watch.ends), batch_tokens=BLOCK * ROWS, text=text, seconds=trained)


if __name__ == "__main__":
    main()
