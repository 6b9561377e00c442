#!/usr/bin/env python3
"""Asks for many addresses by ARP while the node that holds some of them dies, and says what it saw, as JSON.

usage: arp-watch.py INTERFACE OWN_ADDRESS NODES ADDRESSES VICTIM COMMAND...
  NODES      node=mac,node=mac,...
  ADDRESSES  file with one address a line
  VICTIM     node that COMMAND ends
"""
import json
import select
import socket
import subprocess
import sys
import time

CYCLE = 0.04      # seconds from one question for an address to the next
SETTLE = 1.0      # how long the holders are asked before
PATIENCE = 20.0   # how long to wait for the last address


def main():
    interface, own, nodes, path, victim = sys.argv[1:6]
    command = sys.argv[6:]
    names = {bytes.fromhex(mac.replace(":", "")): node for node, mac in (pair.split("=") for pair in nodes.split(","))}
    with open(path, encoding="ascii") as file:
        addresses = [socket.inet_aton(line) for line in file.read().split()]

    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    wire.bind((interface, 0))
    mac = wire.getsockname()[4]
    head = b"\xff" * 6 + mac + b"\x08\x06" + b"\0\x01\x08\0\x06\x04\0\x01" + mac + socket.inet_aton(own) + b"\0" * 6
    questions = {address: head + address for address in addresses}

    def ask(asked, until, seen):
        """Asks for each address once a cycle; seen(time, address, node) hears every claim. Ends when until() is true."""
        order = list(asked)
        sent, begun = 0, time.monotonic()
        while not until():
            due = int((time.monotonic() - begun) / CYCLE * len(order)) + 1
            while sent < due:
                wire.send(questions[order[sent % len(order)]])
                sent += 1
            while select.select([wire], [], [], 0.001)[0]:
                frame = wire.recv(2048)
                at = time.monotonic()
                node = names.get(frame[22:28])
                if node is not None and len(frame) >= 42:
                    seen(at, frame[28:32], node)

    def holders(everything):
        found = {}
        end = time.monotonic() + PATIENCE
        ask(everything, lambda: len(found) == len(everything) or time.monotonic() > end,
            lambda at, address, node: found.__setitem__(address, node) if address in questions else None)
        return found

    def count(found):
        return {node: sum(1 for one in found.values() if one == node) for node in sorted(names.values())}

    before = holders(addresses)
    lost = [address for address in addresses if before.get(address) == victim]
    last, first = {}, {}

    def seen(at, address, node):
        if node == victim:
            last[address] = at
        elif address in last and address not in first:
            first[address] = at

    settled = time.monotonic() + SETTLE
    ask(lost, lambda: time.monotonic() > settled, seen)
    first.clear()
    process = subprocess.Popen(command)
    end = time.monotonic() + PATIENCE
    ask(lost, lambda: len(first) == len(lost) or time.monotonic() > end, seen)
    process.wait(timeout=30)
    after = holders(addresses)
    outages = sorted((first[address] - last[address]) * 1000 for address in lost if address in first)
    json.dump({
        "before": count(before),
        "after": count(after),
        "lost": len(lost),
        "unanswered": len(lost) - len(outages),
        "median": outages[len(outages) // 2] if outages else None,
        "worst": outages[-1] if outages else None,
    }, sys.stdout)


main()
