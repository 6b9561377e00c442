"""Writes docs/values.md from helm/mooring/values.yaml: each key with its default and the comment above it."""
import re
import sys

rows, path, comment, index = [], [], [], 0
lines = open(sys.argv[1]).read().split("\n")
while index < len(lines):
    line = lines[index]
    index += 1
    if not line.strip():
        comment = []
        continue
    if line.strip().startswith("#"):
        comment.append(line.strip().lstrip("# "))
        continue
    key = re.match(r"^( *)([A-Za-z]+):(?: (.*))?$", line)
    if not key:
        continue  # an entry of a list, which is part of a default below
    depth = len(key[1]) // 2
    path = path[:depth] + [key[2]]
    value = key[3]
    following = next((later for later in lines[index:] if later.strip()), "")
    if value is None and following.strip().startswith("- "):
        value = "[" + following.strip()[2:] + "]"
    if value is not None:
        rows.append((".".join(path), value, " ".join(comment)))
        comment = []
    # else what is said of a group stands beside its first value

print("# Values of the chart\n")
print("Generated from helm/mooring/values.yaml by scripts/generate.sh; values.schema.json refuses what is out of range.\n")
print("| value | default | |\n|---|---|---|")
for name, value, words in rows:
    print(f"| `{name}` | `{value}` | {words} |")
