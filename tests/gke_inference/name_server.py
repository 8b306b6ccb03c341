"""A DNS server on loopback."""

from __future__ import annotations

import socketserver
import threading

import dns.message
import dns.rdatatype
import dns.rrset

NAME, FIRST = "llm.example.com", "127.0.0.1"


class NameServer:
    """Answers for one name with one address, and a time to live."""

    def __init__(self) -> None:
        self.address, self.ttl_sec, self.asked = FIRST, 1, 0
        self.name_servers: list[str] = []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                asked = dns.message.from_wire(data)
                reply = dns.message.make_response(asked)
                outer.asked += 1
                question = asked.question[0]
                if question.rdtype == dns.rdatatype.NS:
                    hosts = [f"{one}." for one in outer.name_servers]
                    if hosts:
                        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "NS", *hosts))
                elif outer.address:
                    reply.answer.append(
                        dns.rrset.from_text(asked.question[0].name, outer.ttl_sec, "IN", "A", outer.address)
                    )
                sock.sendto(reply.to_wire(), self.client_address)

        self._server = socketserver.ThreadingUDPServer((FIRST, 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()
