"""The frame of every table: the network, the totals, the conventions, the remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from archcost import units
from archcost.choices import FOLLOWED
from archcost.page.names import write_plain
from archcost.page.page import Figure, Remark, is_finite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Layer, NetworkInfo, Peak, Report


def spell_title(network: NetworkInfo) -> str:
    """Return the network's name, and its spec if that differs."""
    return network.name if network.name == network.spec else f"{network.name} ({network.spec})"


def list_facts(report: Report) -> tuple[str, ...]:
    """Return the network's inputs and options."""
    device, followed = (report.environment.get(name) for name in ("device", "like"))
    chosen = report.totals.saved_bytes is not None or report.network.amp or followed != FOLLOWED[0]
    like = f", like {followed}" if followed and chosen else ""
    rows = f"{units.exact(report.totals.layers)} rows"
    return tuple(fact for fact in (*list_run_facts(report.network), device and f"on {device}{like}", rows) if fact)


def list_run_facts(network: NetworkInfo) -> tuple[str, str]:
    """Return the inputs, the mode and the precision."""
    inputs = ", ".join(
        f"{'' if each.name is None else each.name + '='}{units.shape(each.shape)} {each.dtype}"
        for each in network.inputs
    )
    mixed = "" if network.amp is None else f", mixed precision {network.amp}"
    return f"input {inputs}", f"{network.mode} mode{mixed}"


def spell_conventions(report: Report, *, binary: bool) -> str:
    """Return the line that explains the figures."""
    batches = sorted({each.shape[0] for each in report.network.inputs if len(each.shape) > 1})
    batch = f"batch {units.number(batches[0])}; " if len(batches) == 1 else ""
    prefix = "bytes in steps of 1024, all else of 1000" if binary else "prefixes in steps of 1000"
    text = (
        f"MACs are multiply-adds; FLOPs = 2 x MACs; {batch}{prefix}; % of the total, bars against the largest; "
        "memory: the input and every new tensor that is read"
    )
    names = [layer.name for layer in report.layers if layer.call is not None and not layer.is_input]
    return text + ("; #1 is a second call." if len(set(names)) < len(names) else ".")


def list_figures(report: Report, *, binary: bool) -> tuple[Figure, ...]:
    """Return the totals with all digits."""
    return (
        *_parameter_figures(report, binary=binary),
        *_work_figures(report),
        *_memory_figures(report, binary=binary),
        *_graph_figures(report),
    )


def list_remarks(report: Report) -> tuple[Remark, ...]:
    """Return the notes, the warnings, and the parts that were not counted or never ran."""
    found = [
        Remark(
            kind="uncovered",
            text=f"{name}: {units.exact(calls)} call{'' if calls == 1 else 's'} counted as nothing, for there is no "
            f'rule; write one: archcost.rule("{name.replace(".", "::", 1)}")',
        )
        for name, calls in report.uncovered.items()
    ]
    found += [Remark(kind="warning", text=text) for text in report.warnings]
    if report.uncalled:
        found.append(Remark(kind="uncalled", text=f"never called: {', '.join(report.uncalled)}"))
    return (*found, *(Remark(kind="note", text=text) for text in report.network.notes))


def _parameter_figures(report: Report, *, binary: bool) -> Iterator[Figure]:
    totals = report.totals
    yield _count("Parameters", totals.params)
    yield _count("trainable", totals.trainable_params, _in_full(report, "trainable_params"), level=1)
    yield _count("weights", totals.weights, "without biases and normalisation", level=1)
    yield _bytes("memory", totals.param_bytes, binary=binary, level=1)
    if totals.buffers:
        yield _count("Buffers", totals.buffers, "BatchNorm statistics and the like")


def _work_figures(report: Report) -> Iterator[Figure]:
    totals = report.totals
    yield _count("MACs", totals.macs)
    yield _count("FLOPs", 2 * totals.macs, "2 x MACs", level=1)
    if totals.backward_macs is not None:
        yield _count("backward MACs", totals.backward_macs, _in_full(report, "backward_macs"), level=1)
    yield _count("Other ops", totals.other_ops, "everything but multiply-adds")


