"""Draws readings of dynamic memory as a picture (SVG)."""

MIB = 1 << 20
WIDTH, ROW, LEFT, RIGHT, TOP, GAP = 960, 150, 70, 20, 40, 46
COLOURS = {"assigned": "#0f6cbd", "used": "#c239b3", "held": "#8a8886", "available": "#107c10", "reserve": "#a4262c", "pressure": "#ca5010"}


def line(points, colour, step=False):
    path = []
    for index, (x, y) in enumerate(points):
        if step and index:
            path.append(f"H{x:.1f}")
        path.append(f"{'L' if index else 'M'}{x:.1f},{y:.1f}")
    return f'<path d="{" ".join(path)}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


class Panel:
    """One graph: seconds to the right, MiB upwards."""

    def __init__(self, index, title, seconds, most):
        self.top = TOP + index * (ROW + GAP)
        self.seconds, self.most = seconds, most
        self.parts = [f'<text x="{LEFT}" y="{self.top - 8}" font-weight="600">{title}</text>']
        for share in (0, 0.5, 1):
            y = self.top + ROW * (1 - share)
            self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#8884"/>')
            self.parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{most * share:.0f}</text>')

    def add(self, name, values, step=False):
        points = [(LEFT + (WIDTH - LEFT - RIGHT) * second / self.seconds, self.top + ROW * (1 - min(mebibytes / self.most, 1)))
                  for second, mebibytes in values]
        self.parts.append(line(points, COLOURS[name], step))


def split(readings):
    return [entry for entry in readings if "guests" in entry], [entry for entry in readings if "killed" in entry]


def draw(readings):
    readings, _ = split(readings)
    seconds = readings[-1]["second"]
    panels = []
    for index, guest in enumerate(readings[0]["guests"]):
        panel = Panel(index, f"Guest {guest}: assigned, used, and held by its one program, MiB (256 to 1024)", seconds, 1024)
        panel.add("assigned", [(entry["second"], entry["guests"][guest]["assigned"] / MIB) for entry in readings], step=True)
        panel.add("used", [(entry["second"], (entry["guests"][guest]["used"] or 0) / MIB) for entry in readings])
        panel.add("held", [(entry["second"], entry["guests"][guest]["held"] / MIB) for entry in readings], step=True)
        panels.append(panel)
    host = Panel(len(panels), "Host: available and its reserve, MiB", seconds, 2048)
    host.add("available", [(entry["second"], entry["host"]["available"] / MIB) for entry in readings])
    host.add("reserve", [(entry["second"], 256) for entry in (readings[0], readings[-1])])
    panels.append(host)
    pressure = Panel(len(panels), "Host: part of the last ten seconds in which something waited for memory, percent", seconds, 100)
    pressure.add("pressure", [(entry["second"], entry["host"]["pressure"]) for entry in readings])
    panels.append(pressure)
    height = TOP + len(panels) * (ROW + GAP)
    legend = "".join(f'<tspan fill="{colour}"> ■ {name}</tspan>' for name, colour in COLOURS.items())
    body = "\n".join("\n".join(panel.parts) for panel in panels)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">\n'
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n{body}\n'
            f'<text x="{LEFT}" y="{height - 14}">0 to {seconds / 60:.0f} minutes {legend}</text>\n</svg>\n')


def summary(readings):
    readings, ends = split(readings)
    available = min(entry["host"]["available"] for entry in readings) / MIB
    pressure = max(entry["host"]["pressure"] for entry in readings)
    held = max(sum(guest["held"] for guest in entry["guests"].values()) for entry in readings) / MIB
    assigned = max(sum(guest["assigned"] for guest in entry["guests"].values()) for entry in readings) / MIB
    changes = [max(entry["guests"][guest]["changes"] for entry in readings) for guest in readings[0]["guests"]]
    return (f"{len(readings)} readings in {readings[-1]['second']:.0f} s; least available on the host {available:.0f} MiB (reserve 256); "
            f"most held by the guests {held:.0f} MiB, most assigned {assigned:.0f} MiB; highest pressure {pressure:.1f} %; "
            f"changes {changes}; processes killed in guests {sum(end['killed'] for end in ends)}")
