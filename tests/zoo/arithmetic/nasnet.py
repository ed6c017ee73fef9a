"""NASNet-A (Zoph et al. 2017, figure 4): cells of five sums, separable convolutions applied twice, SAME padding."""

from functools import partial

from .layers import image


def sep(net, x, k, width, stride=1):
    """A separable convolution, twice; the stride belongs to the first."""
    return net.chain(x, f"{k}x{k}/{stride} dw, 1x1 {width}, {k}x{k} dw, 1x1 {width}")


def fit(net, p, h, width):
    """Fit the previous output p to the grid of h with `width` channels.

    Two 1x1 convolutions with stride 2, on grids shifted by a pixel and with half the channels each, reduce a larger
    grid; a 1x1 changes other channels.
    """
    if p.h > h.h:
        return net.branches(p, f"1x1/2 {width // 2}", f"1x1/2 {width // 2}")
    return net.chain(p, f"1x1 {width}") if p.c != width else p


def normal(net, h, p, width):
    """Figure 4 left: p and five sums, concatenated."""
    p = fit(net, p, h, width)
    h = net.chain(h, f"1x1 {width}")
    return net.concat(
        p,
        net.add(sep(net, h, 5, width), sep(net, p, 3, width)),
        net.add(sep(net, p, 5, width), sep(net, p, 3, width)),
        net.add(net.chain(h, "avg 3x3"), p),
        net.add(net.chain(p, "avg 3x3"), net.chain(p, "avg 3x3")),
        net.add(sep(net, h, 3, width), h),
    )


def reduction(net, h, p, width):
    """Figure 4 right: the four sums that no other sum consumes, concatenated; the first has no previous output."""
    p = fit(net, p, h, width) if p else h
    h = net.chain(h, f"1x1 {width}")
    b0 = net.add(sep(net, h, 5, width, 2), sep(net, p, 7, width, 2))
    b1 = net.add(net.chain(h, "max 3x3/2"), sep(net, p, 7, width, 2))
    b2 = net.add(net.chain(h, "avg 3x3/2"), sep(net, p, 5, width, 2))
    b3 = net.add(b1, net.chain(b0, "avg 3x3"))
    b4 = net.add(sep(net, b0, 3, width), net.chain(h, "max 3x3/2"))
    return net.concat(b1, b2, b3, b4)


def nasnet_a(size, stem, filters, cells, *, skip_input, aux=False):
    """Figure 2 and appendix A.4: N cells of F, 2F and 4F filters after two reduction cells of F/4 and F/2.

    With `skip_input` the first normal cell after a reduction has the same previous output as that reduction.
    """
    net = image(size)
    first = net.chain(net.input, f"3x3/2V {stem}")
    p = reduction(net, first, None, filters // 4)
    h = reduction(net, p, first, filters // 2)
    for stage in range(3):
        width = filters * 2**stage
        if aux and stage == 2:
            x = net.chain(h, "avg 5x5/3V, 1x1 128")
            net.fc(net.chain(x, f"{x.h}x{x.w}V 768"), 1000)
        if stage:
            reduced = reduction(net, h, p, width)
            p, h = (p if skip_input else h), reduced
        for _ in range(cells):
            p, h = h, normal(net, h, p, width)
    net.fc(net.average(h), 1000)
    return net


NETWORKS = {
    "nasnet_a_mobile": partial(nasnet_a, 224, 32, 44, 4, skip_input=False),
    "nasnet_a_mobile_aux": partial(nasnet_a, 224, 32, 44, 4, skip_input=False, aux=True),
    "nasnet_a_large": partial(nasnet_a, 331, 96, 168, 6, skip_input=True),
    "nasnet_a_large_aux": partial(nasnet_a, 331, 96, 168, 6, skip_input=True, aux=True),
}
