"""`python -m benchmarks.typed [PART...]`: run command lines for networks of many libraries; write a report.

Every line runs unchanged, with `--format json` appended, in a folder with the files that it names. The exit code is 1
if a line fails. It needs `pip install .[libraries] timm`; nothing is downloaded.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import sys
import tempfile
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from archcost import units
from archcost.cli import run

REPORT = Path(__file__).parent.parent / "reports" / "measured" / "typed.md"
LINES = """
archcost profile resnet50
archcost profile src/mypkg/net.py:Net?width=32 --input 3x32x32
archcost profile mypkg.net:Words --seq 16
archcost profile torch.nn:TransformerEncoderLayer?d_model=64&nhead=4 --input 16x64
archcost profile torch.nn:LSTM?input_size=8&hidden_size=16&batch_first=true --input 20x8
archcost profile llama-70b/config.json --seq 2048
archcost profile hf:llama --seq 512
archcost profile hf:gpt2#GPT2LMHeadModel@seq64
archcost profile hf:mixtral?num_hidden_layers=2
archcost profile hf:deepseek_v3?num_hidden_layers=2
archcost profile hf:gemma3_text?num_hidden_layers=6
archcost profile hf:mamba
archcost profile hf:t5
archcost profile hf:bart
archcost profile hf:whisper
archcost profile hf:wav2vec2
archcost profile hf:vit
archcost profile hf:swin --batch 4
archcost profile hf:clip
archcost profile hf:siglip2
archcost profile hf:llava?text_config.num_hidden_layers=2
archcost profile transformers:BertModel?num_hidden_layers=2
archcost profile sdxl/unet/config.json
archcost profile diffusers:UNet2DModel?sample_size=32
archcost profile diffusers:AutoencoderKL --input sample=3x64x64
archcost profile diffusers:DiTTransformer2DModel?num_layers=4
archcost profile diffusers:PixArtTransformer2DModel?num_layers=2
archcost profile diffusers:FluxTransformer2DModel?num_layers=1&num_single_layers=2
archcost profile ultralytics:yolo11n
archcost profile yolov8s-seg.yaml
archcost profile smp:Unet?encoder_name=resnet34
archcost profile smp:DeepLabV3Plus?encoder_name=resnet18&classes=21 --input 3x256x256
archcost profile open_clip:ViT-B-32
archcost profile monai:UNet?spatial_dims=2&in_channels=1&out_channels=2&channels=[16,32,64]&strides=[2,2]
archcost profile monai:SwinUNETR
archcost profile pyg:GCN
archcost profile pyg:GAT?in_channels=16 --input x=exact:100x16 --input edge_index=exact:2x1000:int64
archcost profile timm:vit_base_patch16_224?num_classes=10
archcost profile torchvision:deeplabv3_resnet50
archcost profile torchvision:raft_small
archcost profile kornia.feature:HardNet?pretrained=false --input 1x32x32
archcost profile net.pt2
archcost profile net.pt --input 3x8x8
archcost profile net.safetensors
"""
NET = """
from dataclasses import dataclass

from torch import nn

from .parts import conv


@dataclass
class Config:
    width: int = 16


class Net(nn.Sequential):
    def __init__(self, config: Config):
        super().__init__(conv(3, config.width), nn.ReLU(), conv(config.width, config.width))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(100, 8), nn.Linear(8, 100)

    def forward(self, tokens):
        return self.out(self.table(tokens))
"""
LLAMA_70B = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672,
    "num_attention_heads": 64, "num_hidden_layers": 80, "num_key_value_heads": 8, "vocab_size": 128_256,
    "max_position_embeddings": 8192, "dtype": "bfloat16", "tie_word_embeddings": False,
}  # fmt: skip
SDXL = {
    "_class_name": "UNet2DConditionModel", "sample_size": 128, "in_channels": 4, "block_out_channels": [320, 640, 1280],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "cross_attention_dim": 2048,
    "transformer_layers_per_block": [1, 2, 10], "attention_head_dim": [5, 10, 20], "use_linear_projection": True,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The result of a line."""

    line: str
    figures: str
    failed: bool
    seconds: float


def write_files(folder: Path) -> None:
    """Write the files that the lines name."""
    import torch
    from torch import nn

    files = {
        "pyproject.toml": "[project]\nname = 'mine'\n",
        "src/mypkg/__init__.py": "",
        "src/mypkg/parts.py": "from torch import nn\n\n\ndef conv(a, b):\n    return nn.Conv2d(a, b, 3)\n",
        "src/mypkg/net.py": NET,
        "llama-70b/config.json": json.dumps(LLAMA_70B),
        "sdxl/unet/config.json": json.dumps(SDXL),
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 5)).eval()
    image = torch.zeros(1, 3, 8, 8)
    torch.export.save(torch.export.export(net, (image,)), folder / "net.pt2")
    torch.jit.save(torch.jit.trace(net, image), folder / "net.pt")  # type: ignore[no-untyped-call]
    header = json.dumps({"layers.0.w": {"dtype": "BF16", "shape": [8, 4], "data_offsets": [0, 64]}}).encode()
    (folder / "net.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(64))


def run_line(line: str) -> Ran:
    """Run a line unchanged, and read its result."""
    out, err = io.StringIO(), io.StringIO()
    begun = time.process_time()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([*shlex.split(line)[1:], "--format", "json"])
    seconds = time.process_time() - begun
    if code:
        reason = next((text for text in err.getvalue().splitlines() if text.startswith("archcost:")), err.getvalue())
        return Ran(line=line, figures=f"exit {code}: {reason}", failed=True, seconds=seconds)
    found = json.loads(out.getvalue())
    totals = found.get("totals") or found["total"]
    macs = f", {units.short(totals['macs'], 'MACs')}" if "macs" in totals else " (a header: no multiply-adds)"
    return Ran(line=line, figures=f"{units.short(totals['params'])} params{macs}", failed=False, seconds=seconds)


def write_report(rows: list[Ran]) -> str:
    """Return the table."""
    head = (
        "# What is typed\n\nWritten by `python -m benchmarks.typed`: each line runs as it stands, without weights. In "
        "a shell, quote names with `?` or `&`.\n\n| typed | comes to |\n|---|---|\n"
    )
    return head + "".join(f"| `{row.line}` | {row.figures} |\n" for row in rows)


def main() -> int:
    """Run the lines that contain a given part; without parts run all lines and write the report."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    lines = [line for line in LINES.splitlines() if line]
    chosen = [line for line in lines if not sys.argv[1:] or any(part in line for part in sys.argv[1:])]
    rows = []
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        write_files(Path(folder))
        for line in chosen:
            rows.append(run_line(line))
            how = "FAILED" if rows[-1].failed else "ok"
            print(
                f"{how:6} {rows[-1].seconds:5.1f} s  {line}  {rows[-1].figures}",
                flush=True,
            )
    if len(chosen) == len(lines):
        REPORT.write_text(write_report(rows))
    return int(any(row.failed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
