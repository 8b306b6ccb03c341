"""How public addresses are asked whether they are up: by Cloud DNS, and by the uptime checks of alerts."""

from __future__ import annotations

from constructs_lib.routed_record import EndpointProbe
from constructs_lib.specs import DnsHealthCheckSpec, RecordSpec
from platform_config.config import Config
from platform_config.dns_plan import probe_path, probe_port, protocol
from platform_config.names import Names


def endpoint_probe(config: Config, key: str, record: RecordSpec) -> EndpointProbe:
    """Return how the public addresses of *record*, which is `dns.records.<key>`, are asked."""
    spec = config.dns.health_check if config.dns else DnsHealthCheckSpec()
    return EndpointProbe(
        name=Names(config).endpoint_check(key),
        protocol=protocol(config),
        port=probe_port(config),
        host=spec.host or record.host,
        path=probe_path(config, record),
        spec=spec,
    )
