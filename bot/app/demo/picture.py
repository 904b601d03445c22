"""The picture of the demo: health over time with deploy and revert marks, as SVG that needs nothing else."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from bot.app.demo.model import Mark, Second

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 960, 260, 46, 46, 28
COLOURS = {"deploy": "#2563eb", "revert": "#b91c1c", "healthy": "#15803d"}


def picture(seconds: Sequence[Second], marks: Sequence[Mark]) -> str:
    """Bars of messages a second (grey answered, red refused or failed) and a vertical line for each mark."""
    if not seconds:
        return "<p>No traffic was recorded.</p>"
    end = max(seconds[-1].t + 1, *(m.t for m in marks), 1.0) if marks else seconds[-1].t + 1
    top = max(1, *(s.total for s in seconds)) if len(seconds) > 1 else max(1, seconds[0].total)
    x_scale, y_scale = (WIDTH - LEFT - 8) / end, (HEIGHT - TOP - BOTTOM) / top
    floor = HEIGHT - BOTTOM
    wide = max(1.0, x_scale * 0.9)

    def bar(second: Second, count: int, below: int, colour: str) -> str:
        x, y = LEFT + second.t * x_scale, floor - (below + count) * y_scale
        return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{count * y_scale:.1f}" fill="{colour}"/>'

    bars = [bar(s, s.bad, 0, "#dc2626") for s in seconds if s.bad]
    bars += [bar(s, s.total - s.bad, s.bad, "#9ca3af") for s in seconds if s.total > s.bad]
    lines = [_mark(mark, LEFT + mark.t * x_scale, row, floor) for row, mark in enumerate(sorted(marks, key=_when))]
    ticks = [_tick(LEFT + t * x_scale, t, floor) for t in range(0, int(end) + 1, max(10, round(end / 10 / 10) * 10))]
    bad = sum(s.bad for s in seconds)
    told = f"{sum(s.total for s in seconds)} messages, {bad} refused or failed, {len(marks)} marks"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Messages a second: {escape(told)}">'
        f"<title>Messages a second; {escape(told)}</title>"
        f'<text x="4" y="{TOP}" font-size="11">{top}/s</text><text x="4" y="{floor}" font-size="11">0</text>'
        f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{floor}" y2="{floor}" stroke="#6b7280"/>'
        + "".join([*bars, *ticks, *lines])
        + "</svg>"
    )


def _when(mark: Mark) -> float:
    return mark.t


def _tick(x: float, t: int, floor: int) -> str:
    return f'<text x="{x:.1f}" y="{floor + 16}" font-size="11" text-anchor="middle">{t} s</text>'


def _mark(mark: Mark, x: float, row: int, floor: int) -> str:
    colour = COLOURS.get(mark.kind, "#374151")
    y = 12 + (row % 3) * 13
    anchor = "end" if x > WIDTH * 0.8 else "start"
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{floor}" stroke="{colour}" stroke-dasharray="4 2"/>'
        f'<text x="{x + (3 if anchor == "start" else -3):.1f}" y="{y}" font-size="11" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(mark.label)}</text>'
    )
