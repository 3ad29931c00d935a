"""Bar charts as SVG: horizontal bars on a logarithmic scale, in groups."""

import html
import math

colours = {"skipd": "#2b6cb0", "onnxruntime": "#b7791f", "torch": "#c05621", "openblas": "#6b7280"}
names = {"skipd": "skipd", "onnxruntime": "ONNX Runtime", "torch": "PyTorch", "openblas": "OpenBLAS"}


def bars(title, unit, groups):
    """`groups`: a list of (label, [(engine, value)])."""
    values = [value for _, group in groups for _, value in group]
    low, high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values)))
    left, width, bar, gap = 110, 520, 16, 14
    def x(value):
        return left + width * math.log(value / low) / math.log(high / low)
    parts, y = [], 44
    for label, group in groups:
        parts.append(f'<text x="{left - 8}" y="{y + bar * len(group) / 2 + 4}" text-anchor="end">{html.escape(label)}</text>')
        for engine, value in group:
            parts.append(f'<rect x="{left}" y="{y}" width="{max(x(value) - left, 1):.1f}" height="{bar - 2}" fill="{colours[engine]}"/>')
            parts.append(f'<text x="{x(value) + 5:.1f}" y="{y + bar - 5}">{names[engine]}: {value:,.0f}</text>')
            y += bar
        y += gap
    decade, ticks = low, []
    while decade <= high * 1.001:
        ticks.append(f'<line x1="{x(decade):.1f}" x2="{x(decade):.1f}" y1="36" y2="{y - gap + 4}" stroke="#8884"/>')
        ticks.append(f'<text x="{x(decade):.1f}" y="{y + 8}" text-anchor="middle">{decade:,.0f}</text>')
        decade *= 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {y + 34}" font-family="sans-serif" font-size="12">'
        f'<rect width="800" height="{y + 34}" fill="white"/><text x="16" y="22" font-size="15" font-weight="bold">{html.escape(title)}</text>'
        + "".join(ticks) + "".join(parts)
        + f'<text x="{left + width / 2}" y="{y + 26}" text-anchor="middle">{html.escape(unit)}, logarithmic</text></svg>\n')
