"""Pods of a stand-in cluster that really run: their command as it is, on a port of this machine."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

from tests.gke_inference.cluster_stand_in import ClusterStandIn, Manifest, RefusedError


@dataclass
class RunningPods:
    """
    The kubelet of a cluster, for pods with one container that listens on the port of its variable PORT.

    Attributes:
        cluster: Whose pods these are.
        idle_sec: After which a program ends that nobody asks.
        phase: Of a pod that is not running; `Failed` has no way back.
        waiting: What the container waits for, such as an image that cannot be pulled; empty: it runs.
        ended: How each program that was deleted ended: its exit code.
    """

    cluster: ClusterStandIn
    idle_sec: float = 60
    waiting: str = ""
    phase: str = "Pending"
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cluster.proxy = self.proxy

    def start(self, path: str) -> None:
        """Run the pod at *path*, and make it ready."""
        pod = self.cluster.objects[path]
        [container] = pod["spec"]["containers"]
        given = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0}
        if self.waiting or self.phase == "Failed":
            state: Manifest = {"waiting": {"reason": self.waiting, "message": f"Back-off pulling {container['image']}"}}
            if self.phase == "Failed":
                state = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
            status = {"phase": self.phase, "containerStatuses": [{**given, "ready": False, "state": state}]}
        else:
            self._run(path, container)
            status = {"phase": "Running", "containerStatuses": [{**given, "ready": True}]}
        self.cluster.objects[path] = {**pod, "status": status}

    def stop(self, path: str) -> None:
        """End the pod at *path*, as a graceful deletion does."""
        if process := self.processes.pop(path, None):
            process.terminate()
            self.ended.append(process.wait(timeout=5))

    def close(self) -> None:
        """End all."""
        for path in list(self.processes):
            self.stop(path)

    def proxy(self, path: str, method: str, rest: str, body: Any) -> tuple[int, Manifest]:
        """Reach the pod at *path* as the API server does."""
        if path not in self.cluster.objects:
            name = path.rpartition("/")[2]
            raise RefusedError(404, f'pods "{name}" not found')
        if path not in self.processes or self.processes[path].poll() is not None:
            raise RefusedError(503, "error trying to reach service: dial tcp: connection refused")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[path], timeout=5)
        connection.request(method, rest, body=json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def _run(self, path: str, container: Manifest) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.ports[path] = free.getsockname()[1]
        given = {variable["name"]: variable["value"] for variable in container["env"]}
        environment = os.environ | given | {"PORT": str(self.ports[path]), "IDLE_SEC": str(self.idle_sec)}
        self.processes[path] = subprocess.Popen(container["command"], env=environment)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.ports[path]), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise AssertionError("the pod's program does not listen")