def _memory_figures(report: Report, *, binary: bool) -> Iterator[Figure]:
    totals = report.totals
    yield _count("Activations", totals.activation_elements, "elements: input and new tensors")
    yield _bytes("memory", totals.activation_bytes, binary=binary, level=1)
    yield _count("MActs", totals.macts, "outputs of conv and linear layers")
    yield _bytes("Read", totals.read_bytes, binary=binary)
    yield _bytes("Written", totals.written_bytes, binary=binary)
    for label, value, remark in (
        (
            "Saved for backward",
            totals.saved_bytes,
            _in_full(report, "saved_bytes", "B", binary=binary) or "by autograd, apart from parameters",
        ),
        ("Gradients", totals.gradient_bytes, _in_full(report, "gradient_bytes", "B", binary=binary)),
        (
            "Optimizer state",
            totals.optimizer_state_bytes,
            _in_full(report, "optimizer_state_bytes", "B", binary=binary),
        ),
        ("Inference peak", totals.peak_inference_bytes, _moment(report.peak)),
        (
            "Training peak",
            totals.peak_training_bytes,
            "; ".join(
                text
                for text in (_in_full(report, "peak_training_bytes", "B", binary=binary), _moment(report.peak))
                if text
            ),
        ),
    ):
        if value is not None:
            yield _bytes(label, value, remark, binary=binary)
    if totals.peak_allocated_bytes is not None:
        yield _bytes("allocated", totals.peak_allocated_bytes, "in blocks of 512 bytes", binary=binary, level=1)
    if report.peak is not None and report.timeline:  # the memory view, which shows the parts of the peak
        for kind, nbytes in sorted(report.peak.live.items(), key=lambda item: -item[1]):
            yield _bytes(kind, nbytes, "alive then", binary=binary, level=1)


def _in_full(report: Report, name: str, unit: Literal["", "B"] = "", *, binary: bool = False) -> str:
    """Return a quantity's value in full training, if something is frozen."""
    if report.full_training is None:
        return ""
    return f"{units.short(getattr(report.full_training, name), unit, binary=binary)} in full training"


def _moment(peak: Peak | None) -> str:
    """Name the moment of peak memory, as far as it is known."""
    if peak is None or not peak.operator:
        return ""
    layer = write_plain(peak.layer) if peak.layer else ""
    places = {"forward": f"at {layer or 'the start'}", "backward": f"backward of {layer or 'the loss'}"}
    return places.get(peak.phase, "in the loss" if peak.phase == "loss" else "in the optimizer's step")


def _graph_figures(report: Report) -> Iterator[Figure]:
    yield Figure(label="Depth", digits=units.exact(report.totals.depth), remark="weighted layers on the longest path")
    field = _field_figure(report.layers)
    if field is not None:
        yield field


def _field_figure(layers: tuple[Layer, ...]) -> Figure | None:
    """Describe the last receptive field that does not cover the whole input."""
    finite = [i for i, layer in enumerate(layers) if is_finite(layer.receptive_field)]
    making = [i for i in finite if layers[i].activation_elements] or finite
    everything = [i for i, layer in enumerate(layers) if "all" in (layer.receptive_field or ())]
    if making:
        last = layers[making[-1]]
        after = "; all after it" if any(i > making[-1] for i in everything) else ""
        remark = f"at {last.name}{after}"
        return Figure(label="Receptive field", digits=units.extents(last.receptive_field), remark=remark)
    if everything:
        return Figure(
            label="Receptive field", digits="all", remark=f"the whole input from {layers[everything[0]].name}"
        )
    return None


def _count(label: str, value: int, remark: str = "", level: int = 0) -> Figure:
    return Figure(label=label, digits=units.exact(value), short=units.short(value), remark=remark, level=level)


def _bytes(label: str, value: int, remark: str = "", *, binary: bool, level: int = 0) -> Figure:
    short = units.short(value, "B", binary=binary)
    return Figure(label=label, digits=units.exact(value), short=short, remark=remark, level=level)
