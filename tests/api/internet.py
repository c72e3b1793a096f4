"""An internet in miniature, run in a network namespace of its own: internet.py [certificate key].

    tcp 80, 8080, 443 (TLS)   HTTP: / tells who asked for what, /bytes/N sends N bytes, /open tells how many echo connections there are,
                              /hang-up closes these
    tcp and udp 7             echo what they get
    tcp 25                    greets as a mail server
    udp 53                    answers names below example.test (see NAMES), on every address

It says "ready" on its standard output, and ends with its standard input."""

import asyncio
import http
import json
import os
import ssl
import struct
import sys

NAMES = {b"api.example.test": "203.0.113.10", b"other.example.test": "198.51.100.7", b"inside.example.test": "10.9.0.2",
         b"metadata.example.test": "169.254.169.254", b"loopback.example.test": "127.0.0.1"}
BLOCK = bytes(range(256)) * 256
echoing = set()


async def answer_http(reader, writer):
    peer, local = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    path = head[0].split()[1]
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    if path.startswith("/bytes/"):
        await send_bytes(writer, int(path.removeprefix("/bytes/")))
    else:
        for echoed in list(echoing) if path == "/hang-up" else ():
            echoed.close()
        known = {"/": {"host": headers["host"], "from": peer[0], "to": local[0], "port": local[1]}, "/open": len(echoing), "/hang-up": None}
        body = json.dumps(known.get(path)).encode()
        status = http.HTTPStatus.OK if path in known else http.HTTPStatus.NOT_FOUND
        writer.write(b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                     % (status, status.phrase.encode(), len(body)) + body)


async def send_bytes(writer, count):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % count)
    for at in range(0, count, len(BLOCK)):
        writer.write(BLOCK[:count - at])
        await writer.drain()


async def echo(reader, writer):
    echoing.add(writer)
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    finally:
        echoing.discard(writer)


async def greet(reader, writer):
    writer.write(b"220 mail\r\n")
    await reader.read(1)


def ended(serve):
    """The connection is closed behind `serve`, whatever the other side does meanwhile."""
    async def connection(reader, writer):
        try:
            await serve(reader, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()
    return connection


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Names(Echo):
    """RFC 1035, one question, no compression in it: an A record, none for other types, or that there is no such name."""

    def datagram_received(self, data, address):
        end = data.index(b"\0", 12) + 5
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].lower())
            at += 1 + data[at]
        found = NAMES.get(b".".join(labels))
        wanted = found and data[end - 4:end - 2] == b"\0\1"
        header = data[:2] + struct.pack(">HHHHH", 0x8180 if found else 0x8183, 1, 1 if wanted else 0, 0, 0)
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4" + bytes(map(int, found.split("."))) if wanted else b""
        self.transport.sendto(header + data[12:end] + record, address)


async def main(certificate=None, key=None):
    loop = asyncio.get_running_loop()
    for port in 80, 8080:
        await asyncio.start_server(ended(answer_http), "0.0.0.0", port)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        await asyncio.start_server(ended(answer_http), "0.0.0.0", 443, ssl=context)
    await asyncio.start_server(ended(echo), "0.0.0.0", 7, backlog=512)
    await asyncio.start_server(ended(greet), "0.0.0.0", 25)
    await loop.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", 7))
    await loop.create_datagram_endpoint(Names, local_addr=("0.0.0.0", 53))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)  # connections that are open must not complain


asyncio.run(main(*sys.argv[1:]))
